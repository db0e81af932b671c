//go:build (amd64 || arm64) && !purego

package rawbytes

import "unsafe"

// Bytes returns the values as little-endian bytes. The result may share memory
// with v: it is to be read only, and only as long as v lives unchanged.
func Bytes[T Fixed](v []T) []byte {
	if len(v) == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(v))), len(v)*int(unsafe.Sizeof(v[0])))
}

// Bits64 returns the bits of each value, under the same terms as Bytes.
func Bits64(v []float64) []int64 {
	return unsafe.Slice((*int64)(unsafe.Pointer(unsafe.SliceData(v))), len(v))
}

// Bits32 returns the bits of each value, under the same terms as Bytes.
func Bits32(v []float32) []int32 {
	return unsafe.Slice((*int32)(unsafe.Pointer(unsafe.SliceData(v))), len(v))
}
