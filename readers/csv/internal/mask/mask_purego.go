//go:build purego || !(amd64 || arm64)

package mask

func either(dst []uint64, p []byte, a, b byte) { eitherWords(dst, p, a, b) }

func each(as, bs, cs []uint64, p []byte, a, b, c byte) { eachWords(as, bs, cs, p, a, b, c) }

func expand(dst []uint32, masks []uint64, base uint32) int { return expandWords(dst, masks, base) }
