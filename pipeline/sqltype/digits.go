package sqltype

import (
	"encoding/binary"
	"math/bits"
)

// Digits are read eight at a time, as the bytes of one 64-bit word, first
// digit in the lowest byte. Three steps: load (short texts are padded with '0'
// in front), test that all eight bytes are digits, and combine neighbours
// pairwise: tens with ones, hundreds with ones, ten thousands with ones. The
// method is described in Daniel Lemire, "Number Parsing at a Gigabyte per
// Second", Software: Practice and Experience 51 (8), 2021, section on eight
// digits.

const (
	eachByte  = 0x0101010101010101
	allZeros  = '0' * eachByte
	highBits  = 0x80 * eachByte
	allPoints = '.' * eachByte
)

// load8 returns up to eight bytes as a little-endian word; bytes that are not
// there are 0. Overlapping loads avoid a loop: where they overlap they agree.
func load8(b []byte) uint64 {
	n := len(b)
	switch {
	case n >= 8:
		return binary.LittleEndian.Uint64(b)
	case n >= 4:
		lo := uint64(binary.LittleEndian.Uint32(b))
		hi := uint64(binary.LittleEndian.Uint32(b[n-4:]))
		return lo | hi<<(uint(n-4)*8&63)
	case n >= 1:
		mid := n >> 1
		return uint64(b[0]) | uint64(b[mid])<<(uint(mid)*8&63) | uint64(b[n-1])<<(uint(n-1)*8&63)
	}
	return 0
}

// load8Padded returns 1 to 8 bytes as a word that '0' fills up from the front.
func load8Padded(b []byte) uint64 {
	n := uint(len(b))
	if n >= 8 {
		return binary.LittleEndian.Uint64(b)
	}
	return load8(b)<<((8-n)*8&63) | allZeros>>(n*8&63)
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
func parseDigits(b []byte) (uint64, bool) {
	n := len(b)
	switch {
	case n == 0:
		return 0, false
	case n <= 8:
		v := load8Padded(b)
		return value8(v), notDigits(v) == 0
	case n <= 16:
		hi, lo := load8Padded(b[:n-8]), binary.LittleEndian.Uint64(b[n-8:])
		return value8(hi)*1e8 + value8(lo), notDigits(hi)|notDigits(lo) == 0
	case n <= 24:
		top := load8Padded(b[:n-16])
		hi, lo := binary.LittleEndian.Uint64(b[n-16:]), binary.LittleEndian.Uint64(b[n-8:])
		if notDigits(top)|notDigits(hi)|notDigits(lo) != 0 {
			return 0, false
		}
		over, high := bits.Mul64(value8(top), 1e16)
		sum, carry := bits.Add64(high, value8(hi)*1e8+value8(lo), 0)
		return sum, over|carry == 0
	}
	zeros := 0
	for zeros < n-24 && b[zeros] == '0' {
		zeros++
	}
	if zeros < n-24 {
		return 0, false // more digits than a word holds, or no digits
	}
	return parseDigits(b[zeros:])
}

// pointless reads 1 to 16 bytes of digits with at most one point among them:
// 12.5 is mantissa 125 with 1 fraction digit. The point is squeezed out by
// moving what stands before it one byte up, and a '0' in at the front. False
// for anything else, an exponent included.
func pointless(b []byte) (mantissa uint64, fraction int, ok bool) {
	n := len(b)
	if n <= 8 {
		v := load8Padded(b)
		if p := pointMask(v); p != 0 {
			if n == 1 {
				return 0, 0, false
			}
			at := uint(bits.TrailingZeros64(p)) &^ 7
			fraction = 7 - int(at>>3)
			v = squeeze(v, at, '0')
		}
		return value8(v), fraction, notDigits(v) == 0
	}
	hi, lo := load8Padded(b[:n-8]), binary.LittleEndian.Uint64(b[n-8:])
	if p := pointMask(lo); p != 0 {
		at := uint(bits.TrailingZeros64(p)) &^ 7
		fraction = 7 - int(at>>3)
		lo = squeeze(lo, at, hi>>56)
		hi = hi<<8 | '0'
	} else if p := pointMask(hi); p != 0 {
		at := uint(bits.TrailingZeros64(p)) &^ 7
		fraction = 15 - int(at>>3)
		hi = squeeze(hi, at, '0')
	}
	return value8(hi)*1e8 + value8(lo), fraction, notDigits(hi)|notDigits(lo) == 0
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
