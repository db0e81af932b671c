package csv

import (
	"math/bits"

	"csvloom/readers/csv/internal/mask"
)

const (
	// chunkBytes is how many bytes one mask describes, a bit each, lowest first.
	chunkBytes = mask.ChunkBytes
	// masksAtOnce is for how many chunks masks are made at a time: text and
	// masks then stay in the first-level cache.
	masksAtOnce = 64
)

// maskedBytes returns the part of data from i on that the next batch of masks
// describes, whole chunks of which only what comes before n counts.
func maskedBytes(data []byte, i, n int) []byte {
	end := min(i+masksAtOnce*chunkBytes, i+(n-i+chunkBytes-1)/chunkBytes*chunkBytes)
	return data[i:end]
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
// returns how many there were. ends has room for chunkBytes entries: it writes
// four at a time, so that the loop ends where the branch predictor expects.
func putBits(ends []uint32, m uint64, base uint32) int {
	n := bits.OnesCount64(m)
	ends = ends[:chunkBytes]
	for i := 0; m != 0; i += 4 {
		e := (*[4]uint32)(ends[i&(chunkBytes-4):])
		e[0] = base + uint32(bits.TrailingZeros64(m))
		m &= m - 1
		e[1] = base + uint32(bits.TrailingZeros64(m))
		m &= m - 1
		e[2] = base + uint32(bits.TrailingZeros64(m))
		m &= m - 1
		e[3] = base + uint32(bits.TrailingZeros64(m))
		m &= m - 1
	}
	return n
}
