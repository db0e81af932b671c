//go:build !purego

#include "textflag.h"

// The kernels read eight fields at a time, one in each 64-bit lane, and return
// how many groups of eight they have read before one with a field that is not
// plain. They are the functions of pure.go, lane by lane.
//
// Registers that all of them use:
//	DI dst  CX groups left  SI text  R8 ends  R10 bytes of ends a group
//	R12 groups in all  Y12 places of the lanes in ends
//	Z16 1 in the low half  Z17 the low half  Z18 last start  Z19 1
//	Z0 the quote, or what no byte is

DATA lanes<>+0(SB)/8, $0x0000000100000000
DATA lanes<>+8(SB)/8, $0x0000000300000002
DATA lanes<>+16(SB)/8, $0x0000000500000004
DATA lanes<>+24(SB)/8, $0x0000000700000006
GLOBL lanes<>(SB), RODATA|NOPTR, $32

// powers are 10^0 to 10^7 as doubles.
DATA powers<>+0(SB)/8, $0x3ff0000000000000
DATA powers<>+8(SB)/8, $0x4024000000000000
DATA powers<>+16(SB)/8, $0x4059000000000000
DATA powers<>+24(SB)/8, $0x408f400000000000
DATA powers<>+32(SB)/8, $0x40c3880000000000
DATA powers<>+40(SB)/8, $0x40f86a0000000000
DATA powers<>+48(SB)/8, $0x412e848000000000
DATA powers<>+56(SB)/8, $0x416312d000000000
GLOBL powers<>(SB), RODATA|NOPTR, $64

// monthDays are the lengths of the months 1 to 12; no month has the numbers 0
// and 13 to 15.
DATA monthDays<>+0(SB)/8, $0
DATA monthDays<>+8(SB)/8, $31
DATA monthDays<>+16(SB)/8, $28
DATA monthDays<>+24(SB)/8, $31
DATA monthDays<>+32(SB)/8, $30
DATA monthDays<>+40(SB)/8, $31
DATA monthDays<>+48(SB)/8, $30
DATA monthDays<>+56(SB)/8, $31
DATA monthDays<>+64(SB)/8, $31
DATA monthDays<>+72(SB)/8, $30
DATA monthDays<>+80(SB)/8, $31
DATA monthDays<>+88(SB)/8, $30
DATA monthDays<>+96(SB)/8, $31
DATA monthDays<>+104(SB)/8, $0
DATA monthDays<>+112(SB)/8, $0
DATA monthDays<>+120(SB)/8, $0
GLOBL monthDays<>(SB), RODATA|NOPTR, $128

// yearMonth moves the digits of yyyy-mm- to the first six bytes of a lane, and
// zeroTail keeps the others; see dateParts.
DATA yearMonth<>+0(SB)/8, $0x8080060503020100
DATA yearMonth<>+8(SB)/8, $0x80800e0d0b0a0908
GLOBL yearMonth<>(SB), RODATA|NOPTR, $16

// day moves the digits at the start of a lane to its last two bytes.
DATA day<>+0(SB)/8, $0x0100808080808080
DATA day<>+8(SB)/8, $0x0908808080808080
GLOBL day<>(SB), RODATA|NOPTR, $16

// clock moves the digits of hh:mm:ss to the first six bytes of a lane.
DATA clock<>+0(SB)/8, $0x8080070604030100
DATA clock<>+8(SB)/8, $0x80800f0e0c0b0908
GLOBL clock<>(SB), RODATA|NOPTR, $16

// constants of the calendar, for broadcasts in the loops.
DATA calendar<>+0(SB)/8, $10
DATA calendar<>+8(SB)/8, $19
DATA calendar<>+16(SB)/8, $12
DATA calendar<>+24(SB)/8, $5243
DATA calendar<>+32(SB)/8, $1461
DATA calendar<>+40(SB)/8, $979
DATA calendar<>+48(SB)/8, $2919
DATA calendar<>+56(SB)/8, $719468
DATA calendar<>+64(SB)/8, $32
DATA calendar<>+72(SB)/8, $84
DATA calendar<>+80(SB)/8, $0x3a00003a0000
DATA calendar<>+88(SB)/8, $0xff0000ff0000
DATA calendar<>+96(SB)/8, $0x3b003b0017
DATA calendar<>+104(SB)/8, $0x1003c0e10
DATA calendar<>+112(SB)/8, $86400
DATA calendar<>+120(SB)/8, $62162035200
DATA calendar<>+128(SB)/8, $1000000
GLOBL calendar<>(SB), RODATA|NOPTR, $136

