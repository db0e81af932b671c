package mask

import (
	"encoding/binary"
	"math/bits"
)

const (
	low7 = 0x7f7f7f7f7f7f7f7f
	high = 0x8080808080808080
	ones = 0x0101010101010101
)

// equal returns a word whose high bits mark the bytes of w that are equal to
// those of pattern. It is exact for all bytes: the addition cannot carry from
// one byte into the next. (Hacker's Delight, 2nd ed., §6-1.)
func equal(w, pattern uint64) uint64 {
	x := w ^ pattern
	return ^(((x & low7) + low7) | x) & high
}

// gather collects the high bits of the eight bytes in the low byte.
func gather(m uint64) uint64 { return (m >> 7) * 0x0102040810204080 >> 56 }

func eachWords(as, bs, cs []uint64, p []byte, a, b, c byte) {
	pa, pb, pc := uint64(a)*ones, uint64(b)*ones, uint64(c)*ones
	for k := range as {
		chunk := p[k*ChunkBytes:][:ChunkBytes]
		var ma, mb, mc uint64
		for i := 0; i < ChunkBytes; i += 8 {
			w := binary.LittleEndian.Uint64(chunk[i:])
			ma |= gather(equal(w, pa)) << i
			mb |= gather(equal(w, pb)) << i
			mc |= gather(equal(w, pc)) << i
		}
		as[k], bs[k], cs[k] = ma, mb, mc
	}
}

func bitsOf(m uint64) int { return bits.OnesCount64(m) }

// expandWords writes eight places at a time, whether or not there are so many:
// that is one branch for each mask and not one for each bit.
func expandWords(dst []uint32, masks []uint64, base uint32) int {
	count := 0
	for _, m := range masks {
		n := bits.OnesCount64(m)
		for at := count; m != 0; at += 8 {
			d := (*[8]uint32)(dst[at:])
			for i := range d {
				d[i] = base + uint32(bits.TrailingZeros64(m))
				m &= m - 1
			}
		}
		count += n
		base += ChunkBytes
	}
	return count
}
