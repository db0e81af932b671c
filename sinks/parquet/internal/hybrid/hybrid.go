// Package hybrid writes Parquet's RLE/bit-packed hybrid, the encoding of
// dictionary codes, definition levels and booleans.
//
// Source: Apache Parquet, Encodings.md, "Run Length Encoding / Bit-Packing
// Hybrid". A sequence is a series of runs; each is either one value repeated,
// or groups of eight values bit-packed. Only the last bit-packed run may hold
// fewer values than its groups have room for.
package hybrid

import (
	"encoding/binary"
	"math/bits"

	"csvloom/sinks/parquet/internal/bitpack"
)

// Append appends the values, none of which needs more than width bits (1 to
// 32), without a length in front.
func Append(dst []byte, values []uint32, width int) []byte {
	// A repeated run costs its own header and that of the packed run after
	// it: it must save more.
	repeatMin := 8 * max(1, (6+width-1)/width)
	packed := 0 // where the packed run being gathered starts
	at := 0
	for at+8 <= len(values) {
		if !equal8((*[8]uint32)(values[at:])) {
			at += 8
			continue
		}
		n := repeats(values[at:])
		if n < repeatMin {
			at += 8
			continue
		}
		dst = appendPacked(dst, values[packed:at], width)
		dst = appendRepeated(dst, values[at], n, width)
		at += n
		packed = at
	}
	return appendPacked(dst, values[packed:], width)
}

// equal8 reports whether all values are the same. Most groups are told apart
// by their first two values.
func equal8(v *[8]uint32) bool {
	return v[0] == v[1] && v[0] == v[2] && v[0] == v[3] &&
		v[0] == v[4] && v[0] == v[5] && v[0] == v[6] && v[0] == v[7]
}

// repeats counts how often the first value stands at the start of v.
func repeats(v []uint32) int {
	for i, x := range v {
		if x != v[0] {
			return i
		}
	}
	return len(v)
}

func appendRepeated(dst []byte, value uint32, n, width int) []byte {
	dst = binary.AppendUvarint(dst, uint64(n)<<1)
	for ; width > 0; width -= 8 {
		dst = append(dst, byte(value))
		value >>= 8
	}
	return dst
}

// appendPacked appends a bit-packed run; only that of the last values of a
// sequence may have a length that is not a multiple of 8.
func appendPacked(dst []byte, values []uint32, width int) []byte {
	if len(values) == 0 {
		return dst
	}
	dst = binary.AppendUvarint(dst, uint64((len(values)+7)/8)<<1|1)
	whole := len(values) &^ 7
	dst = bitpack.Append32(dst, values[:whole], width)
	if whole < len(values) {
		var last [8]uint32
		copy(last[:], values[whole:])
		dst = bitpack.Append32(dst, last[:], width)
	}
	return dst
}

// repeatBytesMin is how many bytes of equal bits are written as a repeated
// run. A shorter one saves next to nothing and slows the reader down.
const repeatBytesMin = 8

// AppendBits appends n bits of the bitmap, from bit offset on, as values of
// one bit each. Bit-packed runs of width one are the bitmap's own bytes.
func AppendBits(dst []byte, bitmap []byte, offset, n int) []byte {
	bitmap = bitmap[offset/8:]
	shift := uint(offset % 8)
	whole := n / 8
	packed := 0
	at := 0
	for at < whole {
		b := byteAt(bitmap, at, shift)
		if b != 0 && b != 0xff {
			at++
			continue
		}
		end := at + 1
		for end < whole && byteAt(bitmap, end, shift) == b {
			end++
		}
		if end-at >= repeatBytesMin {
			dst = appendBytes(dst, bitmap, packed, at, shift)
			count := (end - at) * 8
			if end == whole { // the odd bits at the end may belong to it
				count += equalBits(bitmap, end*8+int(shift), n-whole*8, b&1)
			}
			dst = appendRepeated(dst, uint32(b&1), count, 1)
			if count = at*8 + count; count == n {
				return dst
			}
			packed = end
			if end == whole && count > end*8 {
				return appendTail(dst, bitmap, count+int(shift), n-count)
			}
		}
		at = end
	}
	if n%8 == 0 {
		return appendBytes(dst, bitmap, packed, whole, shift)
	}
	dst = binary.AppendUvarint(dst, uint64(whole+1-packed)<<1|1)
	for i := packed; i < whole; i++ {
		dst = append(dst, byteAt(bitmap, i, shift))
	}
	return append(dst, bitsAt(bitmap, whole*8+int(shift), n%8))
}

// RepeatedBit appends n times the same bit.
func RepeatedBit(dst []byte, bit uint32, n int) []byte {
	if n == 0 {
		return dst
	}
	return appendRepeated(dst, bit, n, 1)
}

// appendBytes appends a bit-packed run of the bytes from to end.
func appendBytes(dst []byte, bitmap []byte, from, end int, shift uint) []byte {
	if from == end {
		return dst
	}
	dst = binary.AppendUvarint(dst, uint64(end-from)<<1|1)
	if shift == 0 {
		return append(dst, bitmap[from:end]...)
	}
	for i := from; i < end; i++ {
		dst = append(dst, byteAt(bitmap, i, shift))
	}
	return dst
}

// appendTail appends fewer than eight bits as a group of their own.
func appendTail(dst []byte, bitmap []byte, bit, n int) []byte {
	return append(dst, 1<<1|1, bitsAt(bitmap, bit, n))
}

// byteAt returns the eight bits that start shift bits into byte i.
func byteAt(bitmap []byte, i int, shift uint) byte {
	b := bitmap[i] >> shift
	if shift != 0 {
		b |= bitmap[i+1] << (8 - shift)
	}
	return b
}

// bitsAt returns n bits, fewer than eight, from the given one on.
func bitsAt(bitmap []byte, bit, n int) byte {
	var b byte
	for i := range n {
		b |= bitmap[(bit+i)/8] >> ((bit + i) % 8) & 1 << i
	}
	return b
}

// equalBits counts how many of n bits, from the given one on, are equal to b.
func equalBits(bitmap []byte, bit, n int, b byte) int {
	v := bitsAt(bitmap, bit, n)
	if b != 0 {
		v = ^v
	}
	return min(n, bits.TrailingZeros8(v))
}
