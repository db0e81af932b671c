//go:build !purego

#include "textflag.h"

DATA lanes<>+0(SB)/8, $0x0000000100000000
DATA lanes<>+8(SB)/8, $0x0000000300000002
DATA lanes<>+16(SB)/8, $0x0000000500000004
DATA lanes<>+24(SB)/8, $0x0000000700000006
GLOBL lanes<>(SB), RODATA|NOPTR, $32

// EACH sets all lanes of z to a constant.
#define EACH(constant, z) \
	MOVQ         $constant, AX; \
	VPBROADCASTQ AX, z

// func knownAVX512(dst *uint16, groups int, text *byte, limit int, ends *uint32, stride int, slots *slot, round uint64, quote int) int
//
// It looks eight fields up at a time, one in each lane, and returns how many groups
// of eight it has done before one with a field that is not known.
TEXT ·knownAVX512(SB), NOSPLIT, $0-80
	MOVQ         dst+0(FP), DI
	MOVQ         groups+8(FP), CX
	MOVQ         text+16(FP), SI
	VPBROADCASTQ limit+24(FP), Z18
	MOVQ         ends+32(FP), R8
	MOVQ         stride+40(FP), R9
	MOVQ         slots+48(FP), R13
	VPBROADCASTQ round+56(FP), Z20
	VPBROADCASTQ quote+64(FP), Z21
	MOVQ         CX, R12
	VPBROADCASTD R9, Y0
	VPMULLD      lanes<>(SB), Y0, Y0
	SHLQ         $5, R9
	EACH(1, Z16)
	EACH(0x00000000ffffffff, Z17)
	EACH(16, Z19)
	EACH(0xff, Z22)
	EACH(8, Z23)
	EACH(64, Z24)
	EACH(0x9e3779b97f4a7c15, Z25)
	VPTERNLOGQ   $0xff, Z26, Z26, Z26 // all ones

loop:
	KXNORW     K1, K1, K1
	VPGATHERDQ (R8)(Y0*4), K1, Z1    // an end in the low half, the next in the high one
	VPADDD     Z16, Z1, Z1
	VPSRLQ     $32, Z1, Z2
	VPANDQ     Z17, Z1, Z1           // start
	VPSUBQ     Z1, Z2, Z2            // length
	VPSUBQ     Z16, Z2, Z3
	VPCMPUQ    $1, Z19, Z3, K1       // length - 1 < 16, with quotes
	VPCMPUQ    $2, Z18, Z1, K1, K1   // start <= limit
	KORTESTB   K1, K1
	JCC        done
	VPGATHERQQ (SI)(Z1*1), K1, Z4    // the first eight bytes
	VPANDQ     Z22, Z4, Z5
	VPCMPEQQ   Z21, Z5, K2
	KORTESTB   K2, K2
	JNE        quoted

bare:
	VPSLLQ     $3, Z2, Z5            // bits
	VPSLLVQ    Z5, Z26, Z6
	VPANDNQ    Z4, Z6, Z4            // low
	VPSLLQ     $56, Z2, Z6
	VPXORQ     Z4, Z6, Z6            // what is hashed
	VPSLLQ     $16, Z2, Z7
	VPORQ      Z20, Z7, Z7           // meta
	VPCMPUQ    $6, Z23, Z2, K3
	KORTESTB   K3, K3
	JNE        long

	// All have at most eight bytes: where meta agrees, high is 0.
	VPMULLQ    Z25, Z6, Z6
	VPSRLQ     $51, Z6, Z6
	VPSLLQ     $2, Z6, Z6            // slot, in units of 8 bytes
	KXNORW     K1, K1, K1
	VPGATHERQQ (R13)(Z6*8), K1, Z8
	KXNORW     K2, K2, K2
	VPGATHERQQ 16(R13)(Z6*8), K2, Z9
	VPXORQ     Z4, Z8, Z8

compare:
	VPXORQ     Z7, Z9, Z7
	VPSRLQ     $16, Z7, Z7           // without the code
	VPORQ      Z7, Z8, Z8
	VPTESTMQ   Z8, Z8, K1
	KORTESTB   K1, K1
	JNE        done
	VPMOVQW    Z9, (DI)
	ADDQ       $16, DI
	ADDQ       R9, R8
	DECQ       CX
	JNZ        loop

done:
	SUBQ CX, R12
	MOVQ R12, ret+72(FP)
	VZEROUPPER
	RET

quoted:
	VPADDQ     Z16, Z1, K2, Z1
	VPSUBQ     Z16, Z2, K2, Z2
	VPSUBQ     Z16, Z2, K2, Z2
	VPSUBQ     Z16, Z2, Z3
	VPCMPUQ    $1, Z19, Z3, K1       // length - 1 < 16
	KORTESTB   K1, K1
	JCC        done
	VPGATHERQQ (SI)(Z1*1), K1, Z4

	// No quote in the text: it would stand for two, or be one of two.
	KXNORW       K1, K1, K1
	VPGATHERQQ   8(SI)(Z1*1), K1, Z10
	MOVQ         quote+64(FP), AX
	VPBROADCASTB AX, Z11
	VPSLLQ       $3, Z2, Z5
	VPSLLVQ      Z5, Z26, Z6
	VPCMPEQB     Z11, Z4, K1
	VPMOVM2B     K1, Z7
	VPANDNQ      Z7, Z6, Z7
	VPTESTMQ     Z7, Z7, K2
	KORTESTB     K2, K2
	JNE          done
	VPMAXUQ      Z24, Z5, Z5
	VPSUBQ       Z24, Z5, Z5
	VPSLLVQ      Z5, Z26, Z6
	VPCMPEQB     Z11, Z10, K1
	VPMOVM2B     K1, Z7
	VPANDNQ      Z7, Z6, Z7
	VPTESTMQ     Z7, Z7, K2
	KORTESTB     K2, K2
	JNE          done
	JMP          bare

long:
	KXNORW     K1, K1, K1
	VPGATHERQQ 8(SI)(Z1*1), K1, Z10
	VPMAXUQ    Z24, Z5, Z5
	VPSUBQ     Z24, Z5, Z5
	VPSLLVQ    Z5, Z26, Z5
	VPANDNQ    Z10, Z5, Z10          // high
	VPROLQ     $29, Z10, Z5
	VPXORQ     Z5, Z6, Z6
	VPMULLQ    Z25, Z6, Z6
	VPSRLQ     $51, Z6, Z6
	VPSLLQ     $2, Z6, Z6
	KXNORW     K1, K1, K1
	VPGATHERQQ (R13)(Z6*8), K1, Z8
	KXNORW     K2, K2, K2
	VPGATHERQQ 16(R13)(Z6*8), K2, Z9
	KXNORW     K3, K3, K3
	VPGATHERQQ 8(R13)(Z6*8), K3, Z11
	VPXORQ     Z4, Z8, Z8
	VPXORQ     Z10, Z11, Z11
	VPORQ      Z11, Z8, Z8
	JMP        compare
