//go:build !purego && !race && !msan && !asan

#include "textflag.h"

#define ARCH_PRCTL 158
#define ARCH_SET_FS 0x1002
#define ARCH_GET_FS 0x1003

// The program's entry point. The linker looks for it under this name, finds the runtime's, which does nothing but jump on,
// and may replace it because this one is DUPOK.
//
// Go code expects a stack, which the kernel has given us, a g with its bounds in R14, which lies in thread-local storage
// at -8(FS), and X15 = 0, which the call itself takes care of. A g of zeros says that the stack has no bottom. A program
// that was linked against the C library has had its FS set already.
TEXT _rt0_amd64_linux(SB), NOSPLIT|NOFRAME|DUPOK, $0
	MOVQ SP, BX
	ANDQ $~15, SP
	SUBQ $32, SP         // 0: argument, 8: result, 16: FS of the C library
	MOVQ BX, 0(SP)
	MOVQ $ARCH_GET_FS, DI
	LEAQ 16(SP), SI
	MOVQ $ARCH_PRCTL, AX
	SYSCALL
	MOVQ $ARCH_SET_FS, DI
	LEAQ ·storage+8(SB), SI
	MOVQ $ARCH_PRCTL, AX
	SYSCALL
	LEAQ ·bottomless(SB), AX
	MOVQ AX, ·storage(SB)
	CALL ·enter(SB)
	MOVQ $ARCH_SET_FS, DI
	MOVQ 16(SP), SI
	MOVQ $ARCH_PRCTL, AX
	SYSCALL
	MOVQ 8(SP), SP
	JMP _rt0_amd64(SB)

GLOBL ·storage(SB), NOPTR, $8
GLOBL ·bottomless(SB), NOPTR, $512
