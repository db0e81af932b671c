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
