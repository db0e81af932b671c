//go:build purego || !amd64

package mask

// scanForms are the implementations of Scanner.Chunks that this machine can run.
func scanForms() map[string]func(s *Scanner, dst []uint64, p []byte) int {
	return map[string]func(s *Scanner, dst []uint64, p []byte) int{
		"chosen": (*Scanner).Chunks,
		"words":  func(s *Scanner, dst []uint64, p []byte) int { return s.chunksByMasks(dst, p, eachWords) },
	}
}

// expandForms are the implementations of Expand that this machine can run.
func expandForms() map[string]func(dst []uint32, masks []uint64, base uint32) int {
	return map[string]func(dst []uint32, masks []uint64, base uint32) int{"chosen": Expand, "words": expandWords}
}
