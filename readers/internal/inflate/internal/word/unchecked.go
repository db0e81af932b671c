//go:build !purego && (amd64 || arm64)

package word

import "unsafe"

func at(b []byte, i int) unsafe.Pointer { return unsafe.Add(unsafe.Pointer(unsafe.SliceData(b)), i) }

// Load64 returns the eight bytes at b[i], the first lowest.
func Load64(b []byte, i int) uint64 { return *(*uint64)(at(b, i)) }

// Store16 puts v at b[i], the low byte first.
func Store16(b []byte, i int, v uint16) { *(*uint16)(at(b, i)) = v }

// Store64 puts v at b[i], the low byte first.
func Store64(b []byte, i int, v uint64) { *(*uint64)(at(b, i)) = v }

// Copy copies 16 bytes from b[from] to b[to]; all are read before any is
// written.
func Copy(b []byte, to, from int) { *(*[Bytes]byte)(at(b, to)) = *(*[Bytes]byte)(at(b, from)) }
