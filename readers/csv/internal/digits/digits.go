// Package digits parses columns of short numbers, dates and timestamps. A column is
// the fields between separators of an indexed text: field r lies between
// ends[r*stride] + 1 and ends[r*stride+1], both offsets in data, which has
// [PadBytes] of room behind the last field. A field that starts with quote (a byte,
// or -1 for none) ends with it too, and what it means lies between.
//
// Its functions read as many fields as are of the plain kind and return how many;
// the caller reads the one they stopped at and calls again for the rest. What they
// read they read exactly as strconv and sqltype would.
//
// There are up to three forms of each, fuzzed equal: one that reads eight fields at
// a time with AVX-512, one with unchecked loads, and one without unsafe, which the
// tag purego selects. Start reading at pure.go.
package digits

import (
	"github.com/apache/arrow/go/v17/arrow"

	"csvloom/pipeline/sqltype"
)

// PadBytes is how much readable room there must be behind the last field.
const PadBytes = 24

// lanes is how many fields a vector kernel reads at a time.
const lanes = 8

const (
	ones  = 0x0101010101010101
	zeros = '0' * ones
)

// powersOfTen are exact.
var powersOfTen = [8]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7}

// Ints parses fields of one to eight digits into dst and returns how many it has
// read before one that is not plain. With exact, a zero before other digits is
// not plain.
func Ints(dst []int64, data []byte, ends []uint32, stride, quote int, exact bool) int {
	return read(dst, data, ends, stride,
		func(dst []int64, ends []uint32) int { return intGroups(dst, data, ends, stride, quote, exact) },
		func(dst []int64, ends []uint32) int { return intFields(dst, data, ends, stride, quote, exact) })
}

// Doubles parses fields of one to eight digits, with a point between two of them
// or not and a minus before them or not, and returns how many it has read before
// one that is not plain. With exact, a zero before other digits of the integer
// part is not plain. The results are correctly rounded.
func Doubles(dst []float64, data []byte, ends []uint32, stride, quote int, exact bool) int {
	return read(dst, data, ends, stride,
		func(dst []float64, ends []uint32) int { return doubleGroups(dst, data, ends, stride, quote, exact) },
		func(dst []float64, ends []uint32) int { return doubleFields(dst, data, ends, stride, quote, exact) })
}

// Dates parses dates, yyyy-mm-dd, and returns how many it has read before a field
// that is none.
func Dates(dst []arrow.Date32, data []byte, ends []uint32, stride, quote int) int {
	return read(dst, data, ends, stride,
		func(dst []arrow.Date32, ends []uint32) int { return dateGroups(dst, data, ends, stride, quote) },
		func(dst []arrow.Date32, ends []uint32) int { return dateFields(dst, data, ends, stride, quote) })
}

// Timestamps parses timestamps, yyyy-mm-dd hh:mm:ss or with a T in the place of the
// space, into microseconds since 1970-01-01, and returns how many it has read before
// a field that is none, or is written in another way.
func Timestamps(dst []int64, data []byte, ends []uint32, stride, quote int) int {
	return read(dst, data, ends, stride,
		func(dst []int64, ends []uint32) int { return timestampGroups(dst, data, ends, stride, quote) },
		func(dst []int64, ends []uint32) int { return timestampFields(dst, data, ends, stride, quote) })
}

// read reads fields by groups of lanes, as long as groups does, and by itself what
// groups leaves. Both return how many they have read.
func read[T any](dst []T, data []byte, ends []uint32, stride int, groups, fields func(dst []T, ends []uint32) int) int {
	if len(dst) == 0 || len(data) < PadBytes {
		return 0
	}
	_ = ends[(len(dst)-1)*stride+1]
	done := 0
	for vectors && len(dst)-done >= lanes {
		done += lanes * groups(dst[done:], ends[done*stride:])
		if len(dst)-done < lanes {
			break
		}
		n := fields(dst[done:done+lanes], ends[done*stride:])
		if done += n; n < lanes {
			return done
		}
	}
	if done == len(dst) {
		return done
	}
	return done + fields(dst[done:], ends[done*stride:])
}

// unquoted returns a field without its quotes.
func unquoted(b []byte, quote int) []byte {
	if len(b) > 1 && int(b[0]) == quote {
		return b[1 : len(b)-1]
	}
	return b
}

// dateFields is Dates, field by field.
func dateFields(dst []arrow.Date32, data []byte, ends []uint32, stride, quote int) int {
	for r, k := 0, 0; r < len(dst); r, k = r+1, k+stride {
		d, ok := sqltype.ParseDate(unquoted(data[ends[k]+1:ends[k+1]], quote))
		if !ok {
			return r
		}
		dst[r] = d
	}
	return len(dst)
}

// timestampFields is Timestamps, field by field.
func timestampFields(dst []int64, data []byte, ends []uint32, stride, quote int) int {
	for r, k := 0, 0; r < len(dst); r, k = r+1, k+stride {
		b := unquoted(data[ends[k]+1:ends[k+1]], quote)
		if len(b) != len("yyyy-mm-dd hh:mm:ss") {
			return r
		}
		t, zoned, ok := sqltype.ParseTimestamp(b)
		if !ok || zoned {
			return r
		}
		dst[r] = t
	}
	return len(dst)
}

// value returns the number that the first n bytes of w, 1 to 8 of them, are in
// decimal digits, or false if they are not all digits. (Mula, "SIMD-ized faster
// parse of integers", 2014.)
func value(w uint64, n uint32) (int64, bool) {
	// The digits become bytes of 0 to 9, with zeros before them.
	w = (w ^ zeros) << ((64 - 8*n) & 63)
	if (w|(w+6*ones))&(0xf0*ones) != 0 {
		return 0, false
	}
	w = w*10 + w>>8
	w = ((w&0x000000ff000000ff)*(100+1000000<<32) + (w>>16&0x000000ff000000ff)*(1+10000<<32)) >> 32
	return int64(w), true
}

// Value returns the number that the first n bytes of w, 1 to 8 of them in text
// order, are in decimal digits, or false if they are not all digits.
func Value(w uint64, n uint32) (int64, bool) { return value(w, n) }
