//go:build !purego

#include "textflag.h"

// Comparing gives 0xff or 0 for each byte. Ands with 1, 2, 4 … 128 leave a bit
// of its own for each byte of a half register, and three rounds of pairwise
// adds gather the bits of 64 bytes in 8.

DATA bits<>+0(SB)/8, $0x8040201008040201
DATA bits<>+8(SB)/8, $0x8040201008040201
GLOBL bits<>(SB), RODATA|NOPTR, $16

// MASK gathers the comparisons in V20–V23 in the low half of V20.
#define MASK \
	VAND  V31.B16, V20.B16, V20.B16; \
	VAND  V31.B16, V21.B16, V21.B16; \
	VAND  V31.B16, V22.B16, V22.B16; \
	VAND  V31.B16, V23.B16, V23.B16; \
	VADDP V21.B16, V20.B16, V20.B16; \
	VADDP V23.B16, V22.B16, V22.B16; \
	VADDP V22.B16, V20.B16, V20.B16; \
	VADDP V20.B16, V20.B16, V20.B16

// func eachNEON(as, bs, cs *uint64, p *byte, chunks int, a, b, c byte)
TEXT ·eachNEON(SB), NOSPLIT, $0-43
	MOVD  as+0(FP), R0
	MOVD  bs+8(FP), R6
	MOVD  cs+16(FP), R7
	MOVD  p+24(FP), R1
	MOVD  chunks+32(FP), R2
	MOVBU a+40(FP), R3
	MOVBU b+41(FP), R4
	MOVBU c+42(FP), R8
	VDUP  R3, V0.B16
	VDUP  R4, V1.B16
	VDUP  R8, V2.B16
	MOVD  $bits<>(SB), R5
	VLD1  (R5), [V31.B16]

eachLoop:
	VLD1.P 64(R1), [V4.B16, V5.B16, V6.B16, V7.B16]
	VCMEQ  V0.B16, V4.B16, V20.B16
	VCMEQ  V0.B16, V5.B16, V21.B16
	VCMEQ  V0.B16, V6.B16, V22.B16
	VCMEQ  V0.B16, V7.B16, V23.B16
	MASK
	VST1.P [V20.D1], 8(R0)
	VCMEQ  V1.B16, V4.B16, V20.B16
	VCMEQ  V1.B16, V5.B16, V21.B16
	VCMEQ  V1.B16, V6.B16, V22.B16
	VCMEQ  V1.B16, V7.B16, V23.B16
	MASK
	VST1.P [V20.D1], 8(R6)
	VCMEQ  V2.B16, V4.B16, V20.B16
	VCMEQ  V2.B16, V5.B16, V21.B16
	VCMEQ  V2.B16, V6.B16, V22.B16
	VCMEQ  V2.B16, V7.B16, V23.B16
	MASK
	VST1.P [V20.D1], 8(R7)
	SUBS   $1, R2, R2
	BNE    eachLoop
	RET
