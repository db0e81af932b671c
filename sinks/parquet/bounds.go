package parquet

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"math"
	"unicode/utf8"

	"csvloom/sinks/parquet/internal/dict"
)

// bounds are the least and the greatest value of a page or of a column chunk,
// in PLAIN encoding. There are none when there is no value, or only NaN.
type bounds struct {
	some     bool
	min, max []byte
	// A bound of a long string is cut short: min is then below the least
	// value and max above the greatest.
	minInexact, maxInexact bool
}

// boundBytesMax is the length above which a string is cut short as a bound.
const boundBytesMax = 64

// merge widens b to cover o.
func (b *bounds) merge(o bounds, by order) {
	if !o.some {
		return
	}
	if !b.some {
		*b = o
		return
	}
	if compareEncoded(by, o.min, b.min) < 0 {
		b.min, b.minInexact = o.min, o.minInexact
	}
	if compareEncoded(by, o.max, b.max) > 0 {
		b.max, b.maxInexact = o.max, o.maxInexact
	}
}

// compareEncoded compares two values in PLAIN encoding, neither of them NaN.
func compareEncoded(by order, a, b []byte) int {
	switch by {
	case orderBytes:
		return bytes.Compare(a, b)
	case orderDecimal:
		return compareDecimals(a, b)
	case orderUnsigned:
		return cmp.Compare(littleEndian(a), littleEndian(b))
	case orderFloat:
		if len(a) == 4 {
			return cmp.Compare(math.Float32frombits(uint32(littleEndian(a))), math.Float32frombits(uint32(littleEndian(b))))
		}
		return cmp.Compare(math.Float64frombits(littleEndian(a)), math.Float64frombits(littleEndian(b)))
	default:
		shift := 64 - 8*len(a)
		return cmp.Compare(int64(littleEndian(a)<<shift), int64(littleEndian(b)<<shift))
	}
}

// littleEndian returns the number in up to eight bytes.
func littleEndian(b []byte) uint64 {
	var word [8]byte
	copy(word[:], b)
	return binary.LittleEndian.Uint64(word[:])
}

// compareDecimals compares two numbers of the same length in big-endian two's
// complement: but for the sign bit they compare as bytes.
func compareDecimals(a, b []byte) int {
	if c := cmp.Compare(int8(a[0]), int8(b[0])); c != 0 {
		return c
	}
	return bytes.Compare(a[1:], b[1:])
}

// integerBounds returns the bounds of integers.
func integerBounds[T int32 | int64](values []T, by order) (least, greatest T) {
	if by == orderUnsigned {
		// Flipping the sign bit turns unsigned order into signed order.
		flip := T(1) << (bitsOf[T]() - 1)
		least, greatest = values[0]^flip, values[0]^flip
		for _, v := range values {
			least, greatest = min(least, v^flip), max(greatest, v^flip)
		}
		return least ^ flip, greatest ^ flip
	}
	// Two pairs, so that an addition to one does not wait for the other.
	least, greatest = values[0], values[0]
	least1, greatest1 := least, greatest
	for len(values) >= 2 {
		a, b := values[0], values[1]
		least, greatest = min(least, a), max(greatest, a)
		least1, greatest1 = min(least1, b), max(greatest1, b)
		values = values[2:]
	}
	for _, v := range values {
		least, greatest = min(least, v), max(greatest, v)
	}
	return min(least, least1), max(greatest, greatest1)
}

// bitsOf returns the width of T in bits.
func bitsOf[T int32 | int64]() int {
	if _, narrow := any(T(0)).(int32); narrow {
		return 32
	}
	return 64
}

// encodeInteger returns the PLAIN encoding of v.
func encodeInteger[T int32 | int64](v T) []byte {
	return binary.LittleEndian.AppendUint64(nil, uint64(v))[:bitsOf[T]()/8]
}

func encodedIntegers[T int32 | int64](least, greatest T) bounds {
	return bounds{some: true, min: encodeInteger(least), max: encodeInteger(greatest)}
}