#define ten calendar<>+0(SB)
#define nineteen calendar<>+8(SB)
#define twelve calendar<>+16(SB)
#define century calendar<>+24(SB)
#define fourYears calendar<>+32(SB)
#define months calendar<>+40(SB)
#define monthsFrom calendar<>+48(SB)
#define epoch calendar<>+56(SB)
#define space calendar<>+64(SB)
#define letterT calendar<>+72(SB)
#define colons calendar<>+80(SB)
#define colonMask calendar<>+88(SB)
#define clockMost calendar<>+96(SB)
#define clockUnits calendar<>+104(SB)
#define daySeconds calendar<>+112(SB)
#define epochSeconds calendar<>+120(SB)
#define second calendar<>+128(SB)

// EACH sets all lanes of z to a constant.
#define EACH(constant, z) \
	MOVQ         $constant, AX; \
	VPBROADCASTQ AX, z

// START sets up the registers that all kernels use, from R9 = stride, R11 = last
// start.
#define START \
	MOVQ         CX, R12; \
	VPBROADCASTD R9, Y12; \
	VPMULLD      lanes<>(SB), Y12, Y12; \
	SHLQ         $5, R9; \
	MOVQ         R9, R10; \
	EACH(0x0000000000000001, Z16); \
	EACH(0x00000000ffffffff, Z17); \
	VPBROADCASTQ R11, Z18; \
	VMOVDQA64    Z16, Z19

// FIELDS sets Z1 to where the fields start, Z2 to where they end, Z3 to their length
// and Z5 to their first eight bytes, quotes left out. Z27 is 0xff.
#define FIELDS(plain) \
	KXNORW     K1, K1, K1; \
	VPGATHERDQ (R8)(Y12*4), K1, Z1; \
	VPADDD     Z16, Z1, Z1; \
	VPSRLQ     $32, Z1, Z2; \
	VPANDQ     Z17, Z1, Z1; \
	VPCMPUQ    $2, Z18, Z1, K1; \
	KORTESTB   K1, K1; \
	JCC        done; \
	VPGATHERQQ (SI)(Z1*1), K1, Z5; \
	VPANDQ     Z27, Z5, Z4; \
	VPCMPEQQ   Z0, Z4, K5; \
	KORTESTB   K5, K5; \
	JEQ        plain; \
	VPADDQ     Z19, Z1, K5, Z1; \
	VPSUBQ     Z19, Z2, K5, Z2; \
	KXNORW     K1, K1, K1; \
	VPGATHERQQ (SI)(Z1*1), K1, Z5; \
plain: \
	VPSUBQ     Z1, Z2, Z3

// DIGITS turns the lanes of z, eight digits each without their '0', into the
// numbers they are; it goes to done when something else is among them. It uses
// tmp, Z20 (bytes of 9), Z21 (10, 1), Z22 (100, 1), Z23 (10000).
#define DIGITS(z, tmp) \
	VPCMPUB    $6, Z20, z, K2; \
	KORTESTQ   K2, K2; \
	JNE        done; \
	VPMADDUBSW Z21, z, z; \
	VPMADDWD   Z22, z, z; \
	VPMULUDQ   Z23, z, tmp; \
	VPSRLQ     $32, z, z; \
	VPADDQ     tmp, z, z

#define DIGITCONSTANTS \
	EACH(0x0909090909090909, Z20); \
	EACH(0x010a010a010a010a, Z21); \
	EACH(0x0001006400010064, Z22); \
	EACH(10000, Z23)

#define NEXT(bytes, loop) \
	ADDQ $bytes, DI; \
	ADDQ R10, R8; \
	DECQ CX; \
	JNZ  loop

// func intsAVX512(dst *int64, groups int, text *byte, limit int, ends *uint32, stride, quote int, exact uint8) int
TEXT ·intsAVX512(SB), NOSPLIT, $0-72
	MOVQ    dst+0(FP), DI
	MOVQ    groups+8(FP), CX
	MOVQ    text+16(FP), SI
	MOVQ    limit+24(FP), R11
	MOVQ    ends+32(FP), R8
	MOVQ    stride+40(FP), R9
	MOVBLZX exact+56(FP), BX
	KMOVW   BX, K3
	VPBROADCASTQ quote+48(FP), Z0
	START
	DIGITCONSTANTS
	EACH(8, Z24)
	EACH(0x3030303030303030, Z25)
	EACH(64, Z26)
	EACH(0xff, Z27)

