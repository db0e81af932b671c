package csv

import "csvloom/readers/csv/internal/mask"

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
