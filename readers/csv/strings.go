package csv

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"unicode/utf8"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
)

const (
	swarLow  = 0x7f7f7f7f7f7f7f7f
	swarHigh = 0x8080808080808080
	swarOnes = 0x0101010101010101
)

// equalBytes returns a word whose high bits mark the bytes of w that are equal
// to those of pattern. It is exact for all bytes: the addition cannot carry
// from one byte into the next. (Hacker's Delight, 2nd ed., §6-1.)
func equalBytes(w, pattern uint64) uint64 {
	x := w ^ pattern
	return ^(((x & swarLow) + swarLow) | x) & swarHigh
}

// hasByte reports whether c is among the first n <= 16 bytes of b, which has 16
// or more.
func hasByte(b []byte, n int, c byte) bool {
	pattern := uint64(c) * swarOnes
	low := equalBytes(binary.LittleEndian.Uint64(b), pattern)
	high := equalBytes(binary.LittleEndian.Uint64(b[8:]), pattern)
	first := bits.TrailingZeros64(low) / 8
	if low == 0 {
		first = 8 + bits.TrailingZeros64(high)/8
	}
	return first < n
}

// copyBytes is how much decodeStrings copies at a time, and how much room it
// wants behind the last string.
const copyBytes = 16

// decodeStrings copies a VARCHAR column. Empty unquoted fields are NULL, empty
// quoted ones are empty strings.
func decodeStrings(f *fields, v *validity) (offsets, values *memory.Buffer) {
	if f.escapes != nil {
		return decodeEscaped(f, v)
	}
	ends, data, skip, quote := f.ends, f.data, f.skip, f.quote
	total := 0
	for r, k := 0, 0; r < f.rows; r, k = r+1, k+f.stride {
		total += int(ends[k+1] - ends[k] - skip)
	}
	offsets = newBuffer(v.alloc, 4*(f.rows+1))
	values = newBuffer(v.alloc, total+copyBytes)
	at := arrow.Int32Traits.CastFromBytes(offsets.Bytes())
	dst := values.Bytes()
	n := 0
	at[0] = 0
	at = at[1:]
	plain := (!f.quoted || quote == 0) && f.nulls == nil
	for r, k := 0, 0; r < len(at); r, k = r+1, k+f.stride {
		start, end := ends[k]+skip, ends[k+1]
		if length := end - start; length-1 < copyBytes && (plain || data[start] != quote && f.nulls == nil) {
			// Copying a fixed 16 bytes beats a call that finds out how many.
			from, to := data[start:start+copyBytes], dst[n:n+copyBytes]
			binary.LittleEndian.PutUint64(to, binary.LittleEndian.Uint64(from))
			binary.LittleEndian.PutUint64(to[8:], binary.LittleEndian.Uint64(from[8:]))
			n += int(length)
			at[r] = int32(n)
			continue
		}
		switch b := data[start:end]; {
		case len(b) == 0:
			v.setNull(r)
		case b[0] == quote && quote != 0:
			if inner := len(b) - 2; inner <= copyBytes && !hasByte(data[start+1:], inner, quote) {
				copy(dst[n:n+copyBytes], data[start+1:start+1+copyBytes])
				n += inner
			} else {
				n = len(appendUnquoted(dst[:n], b[1:len(b)-1], quote))
			}
		case f.nulls != nil && f.nulls.has(b):
			v.setNull(r)
		default:
			n += copy(dst[n:], b)
		}
		at[r] = int32(n)
	}
	values.Resize(n)
	return offsets, values
}

// textsSound reports whether all texts of a VARCHAR column, coded or not, are
// UTF-8 without NUL.
func textsSound(a arrow.Array) bool {
	if d, ok := a.(*array.Dictionary); ok {
		a = d.Dictionary()
	}
	buffers := a.Data().Buffers()
	if a.Len() == 0 || buffers[2] == nil {
		return true
	}
	text := buffers[2].Bytes()
	switch {
	case bytes.IndexByte(text, 0) >= 0:
		return false
	case isASCII(text):
		return true
	case !utf8.Valid(text):
		return false
	}
	// Of two texts, one may have the start of a character and the next its end.
	for _, at := range arrow.Int32Traits.CastFromBytes(buffers[1].Bytes())[:a.Len()] {
		if int(at) < len(text) && !utf8.RuneStart(text[at]) {
			return false
		}
	}
	return true
}

func isASCII(b []byte) bool {
	for ; len(b) >= 32; b = b[32:] {
		if (binary.LittleEndian.Uint64(b)|binary.LittleEndian.Uint64(b[8:])|
			binary.LittleEndian.Uint64(b[16:])|binary.LittleEndian.Uint64(b[24:]))&swarHigh != 0 {
			return false
		}
	}
	for _, c := range b {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
