package dict

import (
	"encoding/binary"
	"math/bits"
	"slices"
)

// Used appends to dst the codes that occur in codes, each once, ascending.
// marks is scratch memory that is returned for the next call; it must be all
// zero, and is so again.
func Used(dst []uint32, codes []uint32, marks []byte, distinct int) (used []uint32, scratch []byte) {
	size := (distinct + 7) &^ 7
	if cap(marks) < size {
		marks = make([]byte, size)
	}
	marks = marks[:size]
	for _, c := range codes {
		marks[c] = 1
	}
	n := len(dst)
	dst = slices.Grow(dst, min(distinct, len(codes)))
	dst = dst[:cap(dst)]
	for at := 0; at < size; at += 8 {
		w := binary.LittleEndian.Uint64(marks[at:])
		if w == 0 {
			continue
		}
		binary.LittleEndian.PutUint64(marks[at:], 0)
		for ; w != 0; w &= w - 1 { // a mark is one bit
			dst[n] = uint32(at + bits.TrailingZeros64(w)/8)
			n++
		}
	}
	return dst[:n], marks
}
