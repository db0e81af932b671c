// Package delta writes Parquet's DELTA_BINARY_PACKED encoding, which is also
// how DELTA_LENGTH_BYTE_ARRAY writes its lengths.
//
// Source: Apache Parquet, Encodings.md, "Delta Encoding". Values become
// differences in blocks of 128; a block stores its least difference, and in
// four miniblocks of 32 what each difference has above that, packed to the
// width that its miniblock needs.
package delta

import (
	"encoding/binary"
	"math/bits"

	"csvloom/sinks/parquet/internal/bitpack"
)

const (
	blockValues     = 128
	blockMiniblocks = 4
	miniblockValues = blockValues / blockMiniblocks
)

// Append appends the values. Differences wrap around in the values' own
// width, as the format wants it: no value is out of reach.
func Append[T int32 | int64](dst []byte, values []T) []byte {
	dst = binary.AppendUvarint(dst, blockValues)
	dst = binary.AppendUvarint(dst, blockMiniblocks)
	dst = binary.AppendUvarint(dst, uint64(len(values)))
	if len(values) == 0 {
		return binary.AppendVarint(dst, 0)
	}
	previous := values[0]
	dst = binary.AppendVarint(dst, int64(previous))
	var deltas [blockValues]T
	for values = values[1:]; len(values) > 0; {
		n := min(blockValues, len(values))
		for i, v := range values[:n] {
			deltas[i] = v - previous
			previous = v
		}
		dst = appendBlock(dst, &deltas, n)
		values = values[n:]
	}
	return dst
}

// appendBlock appends the first n differences as a block. Miniblocks without
// any value have the width 0 and no data; one with a few is filled up.
func appendBlock[T int32 | int64](dst []byte, deltas *[blockValues]T, n int) []byte {
	least := deltas[0]
	for _, d := range deltas[1:n] {
		least = min(least, d)
	}
	var above [blockValues]uint64
	for i, d := range deltas[:n] {
		above[i] = difference(d, least)
	}
	dst = binary.AppendVarint(dst, int64(least))
	widths := len(dst)
	dst = append(dst, make([]byte, blockMiniblocks)...)
	for m := range (n + miniblockValues - 1) / miniblockValues {
		v := (*[miniblockValues]uint64)(above[m*miniblockValues:])
		var or uint64
		for _, x := range v {
			or |= x
		}
		width := bits.Len64(or)
		dst[widths+m] = byte(width)
		dst = appendMiniblock(dst, v, width)
	}
	return dst
}

func appendMiniblock(dst []byte, v *[miniblockValues]uint64, width int) []byte {
	switch {
	case width == 0:
		return dst
	case width <= 32:
		var narrow [miniblockValues]uint32
		for i, x := range v {
			narrow[i] = uint32(x)
		}
		return bitpack.Append32(dst, narrow[:], width)
	default:
		return bitpack.Append64(dst, v[:], width)
	}
}

// difference returns a - b, b not being above a, without overflow in T.
func difference[T int32 | int64](a, b T) uint64 {
	if _, narrow := any(a).(int32); narrow {
		return uint64(uint32(a) - uint32(b))
	}
	return uint64(a) - uint64(b)
}
