//go:build purego || !amd64

package codes

// Lanes is how many fields [Book.KnownRuns] looks up at a time; 0: it does nothing.
const Lanes = 0

// KnownRuns is for machines that have a kernel for it.
func (b *Book) KnownRuns([]uint16, []byte, []uint32, int, int) int { return 0 }
