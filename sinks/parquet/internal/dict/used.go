package dict

import (
	"encoding/binary"
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
	dst = slices.Grow(dst, min(distinct, len(codes)))
	for at := 0; at < size; at += 8 {
		if binary.LittleEndian.Uint64(marks[at:]) == 0 {
			continue
		}
		for i, m := range marks[at : at+8] {
			if m != 0 {
				dst = append(dst, uint32(at+i))
			}
		}
		binary.LittleEndian.PutUint64(marks[at:], 0)
	}
	return dst, marks
}