loop:
	FIELDS(plain)
	VPSUBQ     Z19, Z3, Z4
	VPCMPUQ    $1, Z24, Z4, K1       // length - 1 < 8
	KORTESTB   K1, K1
	JCC        done
	VPXORQ     Z25, Z5, Z5
	VPCMPUQ    $6, Z19, Z3, K3, K4   // exact and length > 1
	VPTESTNMQ  Z27, Z5, K4, K2       // and a zero at the start
	KORTESTB   K2, K2
	JNE        done
	VPSLLQ     $3, Z3, Z6
	VPSUBQ     Z6, Z26, Z6
	VPSLLVQ    Z6, Z5, Z5
	DIGITS(Z5, Z6)
	VMOVDQU64  Z5, (DI)
	NEXT(64, loop)

done:
	SUBQ CX, R12
	MOVQ R12, ret+64(FP)
	VZEROUPPER
	RET

// func doublesAVX512(dst *float64, groups int, text *byte, limit int, ends *uint32, stride, quote int, exact uint8) int
TEXT ·doublesAVX512(SB), NOSPLIT, $0-72
	MOVQ      dst+0(FP), DI
	MOVQ      groups+8(FP), CX
	MOVQ      text+16(FP), SI
	MOVQ      limit+24(FP), R11
	MOVQ      ends+32(FP), R8
	MOVQ      stride+40(FP), R9
	MOVBLZX   exact+56(FP), BX
	KMOVW     BX, K3
	VPBROADCASTQ quote+48(FP), Z0
	START
	DIGITCONSTANTS
	EACH(8, Z24)
	EACH(0x3030303030303030, Z25)
	EACH(64, Z26)
	EACH(0xff, Z27)
	EACH(0x2d, Z28)                  // '-'
	EACH(0x1010101010101010, Z29)    // a digit has this bit and a point has not
	EACH(0x2e, Z30)                  // '.'
	VMOVDQU64 powers<>(SB), Z31
	VPTERNLOGQ $0xff, Z15, Z15, Z15  // all ones
	VPXORQ    Z14, Z14, Z14
	EACH(63, Z13)

loop:
	FIELDS(plain)
	VPANDQ     Z27, Z5, Z4
	VPCMPEQQ   Z28, Z4, K5           // lanes with a minus
	KORTESTB   K5, K5
	JEQ        unsigned
	VPADDQ     Z19, Z1, K5, Z1
	KXNORW     K1, K1, K1
	VPGATHERQQ (SI)(Z1*1), K1, Z5

unsigned:
	VPSUBQ     Z1, Z2, Z3            // length
	KXNORW     K1, K1, K1
	VPGATHERQQ 1(SI)(Z1*1), K1, Z6   // the bytes from the second on

	// Z7 is eight times the digits before the point, 64 without one.
	VPANDNQ    Z29, Z5, Z7
	VPSUBQ     Z7, Z14, Z8
	VPANDQ     Z8, Z7, Z7
	VPLZCNTQ   Z7, Z7
	VPSUBQ     Z7, Z13, Z7
	VPSRLQ     $3, Z7, Z7
	VPSLLQ     $3, Z7, Z7
	VPMINUQ    Z26, Z7, Z7
	VPSLLQ     $3, Z3, Z8            // eight times the length
	VPCMPUQ    $1, Z8, Z7, K4        // lanes with a point
	VPSUBQ     Z19, Z3, K4, Z3       // digits
	VPSUBQ     Z19, Z3, Z4
	VPCMPUQ    $1, Z24, Z4, K1       // digits - 1 < 8
	KORTESTB   K1, K1
	JCC        done

	// In lanes with a point: a digit before it and one behind it.
	VPSUBQ     Z7, Z8, Z9
	VPSRLQ     $3, Z9, Z9
	VPSUBQ     Z19, Z9, Z9           // digits behind it
	VPSRLVQ    Z7, Z5, Z10
	VPANDQ     Z27, Z10, Z10
	VPCMPEQQ   Z30, Z10, K4, K2
	VPTESTMQ   Z7, Z7, K2, K2
	VPTESTMQ   Z9, Z9, K2, K2
	KXORB      K4, K2, K2
	KORTESTB   K2, K2
	JNE        done

	// With exact, no zero before another digit of the integer part.
	VPMINUQ    Z7, Z8, Z10
	VPCMPUQ    $6, Z24, Z10, K3, K1
	VPXORQ     Z25, Z5, Z11
	VPTESTNMQ  Z27, Z11, K1, K1
	KORTESTB   K1, K1
	JNE        done

	// The bytes behind the point move over it.
	VPSLLVQ    Z7, Z15, Z10          // from the point on
	VPTERNLOGQ $0xca, Z5, Z6, Z10    // Z10 ? Z6 : Z5
	VPXORQ     Z25, Z10, Z5
	VPSLLQ     $3, Z3, Z6
	VPSUBQ     Z6, Z26, Z6
	VPSLLVQ    Z6, Z5, Z5
	DIGITS(Z5, Z6)
	VCVTQQ2PD  Z5, Z5
	VMOVDQA64.Z Z9, K4, Z9           // 0 without a point
	VPERMPD    Z31, Z9, Z9
	VDIVPD     Z9, Z5, Z5
	VPSLLQ     $63, Z19, Z6
	VPXORQ     Z6, Z5, K5, Z5
	VMOVDQU64  Z5, (DI)
	NEXT(64, loop)

