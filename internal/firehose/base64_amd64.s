#include "textflag.h"

// What a character of the alphabet may not be: lutLow by its low four bits,
// lutHigh by its high four. Where both have a bit in common, it is none.
DATA lutLow<>+0(SB)/8, $0x1111111111111115
DATA lutLow<>+8(SB)/8, $0x1A1B1B1B1A131111
DATA lutLow<>+16(SB)/8, $0x1111111111111115
DATA lutLow<>+24(SB)/8, $0x1A1B1B1B1A131111
GLOBL lutLow<>(SB), RODATA|NOPTR, $32

DATA lutHigh<>+0(SB)/8, $0x0804080402011010
DATA lutHigh<>+8(SB)/8, $0x1010101010101010
DATA lutHigh<>+16(SB)/8, $0x0804080402011010
DATA lutHigh<>+24(SB)/8, $0x1010101010101010
GLOBL lutHigh<>(SB), RODATA|NOPTR, $32

// What is to be added to a character to get its six bits, by its high four
// bits; one less for the slash, which shares them with the plus.
DATA lutRoll<>+0(SB)/8, $0xB9B9BFBF04131000
DATA lutRoll<>+8(SB)/8, $0x0000000000000000
DATA lutRoll<>+16(SB)/8, $0xB9B9BFBF04131000
DATA lutRoll<>+24(SB)/8, $0x0000000000000000
GLOBL lutRoll<>(SB), RODATA|NOPTR, $32

// Which bytes of a lane's sixteen are the twelve decoded ones, in order.
DATA gather<>+0(SB)/8, $0x090A040506000102
DATA gather<>+8(SB)/8, $0xFFFFFFFF0C0D0E08
DATA gather<>+16(SB)/8, $0x090A040506000102
DATA gather<>+24(SB)/8, $0xFFFFFFFF0C0D0E08
GLOBL gather<>(SB), RODATA|NOPTR, $32

// The lanes' twelve bytes side by side, as numbers of groups of four.
DATA lanes<>+0(SB)/8, $0x0000000100000000
DATA lanes<>+8(SB)/8, $0x0000000400000002
DATA lanes<>+16(SB)/8, $0x0000000600000005
DATA lanes<>+24(SB)/8, $0x0000000700000007
GLOBL lanes<>(SB), RODATA|NOPTR, $32

DATA slash<>+0(SB)/4, $0x2F2F2F2F
GLOBL slash<>(SB), RODATA|NOPTR, $4
DATA joinPairs<>+0(SB)/4, $0x01400140
GLOBL joinPairs<>(SB), RODATA|NOPTR, $4
DATA joinFours<>+0(SB)/4, $0x00011000
GLOBL joinFours<>(SB), RODATA|NOPTR, $4

// CLASSIFY loads 32 characters into Y0; Y1 has their high four bits, and Y3 is
// zero where they belong to the alphabet.
#define CLASSIFY \
	VMOVDQU (SI), Y0       \
	VPSRLD  $4, Y0, Y1     \
	VPAND   Y12, Y1, Y1    \
	VPAND   Y12, Y0, Y2    \
	VPSHUFB Y1, Y9, Y3     \
	VPSHUFB Y2, Y8, Y4     \
	VPAND   Y3, Y4, Y3

// DECODE writes the 24 bytes of Y0's characters, and eight that mean nothing.
#define DECODE \
	VPCMPEQB   Y12, Y0, Y2  \
	VPADDB     Y1, Y2, Y2   \
	VPSHUFB    Y2, Y10, Y2  \
	VPADDB     Y2, Y0, Y0   \
	VPMADDUBSW Y13, Y0, Y0  \
	VPMADDWD   Y14, Y0, Y0  \
	VPSHUFB    Y11, Y0, Y0  \
	VPERMD     Y0, Y15, Y0  \
	VMOVDQU    Y0, (DI)

// func decodeAVX2(dst, src []byte) (n int)
TEXT ·decodeAVX2(SB), NOSPLIT, $0-56
	MOVQ dst_base+0(FP), DI
	MOVQ dst_len+8(FP), R8
	MOVQ src_base+24(FP), SI
	MOVQ src_len+32(FP), CX
	XORQ AX, AX
	VMOVDQU lutLow<>(SB), Y8
	VMOVDQU lutHigh<>(SB), Y9
	VMOVDQU lutRoll<>(SB), Y10
	VMOVDQU gather<>(SB), Y11
	VPBROADCASTD slash<>(SB), Y12
	VPBROADCASTD joinPairs<>(SB), Y13
	VPBROADCASTD joinFours<>(SB), Y14
	VMOVDQU lanes<>(SB), Y15

loop:
	CMPQ CX, $32
	JLT  done
	CMPQ R8, $32
	JLT  done
	CLASSIFY
	VPTEST Y3, Y3
	JNZ  end
	DECODE
	ADDQ $32, SI
	ADDQ $24, DI
	ADDQ $32, AX
	SUBQ $32, CX
	SUBQ $24, R8
	JMP  loop

end: // some of the 32 are not of the alphabet: the fours before the first of them count
	VPXOR     Y4, Y4, Y4
	VPCMPEQB  Y4, Y3, Y3
	VPMOVMSKB Y3, R9
	NOTL      R9
	BSFL      R9, R9
	ANDL      $~3, R9
	ADDQ      R9, AX
	DECODE

done:
	MOVQ AX, n+48(FP)
	VZEROUPPER
	RET
