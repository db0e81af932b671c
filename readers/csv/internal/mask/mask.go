// Package mask finds bytes in text, 64 at a time: it answers with bit masks in
// which bit i of word k stands for byte 64k+i. [Scanner] finds the separators of
// CSV that lie outside quotes, and [Expand] writes their places down.
//
// There are implementations in assembly for amd64 with AVX-512 and with AVX2 and,
// of what is costly, for arm64 with NEON, and one in Go that works on words of 8
// bytes and serves everything else, and all machines with the build tag purego.
// They are fuzzed equal.
package mask

// ChunkBytes is the number of bytes that one mask describes.
const ChunkBytes = 64

// masksAtOnce is for how many chunks masks are made at a time where that and their
// use are two steps: text and masks then stay in the first-level cache.
const masksAtOnce = 64

// each sets as[k], bs[k] and cs[k] to the masks of bytes in chunk k of p that
// equal a, b and c. All three have the same length, and p ChunkBytes times that.
func each(as, bs, cs []uint64, p []byte, a, b, c byte) {
	checkLength(len(as), p)
	if len(as) > 0 {
		eachChosen(as, bs[:len(as)], cs[:len(as)], p, a, b, c)
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
