//go:build !purego

package mask

import "golang.org/x/sys/cpu"

var (
	hasAVX2 = cpu.X86.HasAVX2
	hasBMI  = cpu.X86.HasBMI1 && cpu.X86.HasPOPCNT
)

//go:noescape
func eitherAVX2(dst *uint64, p *byte, chunks int, a, b byte)

//go:noescape
func eachAVX2(as, bs, cs *uint64, p *byte, chunks int, a, b, c byte)

func either(dst []uint64, p []byte, a, b byte) {
	if !hasAVX2 {
		eitherWords(dst, p, a, b)
		return
	}
	eitherAVX2(&dst[0], &p[0], len(dst), a, b)
}

func each(as, bs, cs []uint64, p []byte, a, b, c byte) {
	if !hasAVX2 {
		eachWords(as, bs, cs, p, a, b, c)
		return
	}
	eachAVX2(&as[0], &bs[0], &cs[0], &p[0], len(as), a, b, c)
}

//go:noescape
func expandBMI(dst *uint32, masks *uint64, n int, base uint32) int

func expand(dst []uint32, masks []uint64, base uint32) int {
	if !hasBMI {
		return expandWords(dst, masks, base)
	}
	return expandBMI(&dst[0], &masks[0], len(masks), base)
}
