//go:build !purego

package mask

import "golang.org/x/sys/cpu"

var (
	hasAVX2   = cpu.X86.HasAVX2
	hasBMI    = cpu.X86.HasBMI1 && cpu.X86.HasPOPCNT
	hasScan   = hasAVX2 && hasBMI && cpu.X86.HasPCLMULQDQ
	hasAVX512 = cpu.X86.HasAVX512F && cpu.X86.HasAVX512BW
	hasVBMI2  = hasAVX512 && cpu.X86.HasAVX512VBMI2 && cpu.X86.HasPOPCNT
)

//go:noescape
func eachAVX2(as, bs, cs *uint64, p *byte, chunks int, a, b, c byte)

func eachChosen(as, bs, cs []uint64, p []byte, a, b, c byte) {
	if !hasAVX2 {
		eachWords(as, bs, cs, p, a, b, c)
		return
	}
	eachAVX2(&as[0], &bs[0], &cs[0], &p[0], len(as), a, b, c)
}

//go:noescape
func scanAVX2(dst *uint64, p *byte, chunks int, s *scanState, delim, line, quote byte) int

//go:noescape
func scanAVX512(dst *uint64, p *byte, chunks int, s *scanState, delim, line, quote byte) int

func (s *Scanner) chunks(dst []uint64, p []byte) int {
	switch {
	case hasScan && hasAVX512:
		return scanAVX512(&dst[0], &p[0], len(dst), &s.state, s.delim, s.line, s.quote)
	case hasScan:
		return scanAVX2(&dst[0], &p[0], len(dst), &s.state, s.delim, s.line, s.quote)
	}
	return s.chunksByMasks(dst, p, each)
}

//go:noescape
func expandBMI(dst *uint32, masks *uint64, n int, base uint32) int

//go:noescape
func expandVBMI2(dst *uint32, masks *uint64, n int, base uint32) int

func expand(dst []uint32, masks []uint64, base uint32) int {
	switch {
	case hasVBMI2:
		return expandVBMI2(&dst[0], &masks[0], len(masks), base)
	case hasBMI:
		return expandBMI(&dst[0], &masks[0], len(masks), base)
	}
	return expandWords(dst, masks, base)
}
