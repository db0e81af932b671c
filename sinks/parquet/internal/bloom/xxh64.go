package bloom

import (
	"encoding/binary"
	"math/bits"
)

// The primes of XXH64.
const (
	prime1 uint64 = 0x9E3779B185EBCA87
	prime2 uint64 = 0xC2B2AE3D27D4EB4F
	prime3 uint64 = 0x165667B19E3779F9
	prime4 uint64 = 0x85EBCA77C2B2AE63
	prime5 uint64 = 0x27D4EB2F165667C5
)

// Hash returns XXH64 of b with seed 0, the hash of Parquet's bloom filters.
//
// Source: xxHash fast digest algorithm, doc/xxhash_spec.md, "XXH64".
func Hash(b []byte) uint64 {
	length := uint64(len(b))
	h := prime5
	if len(b) >= 32 {
		h, b = stripes(b)
	}
	h += length
	for ; len(b) >= 8; b = b[8:] {
		h ^= round(0, binary.LittleEndian.Uint64(b))
		h = bits.RotateLeft64(h, 27)*prime1 + prime4
	}
	if len(b) >= 4 {
		h ^= uint64(binary.LittleEndian.Uint32(b)) * prime1
		h = bits.RotateLeft64(h, 23)*prime2 + prime3
		b = b[4:]
	}
	for _, c := range b {
		h ^= uint64(c) * prime5
		h = bits.RotateLeft64(h, 11) * prime1
	}
	return avalanche(h)
}

// Hash64 is Hash of the eight little-endian bytes of v.
func Hash64(v uint64) uint64 {
	h := prime5 + 8
	h ^= round(0, v)
	return avalanche(bits.RotateLeft64(h, 27)*prime1 + prime4)
}

// Hash32 is Hash of the four little-endian bytes of v.
func Hash32(v uint32) uint64 {
	h := prime5 + 4
	h ^= uint64(v) * prime1
	return avalanche(bits.RotateLeft64(h, 23)*prime2 + prime3)
}

// stripes consumes all whole stripes of 32 bytes in four lanes and returns
// what they converge to, with the bytes left over.
func stripes(b []byte) (uint64, []byte) {
	p1, p2 := prime1, prime2 // variables, since the sums below wrap around
	v1, v2, v3, v4 := p1+p2, p2, uint64(0), -p1
	for ; len(b) >= 32; b = b[32:] {
		v1 = round(v1, binary.LittleEndian.Uint64(b))
		v2 = round(v2, binary.LittleEndian.Uint64(b[8:]))
		v3 = round(v3, binary.LittleEndian.Uint64(b[16:]))
		v4 = round(v4, binary.LittleEndian.Uint64(b[24:]))
	}
	h := bits.RotateLeft64(v1, 1) + bits.RotateLeft64(v2, 7) + bits.RotateLeft64(v3, 12) + bits.RotateLeft64(v4, 18)
	for _, v := range [...]uint64{v1, v2, v3, v4} {
		h = (h^round(0, v))*prime1 + prime4
	}
	return h, b
}

func round(lane, input uint64) uint64 {
	return bits.RotateLeft64(lane+input*prime2, 31) * prime1
}

func avalanche(h uint64) uint64 {
	h = (h ^ h>>33) * prime2
	h = (h ^ h>>29) * prime3
	return h ^ h>>32
}
