//go:build !purego

#include "textflag.h"

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

DATA places<>+0(SB)/8, $0x0706050403020100
DATA places<>+8(SB)/8, $0x0f0e0d0c0b0a0908
DATA places<>+16(SB)/8, $0x1716151413121110
DATA places<>+24(SB)/8, $0x1f1e1d1c1b1a1918
DATA places<>+32(SB)/8, $0x2726252423222120
DATA places<>+40(SB)/8, $0x2f2e2d2c2b2a2928
DATA places<>+48(SB)/8, $0x3736353433323130
DATA places<>+56(SB)/8, $0x3f3e3d3c3b3a3938
GLOBL places<>(SB), RODATA|NOPTR, $64

// func expandVBMI2(dst *uint32, masks *uint64, n int, base uint32) int
//
// The places 0 to 63 are compressed by the mask and written 16 at a time.
TEXT ·expandVBMI2(SB), NOSPLIT, $0-40
	MOVQ         dst+0(FP), DI
	MOVQ         masks+8(FP), SI
	MOVQ         n+16(FP), DX
	MOVL         base+24(FP), AX
	VPBROADCASTD AX, Z4
	MOVQ         DI, R9
	VMOVDQU64    places<>(SB), Z0
	MOVL         $64, AX
	VPBROADCASTD AX, Z5

loop:
	MOVQ         (SI), AX
	KMOVQ        AX, K1
	POPCNTQ      AX, CX
	VPCOMPRESSB.Z Z0, K1, Z1
	VPMOVZXBD    X1, Z2
	VPADDD       Z4, Z2, Z2
	VMOVDQU32    Z2, (DI)
	CMPQ         CX, $16
	JA           more

next:
	LEAQ   (DI)(CX*4), DI
	VPADDD Z5, Z4, Z4
	ADDQ   $8, SI
	DECQ   DX
	JNZ    loop
	SUBQ   R9, DI
	SHRQ   $2, DI
	MOVQ   DI, ret+32(FP)
	VZEROUPPER
	RET

more:
	VEXTRACTI32X4 $1, Z1, X2
	VPMOVZXBD     X2, Z2
	VPADDD        Z4, Z2, Z2
	VMOVDQU32     Z2, 64(DI)
	CMPQ          CX, $32
	JBE           next
	VEXTRACTI32X4 $2, Z1, X2
	VPMOVZXBD     X2, Z2
	VPADDD        Z4, Z2, Z2
	VMOVDQU32     Z2, 128(DI)
	CMPQ          CX, $48
	JBE           next
	VEXTRACTI32X4 $3, Z1, X2
	VPMOVZXBD     X2, Z2
	VPADDD        Z4, Z2, Z2
	VMOVDQU32     Z2, 192(DI)
	JMP           next
