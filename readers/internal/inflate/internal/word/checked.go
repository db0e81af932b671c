//go:build purego || !(amd64 || arm64)

package word

import "encoding/binary"

// Load64 returns the eight bytes at b[i], the first lowest.
func Load64(b []byte, i int) uint64 { return binary.LittleEndian.Uint64(b[i:]) }

// Store16 puts v at b[i], the low byte first.
func Store16(b []byte, i int, v uint16) { binary.LittleEndian.PutUint16(b[i:], v) }

// Store64 puts v at b[i], the low byte first.
func Store64(b []byte, i int, v uint64) { binary.LittleEndian.PutUint64(b[i:], v) }

// Copy copies 16 bytes from b[from] to b[to]; all are read before any is
// written.
func Copy(b []byte, to, from int) { *(*[Bytes]byte)(b[to:]) = *(*[Bytes]byte)(b[from:]) }
