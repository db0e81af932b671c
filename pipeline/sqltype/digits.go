package sqltype

import (
	"encoding/binary"
	"math/bits"
)

// Texts of eight digits and more are read eight at a time, as the bytes of one
// 64-bit word, first digit in the lowest byte: load, test that all eight bytes
// are digits, and combine neighbours pairwise: tens with ones, hundreds with
// ones, ten thousands with ones. The method is described in Daniel Lemire,
// "Number Parsing at a Gigabyte per Second", Software: Practice and Experience
// 51 (8), 2021, section on eight digits.
//
// A text of n digits is its last eight bytes and a head, which is loaded from
// the front of the text, moved up so that the bytes of the tail drop out, and
// filled with '0' from below: no branch depends on n. Shorter texts than eight
// go through a plain loop, which was measured to be faster there.

// wordBytes is how many digits are read at a time.
const wordBytes = 8

const (
	eachByte  = 0x0101010101010101
	allZeros  = '0' * eachByte
	highBits  = 0x80 * eachByte
	allPoints = '.' * eachByte
)

// head8 loads the first n bytes of b, which has at least eight, as the last n
// digits of a word that '0' fills up; 0 <= n <= 8.
func head8(b []byte, n int) uint64 {
	return binary.LittleEndian.Uint64(b)<<(uint(wordBytes-n)*8) | allZeros>>(uint(n)*8)
}

// notDigits is 0 if all eight bytes are digits. Otherwise its lowest set bit
// is the highest bit of the first byte that is not; bits above it mean nothing,
// since that byte may carry into them.
func notDigits(v uint64) uint64 {
	return ((v + 0x46*eachByte) | (v - allZeros)) & highBits
}

// value8 is the number that eight digits spell.
func value8(v uint64) uint64 {
	v &= 0x0f * eachByte
	v = (v * (10<<8 + 1)) >> 8
	v = (v & 0x00ff00ff00ff00ff) * (100<<16 + 1) >> 16
	return (v & 0x0000ffff0000ffff) * (10000<<32 + 1) >> 32
}

// parseDigits reads a text of digits only; false when it is something else,
// empty, or above 2⁶⁴-1.
func parseDigits(b []byte) (v uint64, ok bool) {
	switch n := len(b); {
	case n < wordBytes:
		for _, c := range b {
			d := c - '0'
			if d > 9 {
				return 0, false
			}
			v = v*10 + uint64(d)
		}
		return v, n > 0
	case n <= 2*wordBytes:
		hi, lo := head8(b, n-wordBytes), binary.LittleEndian.Uint64(b[n-wordBytes:])
		return value8(hi)*1e8 + value8(lo), notDigits(hi)|notDigits(lo) == 0
	case n <= 3*wordBytes:
		top := head8(b, n-2*wordBytes)
		hi, lo := binary.LittleEndian.Uint64(b[n-2*wordBytes:]), binary.LittleEndian.Uint64(b[n-wordBytes:])
		if notDigits(top)|notDigits(hi)|notDigits(lo) != 0 {
			return 0, false
		}
		over, high := bits.Mul64(value8(top), 1e16)
		sum, carry := bits.Add64(high, value8(hi)*1e8+value8(lo), 0)
		return sum, over|carry == 0
	}
	surplus := len(b) - 3*wordBytes
	for _, c := range b[:surplus] {
		if c != '0' {
			return 0, false // more digits than a word holds, or no digits
		}
	}
	return parseDigits(b[surplus:])
}

// pointlessBytesMax is the longest text that pointless reads.
const pointlessBytesMax = 2 * wordBytes

// pointless reads 1 to pointlessBytesMax bytes of digits with at most one point
// among them: 12.5 is mantissa 125 with 1 fraction digit. The point is squeezed
// out by moving what stands before it one byte up, and a '0' in at the front.
// False for anything else, an exponent included.
func pointless(b []byte) (mantissa uint64, fraction int, ok bool) {
	n := len(b)
	if n < wordBytes {
		return pointlessShort(b)
	}
	hi, lo := head8(b, n-wordBytes), binary.LittleEndian.Uint64(b[n-wordBytes:])
	if p := pointMask(lo); p != 0 {
		at := uint(bits.TrailingZeros64(p)) &^ 7
		fraction = wordBytes - 1 - int(at>>3)
		lo = squeeze(lo, at, hi>>56)
		hi = hi<<8 | '0'
	} else if p := pointMask(hi); p != 0 {
		at := uint(bits.TrailingZeros64(p)) &^ 7
		fraction = 2*wordBytes - 1 - int(at>>3)
		hi = squeeze(hi, at, '0')
	}
	return value8(hi)*1e8 + value8(lo), fraction, notDigits(hi)|notDigits(lo) == 0
}

func pointlessShort(b []byte) (mantissa uint64, fraction int, ok bool) {
	point := -1
	for i, c := range b {
		d := c - '0'
		switch {
		case d <= 9:
			mantissa = mantissa*10 + uint64(d)
		case c == '.' && point < 0:
			point = i
		default:
			return 0, 0, false
		}
	}
	if point < 0 {
		return mantissa, 0, len(b) > 0
	}
	return mantissa, len(b) - 1 - point, len(b) > 1
}

// pointMask marks the bytes that are points; only its lowest bit is exact.
func pointMask(v uint64) uint64 {
	v ^= allPoints
	return (v - eachByte) &^ v & highBits
}

// squeeze removes the byte whose lowest bit is number at, moves the bytes below
// it up and sets the lowest byte to fill.
func squeeze(v uint64, at uint, fill uint64) uint64 {
	below := uint64(1)<<(at&63) - 1
	above := ^(below<<8 | 0xff)
	return v&above | v&below<<8 | fill
}

// twoDigits reads b[0:2]; above 99 when they are not both digits.
func twoDigits(b []byte) uint {
	hi, lo := uint(b[0])-'0', uint(b[1])-'0'
	if hi > 9 || lo > 9 {
		return 100
	}
	return hi*10 + lo
}

func isDigit(c byte) bool { return c-'0' <= 9 }

// append2 writes 0..99 as two digits.
func append2(dst []byte, v int) []byte {
	return append(dst, byte('0'+v/10), byte('0'+v%10))
}

// append4 writes 0..9999 as four digits.
func append4(dst []byte, v int) []byte {
	return append(dst, byte('0'+v/1000), byte('0'+v/100%10), byte('0'+v/10%10), byte('0'+v%10))
}

// appendPadded writes v with at least width digits, zeros in front.
func appendPadded(dst []byte, v uint64, width int) []byte {
	var buf [20]byte
	i := len(buf)
	for v > 0 || len(buf)-i < width {
		i--
		buf[i] = byte('0' + v%10)
		v /= 10
	}
	return append(dst, buf[i:]...)
}

// appendFraction writes v, of width digits, as .f without trailing zeros;
// nothing when v is 0.
func appendFraction(dst []byte, v uint64, width int) []byte {
	if v == 0 {
		return dst
	}
	for v%10 == 0 {
		v /= 10
		width--
	}
	return appendPadded(append(dst, '.'), v, width)
}
