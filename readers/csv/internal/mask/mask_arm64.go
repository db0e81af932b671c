//go:build !purego

package mask

// NEON is part of every arm64.

//go:noescape
func eachNEON(as, bs, cs *uint64, p *byte, chunks int, a, b, c byte)

func eachChosen(as, bs, cs []uint64, p []byte, a, b, c byte) {
	eachNEON(&as[0], &bs[0], &cs[0], &p[0], len(as), a, b, c)
}

func (s *Scanner) chunks(dst []uint64, p []byte) int { return s.chunksByMasks(dst, p, each) }

func expand(dst []uint32, masks []uint64, base uint32) int { return expandWords(dst, masks, base) }
