package aggregate

import (
	"math/bits"

	"github.com/zeebo/xxh3"
)

// Hashes are 64 bits: tables use the upper half, partitions the lower.
const (
	hashKey0 = 0xa0761d6478bd642f
	hashKey1 = 0xe7037ed1a0b428db

	nullHash = 0x8ebc6af09c88c6e3
)

// hashWord folds a full 128-bit product (the mixing step of wyhash).
func hashWord(w uint64) uint64 {
	hi, lo := bits.Mul64(w^hashKey0, hashKey1)
	return hi ^ lo
}

// hashPair hashes two words by one product: good enough to find slots.
func hashPair(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a^hashKey0, b^hashKey1)
	return hi ^ lo
}

// hashWords hashes two words so that every bit depends on every bit.
func hashWords(a, b uint64) uint64 { return hashWord(hashPair(a, b)) }

// hashBytes hashes a longer text.
func hashBytes(b []byte) uint64 { return xxh3.Hash(b) }
