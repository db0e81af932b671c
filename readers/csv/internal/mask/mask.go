// Package mask finds bytes in text, 64 at a time: it answers with bit masks in
// which bit i of word k stands for byte 64k+i.
//
// There are implementations in assembly for amd64 with AVX2 and for arm64 with
// NEON, and one in Go that works on words of 8 bytes and serves everything
// else, and all machines with the build tag purego. They are fuzzed equal.
package mask

// ChunkBytes is the number of bytes that one mask describes.
const ChunkBytes = 64

// Either sets dst[k] to the mask of bytes in chunk k of p that equal a or b.
// The length of p is len(dst) times ChunkBytes.
func Either(dst []uint64, p []byte, a, b byte) {
	checkLength(len(dst), p)
	if len(dst) > 0 {
		either(dst, p, a, b)
	}
}

// Each sets as[k], bs[k] and cs[k] to the masks of bytes in chunk k of p that
// equal a, b and c. All three have the same length, and p ChunkBytes times that.
func Each(as, bs, cs []uint64, p []byte, a, b, c byte) {
	checkLength(len(as), p)
	if len(as) > 0 {
		each(as, bs[:len(as)], cs[:len(as)], p, a, b, c)
	}
}

// ExpandSlack is how much room Expand wants behind what it writes.
const ExpandSlack = 16

// Expand writes to dst the places of the set bits of masks, in order: base plus
// 64 for each mask before, plus the bit. It returns how many there are. dst has
// room for that many and ExpandSlack more, whose content is lost.
func Expand(dst []uint32, masks []uint64, base uint32) int {
	if len(masks) == 0 {
		return 0
	}
	if len(dst) < len(masks)*ChunkBytes+ExpandSlack {
		bits := 0
		for _, m := range masks {
			bits += bitsOf(m)
		}
		if len(dst) < bits+ExpandSlack {
			panic("mask: no room for the places")
		}
	}
	return expand(dst, masks, base)
}

func checkLength(chunks int, p []byte) {
	if len(p) != chunks*ChunkBytes {
		panic("mask: the text is not 64 bytes for each mask")
	}
}