done:
	SUBQ CX, R12
	MOVQ R12, ret+64(FP)
	VZEROUPPER
	RET

// DATECONSTANTS are those of DAYS.
#define DATECONSTANTS \
	EACH(0x0909090909090909, Z20); \
	EACH(0x010a010a010a010a, Z21); \
	VBROADCASTI32X4 yearMonth<>(SB), Z22; \
	VBROADCASTI32X4 day<>(SB), Z23; \
	EACH(0x2d00002d00000000, Z24); \
	EACH(0xff0000ff00000000, Z25); \
	EACH(0x3030303030303030, Z26); \
	EACH(0xff, Z27); \
	VMOVDQU64 monthDays<>(SB), Z28; \
	VMOVDQU64 monthDays<>+64(SB), Z29; \
	EACH(100, Z30); \
	EACH(2, Z31)

// DAYS turns Z5, yyyy-mm-, and Z6, dd at the start of lanes, into Z5, days from
// the first of March of the year 0, and goes to done when one is no date. It uses
// Z1 and Z7 to Z15.
#define DAYS \
	VPANDQ     Z25, Z5, Z7; \
	VPCMPEQQ   Z24, Z7, K1; \
	KORTESTB   K1, K1; \
	JCC        done; \
	VPSHUFB    Z22, Z5, Z5; \
	VPSHUFB    Z23, Z6, Z7; \
	VPORQ      Z7, Z5, Z5; \
	VPXORQ     Z26, Z5, Z5; \
	VPCMPUB    $6, Z20, Z5, K2; \
	KORTESTQ   K2, K2; \
	JNE        done; \
	VPMADDUBSW Z21, Z5, Z5; \
	VPANDQ     Z27, Z5, Z7; \
	VPSRLQ     $16, Z5, Z8; \
	VPANDQ     Z27, Z8, Z8; \
	VPSRLQ     $32, Z5, Z9; \
	VPANDQ     Z27, Z9, Z9; \
	VPSRLQ     $48, Z5, Z10; \
	VPMULUDQ   Z30, Z7, Z11; \
	VPADDQ     Z8, Z11, Z11; \
	VPTESTMQ   Z11, Z11, K1; \
	KORTESTB   K1, K1; \
	JCC        done; \
	VMOVDQA64  Z9, Z1; \
	VPERMI2Q   Z29, Z28, Z1; \
	VPSLLQ     $60, Z9, Z13; \
	VPSRLQ     $60, Z13, Z13; \
	VPCMPEQQ   Z13, Z9, K1; \
	KORTESTB   K1, K1; \
	JCC        done; \
	VPTESTNMQ  Z8, Z8, K1; \
	VMOVDQA64  Z8, Z13; \
	VMOVDQA64  Z7, K1, Z13; \
	VPSLLQ     $62, Z13, Z13; \
	VPTESTNMQ  Z13, Z13, K1; \
	VPCMPEQQ   Z31, Z9, K1, K1; \
	VPADDQ     Z19, Z1, K1, Z1; \
	VPSUBQ     Z19, Z10, Z13; \
	VPCMPUQ    $1, Z1, Z13, K1; \
	KORTESTB   K1, K1; \
	JCC        done; \
	VPCMPUQ    $2, Z31, Z9, K1; \
	VPSUBQ     Z19, Z11, K1, Z11; \
	VPADDQ.BCST twelve, Z9, K1, Z9; \
	VPMULUDQ.BCST century, Z11, Z1; \
	VPSRLQ     $19, Z1, Z1; \
	VPMULUDQ.BCST fourYears, Z11, Z11; \
	VPSRLQ     $2, Z11, Z11; \
	VPSUBQ     Z1, Z11, Z11; \
	VPSRLQ     $2, Z1, Z1; \
	VPADDQ     Z1, Z11, Z11; \
	VPMULUDQ.BCST months, Z9, Z9; \
	VPSUBQ.BCST monthsFrom, Z9, Z9; \
	VPSRLQ     $5, Z9, Z9; \
	VPADDQ     Z9, Z11, Z11; \
	VPADDQ     Z13, Z11, Z5

