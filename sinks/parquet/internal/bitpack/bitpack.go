// Package bitpack packs unsigned integers into a fixed number of bits each,
// least significant bit first, as Parquet's RLE/bit-packed hybrid and
// DELTA_BINARY_PACKED encodings do.
//
// Values are packed eight at a time: eight values of w bits are w bytes, so
// every group starts on a byte. A group is put together in registers and
// stored as whole words; the bytes that a store writes past its group are
// overwritten by the next one or cut off at the end.
package bitpack

import (
	"encoding/binary"
	"slices"
)

// slackBytes is how far a word store may reach past its group.
const slackBytes = 16

// Append32 appends v packed to width bits each, 1 to 32. len(v) is a multiple
// of 8 and no value needs more than width bits.
func Append32(dst []byte, v []uint32, width int) []byte {
	n := len(v) / 8 * width
	dst = slices.Grow(dst, n+slackBytes)
	at := len(dst)
	out := dst[at : at+n+slackBytes]
	switch w := uint(width); {
	case w == 8:
		pack8(out, v)
	case w <= 8:
		packTo8(out, v, w)
	case w <= 16:
		packTo16(out, v, w)
	default:
		packTo32(out, v, w)
	}
	return dst[:at+n]
}

// pack8 stores the low byte of each value.
func pack8(out []byte, v []uint32) {
	for len(v) >= 8 && len(out) >= 8 {
		g := (*[8]uint32)(v)
		x := uint64(g[0]) | uint64(g[1])<<8 | uint64(g[2])<<16 | uint64(g[3])<<24 |
			uint64(g[4])<<32 | uint64(g[5])<<40 | uint64(g[6])<<48 | uint64(g[7])<<56
		binary.LittleEndian.PutUint64(out, x)
		out, v = out[8:], v[8:]
	}
}

// packTo8 packs to at most 8 bits: a group fits one word.
func packTo8(out []byte, v []uint32, w uint) {
	w &= 15 // tells the compiler that no shift below reaches 64
	w2, w4 := 2*w, 4*w&63
	for len(v) >= 8 && len(out) >= 8 {
		g := (*[8]uint32)(v)
		a := uint64(g[0]) | uint64(g[1])<<w
		b := uint64(g[2]) | uint64(g[3])<<w
		c := uint64(g[4]) | uint64(g[5])<<w
		d := uint64(g[6]) | uint64(g[7])<<w
		binary.LittleEndian.PutUint64(out, (a|b<<w2)|(c|d<<w2)<<w4)
		out, v = out[w:], v[8:]
	}
}

// packTo16 packs to 9 to 16 bits: each half of a group fits a word.
func packTo16(out []byte, v []uint32, w uint) {
	w &= 31
	w2, w4 := 2*w&63, 4*w
	for len(v) >= 8 && len(out) >= 16 {
		g := (*[8]uint32)(v)
		a := uint64(g[0]) | uint64(g[1])<<w
		b := uint64(g[2]) | uint64(g[3])<<w
		c := uint64(g[4]) | uint64(g[5])<<w
		d := uint64(g[6]) | uint64(g[7])<<w
		lo, hi := a|b<<w2, c|d<<w2
		binary.LittleEndian.PutUint64(out, lo|hi<<w4)
		binary.LittleEndian.PutUint64(out[8:], hi>>(64-w4))
		out, v = out[w:], v[8:]
	}
}

// packTo32 packs to 17 to 32 bits: each half of a group takes more than one
// word and at most two.
func packTo32(out []byte, v []uint32, w uint) {
	w2, over := 2*w&127, (4*w-64)&127 // bits of a pair; bits of a half beyond a word
	for len(v) >= 8 && len(out) >= 32 {
		g := (*[8]uint32)(v)
		a := uint64(g[0]) | uint64(g[1])<<w
		b := uint64(g[2]) | uint64(g[3])<<w
		c := uint64(g[4]) | uint64(g[5])<<w
		d := uint64(g[6]) | uint64(g[7])<<w
		lo1, hi1 := a|b<<w2, b>>(64-w2)
		lo2, hi2 := c|d<<w2, d>>(64-w2)
		binary.LittleEndian.PutUint64(out, lo1)
		binary.LittleEndian.PutUint64(out[8:], hi1|lo2<<over)
		binary.LittleEndian.PutUint64(out[16:], lo2>>(64-over)|hi2<<over)
		binary.LittleEndian.PutUint64(out[24:], hi2>>(64-over))
		out, v = out[w:], v[8:]
	}
}

// Append64 appends v packed to width bits each, 1 to 64. len(v) is a multiple
// of 8 and no value needs more than width bits.
func Append64(dst []byte, v []uint64, width int) []byte {
	n := len(v) / 8 * width
	dst = slices.Grow(dst, n+slackBytes)
	at := len(dst)
	out := dst[at : at+n+slackBytes]
	w := uint(width)
	var word uint64
	var have uint
	for _, x := range v {
		word |= x << (have & 63)
		have += w
		if have >= 64 {
			binary.LittleEndian.PutUint64(out, word)
			out = out[8:]
			have -= 64
			word = x >> (w - have) // 0 when nothing of x is left: a shift by w
		}
	}
	binary.LittleEndian.PutUint64(out, word)
	return dst[:at+n]
}
