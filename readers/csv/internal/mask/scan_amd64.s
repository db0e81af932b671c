//go:build !purego

#include "textflag.h"

// Both functions are chunksByMasks in one step. Registers:
//	DI dst  SI text  R12 *scanState
//	R8 inside  R9 mayOpen  R10 mustFollow  R13 lines
// and of the chunk at hand
//	AX delimiters and line ends, then separators  BX line ends  DX quotes

#define LOAD_STATE \
	MOVQ 0(R12), R8; \
	MOVQ 8(R12), R9; \
	MOVQ 16(R12), R10; \
	MOVQ 32(R12), R13

// STORE_STATE also returns the number of chunks read.
#define STORE_STATE(ret) \
	MOVQ R8, 0(R12); \
	MOVQ R9, 8(R12); \
	MOVQ R10, 16(R12); \
	MOVQ R13, 32(R12); \
	SUBQ dst+0(FP), DI; \
	SHRQ $3, DI; \
	MOVQ DI, ret; \
	VZEROUPPER

// QUICK goes to slow when quotes have to do with the chunk, and else is done
// with it.
#define QUICK(slow) \
	ANDQ    48(R12), DX; \
	MOVQ    DX, R11; \
	ORQ     R8, R11; \
	ORQ     R10, R11; \
	JNE     slow; \
	MOVQ    AX, (DI); \
	MOVQ    AX, R9; \
	SHRQ    $63, R9; \
	POPCNTQ BX, BX; \
	ADDQ    BX, R13

// JUDGE is the middle of scanState.step: R11 what lies within quotes, R14 the
// quotes that open, DX those that close, R15 what a quote may open behind. It goes
// to exit when one opens elsewhere; CX are the suspects.
#define JUDGE(exit) \
	ORQ        DX, 24(R12); \
	VMOVQ      DX, X8; \
	VPCLMULQDQ $0, X7, X8, X8; \
	VMOVQ      X8, R11; \
	XORQ       R8, R11; \
	ANDNQ      AX, R11, AX; \
	MOVQ       DX, R14; \
	ANDQ       R11, R14; \
	ANDNQ      DX, R11, DX; \
	MOVQ       AX, R15; \
	ORQ        DX, R15; \
	LEAQ       (R15)(R15*1), CX; \
	ORQ        R9, CX; \
	ANDNQ      R14, CX, CX; \
	JNE        exit; \
	LEAQ       (DX)(DX*1), CX; \
	ORQ        R10, CX; \
	ORQ        AX, R14; \
	ANDNQ      CX, R14, CX

// ACQUIT goes to exit unless all suspects are CRs, of which R14 is the mask, before
// a line end of the chunk.
#define ACQUIT(exit) \
	ANDQ  56(R12), R14; \
	ANDNQ CX, R14, R14; \
	JNE   exit; \
	SHLQ  $1, CX; \
	JCS   exit; \
	ANDNQ CX, BX, CX; \
	JNE   exit

// SETTLE is done with a chunk that JUDGE has seen.
#define SETTLE \
	MOVQ    AX, (DI); \
	POPCNTQ BX, CX; \
	ADDQ    CX, R13; \
	ANDQ    R11, BX; \
	POPCNTQ BX, BX; \
	ADDQ    BX, 40(R12); \
	MOVQ    R15, R9; \
	SHRQ    $63, R9; \
	MOVQ    DX, R10; \
	SHRQ    $63, R10; \
	MOVQ    R11, R8; \
	SARQ    $63, R8

#define NEXT(loop) \
	ADDQ $64, SI; \
	ADDQ $8, DI; \
	CMPQ DI, dstEnd-8(SP); \
	JNE  loop

// func scanAVX512(dst *uint64, p *byte, chunks int, s *scanState, delim, line, quote byte) int
TEXT ·scanAVX512(SB), NOSPLIT, $8-48
	MOVQ         dst+0(FP), DI
	MOVQ         p+8(FP), SI
	MOVQ         chunks+16(FP), CX
	MOVQ         s+24(FP), R12
	VPBROADCASTB delim+32(FP), Z0
	VPBROADCASTB line+33(FP), Z1
	VPBROADCASTB quote+34(FP), Z2
	MOVL         $13, AX
	VPBROADCASTB AX, Z5
	VPCMPEQD     X7, X7, X7
	LEAQ         (DI)(CX*8), CX
	MOVQ         CX, dstEnd-8(SP)
	LOAD_STATE

loop:
	VMOVDQU64 (SI), Z3
	VPCMPEQB  Z0, Z3, K1
	VPCMPEQB  Z1, Z3, K2
	VPCMPEQB  Z2, Z3, K3
	KORQ      K1, K2, K1
	KMOVQ     K1, AX
	KMOVQ     K2, BX
	KMOVQ     K3, DX
	QUICK(slow)

next:
	NEXT(loop)

exit:
	STORE_STATE(ret+40(FP))
	RET

slow:
	JUDGE(exit)
	JNE suspects

settle:
	SETTLE
	JMP next

suspects:
	VPCMPEQB Z5, Z3, K3
	KMOVQ    K3, R14
	ACQUIT(exit)
	JMP      settle

// MASK2 sets dst to the bytes of Y3 and Y4 that equal those of y.
#define MASK2(y, tmp, dst) \
	VPCMPEQB  y, Y3, Y9; \
	VPCMPEQB  y, Y4, Y10; \
	VPMOVMSKB Y9, tmp; \
	VPMOVMSKB Y10, dst; \
	SHLQ      $32, dst; \
	ORQ       tmp, dst

// func scanAVX2(dst *uint64, p *byte, chunks int, s *scanState, delim, line, quote byte) int
TEXT ·scanAVX2(SB), NOSPLIT, $16-48
	MOVQ         dst+0(FP), DI
	MOVQ         p+8(FP), SI
	MOVQ         chunks+16(FP), CX
	MOVQ         s+24(FP), R12
	VPBROADCASTB delim+32(FP), Y0
	VPBROADCASTB line+33(FP), Y1
	VPBROADCASTB quote+34(FP), Y2
	MOVL         $13, AX
	VMOVD        AX, X5
	VPBROADCASTB X5, Y5
	VPCMPEQD     X7, X7, X7
	LEAQ         (DI)(CX*8), CX
	MOVQ         CX, dstEnd-8(SP)
	LOAD_STATE

loop:
	VMOVDQU (SI), Y3
	VMOVDQU 32(SI), Y4
	MASK2(Y0, CX, AX)
	MASK2(Y1, CX, BX)
	MASK2(Y2, CX, DX)
	ORQ     BX, AX
	QUICK(slow)

next:
	NEXT(loop)

exit:
	STORE_STATE(ret+40(FP))
	RET

slow:
	JUDGE(exit)
	JNE suspects

settle:
	SETTLE
	JMP next

suspects:
	MOVQ DX, closing-16(SP)
	MASK2(Y5, DX, R14)
	MOVQ closing-16(SP), DX
	ACQUIT(exit)
	JMP  settle
