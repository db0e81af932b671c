package csv

import (
	"encoding/binary"
	"math/bits"
)

// chunkBytes is how many bytes one mask describes, a bit each, lowest first.
const chunkBytes = 64

const (
	swarLow  = 0x7f7f7f7f7f7f7f7f
	swarHigh = 0x8080808080808080
	swarOnes = 0x0101010101010101
)

// equalBytes returns a word whose high bits mark the bytes of w that are equal
// to those of pattern. It is exact for all bytes: the addition cannot carry
// from one byte into the next. (Hacker's Delight, 2nd ed., §6-1.)
func equalBytes(w, pattern uint64) uint64 {
	x := w ^ pattern
	return ^(((x & swarLow) + swarLow) | x) & swarHigh
}

// gatherHigh collects the high bits of the eight bytes into the low byte.
func gatherHigh(m uint64) uint64 { return (m >> 7) * 0x0102040810204080 >> 56 }

// chunkMasks returns the masks of delimiters, line ends and quotes in the first
// chunkBytes bytes of p. The patterns hold the byte to look for eight times.
func chunkMasks(p []byte, delim, nl, quote uint64) (d, n, q uint64) {
	_ = p[chunkBytes-1]
	for i := 0; i < chunkBytes; i += 8 {
		w := binary.LittleEndian.Uint64(p[i:])
		d |= gatherHigh(equalBytes(w, delim)) << i
		n |= gatherHigh(equalBytes(w, nl)) << i
		q |= gatherHigh(equalBytes(w, quote)) << i
	}
	return d, n, q
}

// separatorMask is chunkMasks for data without quotes: delimiters and line ends
// in one mask.
func separatorMask(p []byte, delim, nl uint64) (m uint64) {
	_ = p[chunkBytes-1]
	for i := 0; i < chunkBytes; i += 8 {
		w := binary.LittleEndian.Uint64(p[i:])
		m |= gatherHigh(equalBytes(w, delim)|equalBytes(w, nl)) << i
	}
	return m
}

// prefixXor sets each bit to the parity of the bits up to and including it:
// with m the quotes, the result covers what lies inside quotes, the opening
// quote included and the closing one not. (Langdale and Lemire, "Parsing
// Gigabytes of JSON per Second", 2019, §3.1.1.)
func prefixXor(m uint64) uint64 {
	m ^= m << 1
	m ^= m << 2
	m ^= m << 4
	m ^= m << 8
	m ^= m << 16
	m ^= m << 32
	return m
}

// putBits writes base plus the place of each set bit to ends, in order, and
// returns how many there were. ends has room for chunkBytes entries.
func putBits(ends []uint32, m uint64, base uint32) int {
	n := bits.OnesCount64(m)
	ends = ends[:chunkBytes]
	for i := 0; m != 0; i++ {
		ends[i&(chunkBytes-1)] = base + uint32(bits.TrailingZeros64(m))
		m &= m - 1
	}
	return n
}
