//go:build !purego

#include "textflag.h"

// func eitherAVX2(dst *uint64, p *byte, chunks int, a, b byte)
TEXT ·eitherAVX2(SB), NOSPLIT, $0-26
	MOVQ         dst+0(FP), DI
	MOVQ         p+8(FP), SI
	MOVQ         chunks+16(FP), CX
	VPBROADCASTB a+24(FP), Y0
	VPBROADCASTB b+25(FP), Y1

eitherLoop:
	VMOVDQU   (SI), Y2
	VMOVDQU   32(SI), Y3
	VPCMPEQB  Y0, Y2, Y4
	VPCMPEQB  Y1, Y2, Y5
	VPCMPEQB  Y0, Y3, Y6
	VPCMPEQB  Y1, Y3, Y7
	VPOR      Y4, Y5, Y4
	VPOR      Y6, Y7, Y6
	VPMOVMSKB Y4, AX
	VPMOVMSKB Y6, BX
	SHLQ      $32, BX
	ORQ       BX, AX
	MOVQ      AX, (DI)
	ADDQ      $64, SI
	ADDQ      $8, DI
	DECQ      CX
	JNZ       eitherLoop
	VZEROUPPER
	RET

// func eachAVX2(as, bs, cs *uint64, p *byte, chunks int, a, b, c byte)
TEXT ·eachAVX2(SB), NOSPLIT, $0-43
	MOVQ         as+0(FP), DI
	MOVQ         bs+8(FP), R8
	MOVQ         cs+16(FP), R9
	MOVQ         p+24(FP), SI
	MOVQ         chunks+32(FP), CX
	VPBROADCASTB a+40(FP), Y0
	VPBROADCASTB b+41(FP), Y1
	VPBROADCASTB c+42(FP), Y2

eachLoop:
	VMOVDQU   (SI), Y3
	VMOVDQU   32(SI), Y4
	VPCMPEQB  Y0, Y3, Y5
	VPCMPEQB  Y0, Y4, Y6
	VPMOVMSKB Y5, AX
	VPMOVMSKB Y6, BX
	SHLQ      $32, BX
	ORQ       BX, AX
	MOVQ      AX, (DI)
	VPCMPEQB  Y1, Y3, Y5
	VPCMPEQB  Y1, Y4, Y6
	VPMOVMSKB Y5, AX
	VPMOVMSKB Y6, BX
	SHLQ      $32, BX
	ORQ       BX, AX
	MOVQ      AX, (R8)
	VPCMPEQB  Y2, Y3, Y5
	VPCMPEQB  Y2, Y4, Y6
	VPMOVMSKB Y5, AX
	VPMOVMSKB Y6, BX
	SHLQ      $32, BX
	ORQ       BX, AX
	MOVQ      AX, (R9)
	ADDQ      $64, SI
	ADDQ      $8, DI
	ADDQ      $8, R8
	ADDQ      $8, R9
	DECQ      CX
	JNZ       eachLoop
	VZEROUPPER
	RET

// PLACE writes the place of the lowest bit of AX at DI plus an offset and
// clears the bit.
#define PLACE(offset) \
	TZCNTQ AX, BX; \
	ADDL   R8, BX; \
	MOVL   BX, offset(DI); \
	BLSRQ  AX, AX

// func expandBMI(dst *uint32, masks *uint64, n int, base uint32) int
TEXT ·expandBMI(SB), NOSPLIT, $0-40
	MOVQ dst+0(FP), DI
	MOVQ masks+8(FP), SI
	MOVQ n+16(FP), DX
	MOVL base+24(FP), R8
	MOVQ DI, R9

expandLoop:
	MOVQ    (SI), AX
	POPCNTQ AX, CX
	PLACE(0)
	PLACE(4)
	PLACE(8)
	PLACE(12)
	PLACE(16)
	PLACE(20)
	PLACE(24)
	PLACE(28)
	CMPQ    CX, $8
	JBE     expandNext
	PLACE(32)
	PLACE(36)
	PLACE(40)
	PLACE(44)
	PLACE(48)
	PLACE(52)
	PLACE(56)
	PLACE(60)
	CMPQ    CX, $16
	JBE     expandNext
	MOVQ    DI, R10
	ADDQ    $64, R10

expandMore:
	TZCNTQ AX, BX
	ADDL   R8, BX
	MOVL   BX, (R10)
	ADDQ   $4, R10
	BLSRQ  AX, AX
	TESTQ  AX, AX
	JNZ    expandMore

expandNext:
	LEAQ (DI)(CX*4), DI
	ADDL $64, R8
	ADDQ $8, SI
	DECQ DX
	JNZ  expandLoop
	SUBQ R9, DI
	SHRQ $2, DI
	MOVQ DI, ret+32(FP)
	RET