// func datesAVX512(dst *int32, groups int, text *byte, limit int, ends *uint32, stride, quote int) int
TEXT ·datesAVX512(SB), NOSPLIT, $0-64
	MOVQ dst+0(FP), DI
	MOVQ groups+8(FP), CX
	MOVQ text+16(FP), SI
	MOVQ limit+24(FP), R11
	MOVQ ends+32(FP), R8
	MOVQ stride+40(FP), R9
	VPBROADCASTQ quote+48(FP), Z0
	START
	DATECONSTANTS

loop:
	FIELDS(plain)
	VPCMPEQQ.BCST ten, Z3, K1
	KORTESTB   K1, K1
	JCC        done
	KXNORW     K1, K1, K1
	VPGATHERQQ 8(SI)(Z1*1), K1, Z6
	DAYS
	VPSUBQ.BCST epoch, Z5, Z5
	VPMOVQD    Z5, (DI)
	NEXT(32, loop)

done:
	SUBQ CX, R12
	MOVQ R12, ret+56(FP)
	VZEROUPPER
	RET

// func timestampsAVX512(dst *int64, groups int, text *byte, limit int, ends *uint32, stride, quote int) int
TEXT ·timestampsAVX512(SB), NOSPLIT, $0-64
	MOVQ dst+0(FP), DI
	MOVQ groups+8(FP), CX
	MOVQ text+16(FP), SI
	MOVQ limit+24(FP), R11
	MOVQ ends+32(FP), R8
	MOVQ stride+40(FP), R9
	VPBROADCASTQ quote+48(FP), Z0
	START
	DATECONSTANTS

loop:
	FIELDS(plain)
	VPCMPEQQ.BCST nineteen, Z3, K1
	KORTESTB   K1, K1
	JCC        done
	KXNORW     K1, K1, K1
	VPGATHERQQ 8(SI)(Z1*1), K1, Z6
	KXNORW     K1, K1, K1
	VPGATHERQQ 11(SI)(Z1*1), K1, Z4

	// A space or a T between date and time.
	VPSRLQ     $16, Z6, Z7
	VPANDQ     Z27, Z7, Z7
	VPCMPEQQ.BCST space, Z7, K1
	VPCMPEQQ.BCST letterT, Z7, K2
	KORB       K1, K2, K1
	KORTESTB   K1, K1
	JCC        done
	DAYS

	// hh:mm:ss
	VPANDQ.BCST colonMask, Z4, Z8
	VPCMPEQQ.BCST colons, Z8, K1
	KORTESTB   K1, K1
	JCC        done
	VPXORQ     Z26, Z4, Z4
	VBROADCASTI32X4 clock<>(SB), Z7
	VPSHUFB    Z7, Z4, Z4
	VPCMPUB    $6, Z20, Z4, K2
	KORTESTQ   K2, K2
	JNE        done
	VPMADDUBSW Z21, Z4, Z4           // hours, minutes and seconds in words
	VPBROADCASTQ clockMost, Z7
	VPBROADCASTQ clockUnits, Z13
	VPCMPUW    $6, Z7, Z4, K2        // above 23, 59, 59
	KORTESTD   K2, K2
	JNE        done
	VPMADDWD   Z13, Z4, Z4           // 3600, 60, 1
	VPSRLQ     $32, Z4, Z7
	VPANDQ     Z17, Z4, Z4
	VPADDQ     Z7, Z4, Z4            // seconds
	VPMULUDQ.BCST daySeconds, Z5, Z5
	VPADDQ     Z4, Z5, Z5
	VPSUBQ.BCST epochSeconds, Z5, Z5
	VPMULLQ.BCST second, Z5, Z5
	VMOVDQU64  Z5, (DI)
	NEXT(64, loop)

done:
	SUBQ CX, R12
	MOVQ R12, ret+56(FP)
	VZEROUPPER
	RET
