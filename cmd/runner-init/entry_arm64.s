//go:build !purego && !race && !msan && !asan

#include "textflag.h"

// The program's entry point, see entry_amd64.s. Here g is a register, and nothing else has to be prepared.
TEXT _rt0_arm64_linux(SB), NOSPLIT|NOFRAME|DUPOK, $0
	MOVD RSP, R19
	SUB $32, RSP        // 8: argument, 16: result; 0 is the callee's
	MOVD R19, 8(RSP)
	MOVD $·bottomless(SB), g
	CALL ·enter(SB)
	MOVD 16(RSP), R19
	MOVD R19, RSP
	JMP _rt0_arm64(SB)

GLOBL ·bottomless(SB), NOPTR, $512
