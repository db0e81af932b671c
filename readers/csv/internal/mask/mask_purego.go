//go:build purego || !(amd64 || arm64)

package mask

func eachChosen(as, bs, cs []uint64, p []byte, a, b, c byte) { eachWords(as, bs, cs, p, a, b, c) }

func (s *Scanner) chunks(dst []uint64, p []byte) int { return s.chunksByMasks(dst, p, each) }

func expand(dst []uint32, masks []uint64, base uint32) int { return expandWords(dst, masks, base) }
