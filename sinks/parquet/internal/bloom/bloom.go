// Package bloom builds Parquet's split-block bloom filters.
//
// Source: Apache Parquet, BloomFilter.md. A filter is an array of blocks of
// eight 32-bit words. The upper half of a value's hash picks a block, the
// lower half one bit of each of its words.
package bloom

import (
	"encoding/binary"
	"math"
)

// blockBytes is the size of a block.
const blockBytes = 32

// sizeBytesMax bounds a filter. Above it the share of false positives grows.
const sizeBytesMax = 16 << 20

// salts spread the lower half of a hash over the words of a block.
var salts = [8]uint32{
	0x47b6137b, 0x44974d91, 0x8824ad5b, 0xa2b7289d,
	0x705495c7, 0x2df1424b, 0x9efc4947, 0x5c6bfb31,
}

// bitsPerValue gives one false positive in a hundred: -8 / ln(1 - 0.01^(1/8)).
const bitsPerValue = 9.681526738735599

// SizeBytes returns the size of a filter for so many distinct values.
func SizeBytes(distinct int) int {
	blocks := math.Ceil(float64(distinct) * bitsPerValue / 8 / blockBytes)
	return blockBytes * int(min(max(blocks, 1), sizeBytesMax/blockBytes))
}

// Insert adds the value with the given hash to filter, whose length is a
// multiple of the block size.
func Insert(filter []byte, hash uint64) {
	blocks := uint64(len(filter) / blockBytes)
	block := filter[hash>>32*blocks>>32*blockBytes:][:blockBytes]
	for i, salt := range salts {
		word := block[4*i : 4*i+4]
		bit := uint32(1) << (uint32(hash) * salt >> 27)
		binary.LittleEndian.PutUint32(word, binary.LittleEndian.Uint32(word)|bit)
	}
}
