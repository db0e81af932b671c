//go:build !purego

package codes

import "golang.org/x/sys/cpu"

// Lanes is how many fields [Book.KnownRuns] looks up at a time; 0: it does nothing.
var Lanes = func() int {
	if cpu.X86.HasAVX512F && cpu.X86.HasAVX512BW && cpu.X86.HasAVX512DQ && cpu.X86.HasAVX512VL {
		return 8
	}
	return 0
}()

//go:noescape
func knownAVX512(dst *uint16, groups int, text *byte, limit int, ends *uint32, stride int, slots *slot, round uint64, quote int) int

// KnownRuns sets dst[i] to the number of field i, for as many groups of Lanes fields
// as are known; see [Book.Known]. A field that starts with quote (a byte, or -1 for
// none) ends with it too and is known by what lies between, unless there are more quotes
// in it. It returns how many fields it has done.
func (b *Book) KnownRuns(dst []uint16, data []byte, ends []uint32, stride, quote int) int {
	if Lanes == 0 || len(dst) < Lanes || len(data) < PadBytes {
		return 0
	}
	_ = ends[(len(dst)-1)*stride+1]
	return Lanes * knownAVX512(&dst[0], len(dst)/Lanes, &data[0], len(data)-PadBytes, &ends[0], stride, &b.slots[0], uint64(b.round)<<32, quote)
}
