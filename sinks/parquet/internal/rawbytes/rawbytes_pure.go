//go:build !((amd64 || arm64) && !purego)

package rawbytes

import (
	"encoding/binary"
	"math"
)

// Bytes returns the values as little-endian bytes. The result may share memory
// with v: it is to be read only, and only as long as v lives unchanged.
func Bytes[T Fixed](v []T) []byte { return appendBytes(nil, v) }

// Bits64 returns the bits of each value, under the same terms as Bytes.
func Bits64(v []float64) []int64 {
	bits := make([]int64, len(v))
	for i, x := range v {
		bits[i] = int64(math.Float64bits(x))
	}
	return bits
}

// Bits32 returns the bits of each value, under the same terms as Bytes.
func Bits32(v []float32) []int32 {
	bits := make([]int32, len(v))
	for i, x := range v {
		bits[i] = int32(math.Float32bits(x))
	}
	return bits
}

func appendBytes[T Fixed](dst []byte, v []T) []byte {
	// Encode cannot fail: T is a fixed-width number and dst grows.
	dst, _ = binary.Append(dst, binary.LittleEndian, v)
	return dst
}
