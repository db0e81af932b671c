//go:build !purego

package mask

// scanForms are the implementations of Scanner.Chunks that this machine can run.
func scanForms() map[string]func(s *Scanner, dst []uint64, p []byte) int {
	forms := map[string]func(s *Scanner, dst []uint64, p []byte) int{
		"chosen": (*Scanner).Chunks,
		"words":  func(s *Scanner, dst []uint64, p []byte) int { return s.chunksByMasks(dst, p, eachWords) },
		"masks":  func(s *Scanner, dst []uint64, p []byte) int { return s.chunksByMasks(dst, p, each) },
	}
	if hasScan {
		forms["AVX2"] = func(s *Scanner, dst []uint64, p []byte) int {
			if len(dst) == 0 {
				return 0
			}
			return scanAVX2(&dst[0], &p[0], len(dst), &s.state, s.delim, s.line, s.quote)
		}
	}
	return forms
}

// expandForms are the implementations of Expand that this machine can run.
func expandForms() map[string]func(dst []uint32, masks []uint64, base uint32) int {
	forms := map[string]func(dst []uint32, masks []uint64, base uint32) int{"chosen": Expand, "words": expandWords}
	if hasBMI {
		forms["BMI"] = func(dst []uint32, masks []uint64, base uint32) int {
			if len(masks) == 0 {
				return 0
			}
			return expandBMI(&dst[0], &masks[0], len(masks), base)
		}
	}
	return forms
}