// floatBounds returns the bounds of floating-point numbers, leaving out NaN,
// and whether there are any. A zero is -0 as a minimum and +0 as a maximum,
// since the two compare equal and readers may tell them apart.
func floatBounds[T float32 | float64](values []T) (least, greatest T, some bool) {
	least, greatest = T(math.Inf(1)), T(math.Inf(-1))
	for _, v := range values {
		if v < least { // false for NaN
			least = v
		}
		if v > greatest {
			greatest = v
		}
	}
	if least > greatest { // nothing but NaN
		return 0, 0, false
	}
	if least == 0 {
		least = T(math.Copysign(0, -1))
	}
	if greatest == 0 {
		greatest = 0
	}
	return least, greatest, true
}

func encodedFloats[T float32 | float64](least, greatest T) bounds {
	return bounds{some: true, min: encodeFloat(least), max: encodeFloat(greatest)}
}

// encodeFloat returns the PLAIN encoding of v.
func encodeFloat[T float32 | float64](v T) []byte {
	if f, narrow := any(v).(float32); narrow {
		return binary.LittleEndian.AppendUint32(nil, math.Float32bits(f))
	}
	return binary.LittleEndian.AppendUint64(nil, math.Float64bits(float64(v)))
}

// encodedStrings returns copies of the bounds, cut short where they are long.
func encodedStrings(least, greatest []byte, text bool) bounds {
	b := bounds{some: true}
	b.min, b.minInexact = lowerBound(least, text)
	b.max, b.maxInexact = upperBound(greatest, text)
	return b
}

// lowerBound returns the start of v, which is not above v. Text is cut between
// characters.
func lowerBound(v []byte, text bool) (bound []byte, inexact bool) {
	if len(v) <= boundBytesMax {
		return bytes.Clone(v), false
	}
	return bytes.Clone(v[:cutAt(v, text)]), true
}

// upperBound returns the start of v with its last character or byte replaced by
// the next one, which makes it greater than v. Where none can be replaced v is
// returned whole.
func upperBound(v []byte, text bool) (bound []byte, inexact bool) {
	if len(v) <= boundBytesMax {
		return bytes.Clone(v), false
	}
	start := v[:cutAt(v, text)]
	if text && utf8.Valid(start) {
		for len(start) > 0 {
			r, size := utf8.DecodeLastRune(start)
			start = start[:len(start)-size]
			if next := r + 1; next == 0xd800 { // surrogates are not characters
				return utf8.AppendRune(bytes.Clone(start), 0xe000), true
			} else if next <= utf8.MaxRune {
				return utf8.AppendRune(bytes.Clone(start), next), true
			}
		}
		return bytes.Clone(v), false
	}
	for i := len(start) - 1; i >= 0; i-- {
		if start[i] != 0xff {
			bound = bytes.Clone(start[:i+1])
			bound[i]++
			return bound, true
		}
	}
	return bytes.Clone(v), false
}

// cutAt returns where to cut a long string: at boundBytesMax, or before the
// character that lies across it.
func cutAt(v []byte, text bool) int {
	cut := boundBytesMax
	for text && cut > boundBytesMax-utf8.UTFMax && !utf8.RuneStart(v[cut]) {
		cut--
	}
	return cut
}

// stringBounds returns the bounds of the strings from low to before high.
func stringBounds(s *byteStrings, low, high int) (least, greatest []byte) {
	first := true
	var leastHead, greatestHead dict.Head
	for r := range s.between(low, high) {
		if first {
			least = r.data[r.offsets[0]:r.offsets[1]]
			greatest = least
			leastHead, greatestHead = dict.HeadOf(least), dict.HeadOf(least)
			first = false
		}
		for i := range r.len() {
			v := r.data[r.offsets[i]:r.offsets[i+1]]
			// Most strings lie between the bounds by their heads alone.
			head := dict.HeadOf(v)
			if !leastHead.Less(head) && bytes.Compare(v, least) < 0 {
				least, leastHead = v, head
			}
			if !head.Less(greatestHead) && bytes.Compare(v, greatest) > 0 {
				greatest, greatestHead = v, head
			}
		}
	}
	return least, greatest
}

// decimalBounds is stringBounds in the order of decimals.
func decimalBounds(s *byteStrings, low, high int) (least, greatest []byte) {
	for r := range s.between(low, high) {
		for i := range r.len() {
			v := r.data[r.offsets[i]:r.offsets[i+1]]
			if least == nil || compareDecimals(v, least) < 0 {
				least = v
			}
			if greatest == nil || compareDecimals(v, greatest) > 0 {
				greatest = v
			}
		}
	}
	return least, greatest
}
