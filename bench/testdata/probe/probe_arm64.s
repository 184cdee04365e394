#include "textflag.h"

// At the entry of an ELF program RSP points to argc, argv…, 0, envp…, 0. System calls: number in R8, arguments in R0 to
// R4, result in R0.

#define SYS_mount 40
#define SYS_write 64
#define SYS_exit_group 94
#define SYS_clock_gettime 113
#define SYS_rt_sigprocmask 135
#define SYS_rt_sigtimedwait 137
#define SYS_execve 221

#define CLOCK_MONOTONIC 1
#define SIGTERM 15

// TELL writes the time to standard output.
#define TELL \
	SUB $16, RSP \
	MOVD $CLOCK_MONOTONIC, R0 \
	MOVD RSP, R1 \
	MOVD $SYS_clock_gettime, R8 \
	SVC \
	MOVD $1, R0 \
	MOVD RSP, R1 \
	MOVD $16, R2 \
	MOVD $SYS_write, R8 \
	SVC \
	ADD $16, RSP

#define EXIT(code) \
	MOVD $code, R0 \
	MOVD $SYS_exit_group, R8 \
	SVC

DATA proc<>+0(SB)/8, $"proc\x00\x00\x00\x00"
GLOBL proc<>(SB), RODATA|NOPTR, $8
DATA path<>+0(SB)/8, $"/proc\x00\x00\x00"
GLOBL path<>(SB), RODATA|NOPTR, $8

TEXT ·launch(SB), NOSPLIT|NOFRAME, $0-0
	MOVD $proc<>(SB), R0
	MOVD $path<>(SB), R1
	MOVD $proc<>(SB), R2
	MOVD $0, R3
	MOVD $0, R4
	MOVD $SYS_mount, R8
	SVC
	TELL
	MOVD RSP, R9
	MOVD 0(R9), R10      // argc
	MOVD 16(R9), R0      // argv[1]
	ADD $16, R9, R1      // argv+1
	ADD R10<<3, R1, R2   // envp
	MOVD $SYS_execve, R8
	SVC
	EXIT(127)

TEXT ·stamp(SB), NOSPLIT|NOFRAME, $0-0
	TELL
	EXIT(0)

TEXT ·echo(SB), NOSPLIT|NOFRAME, $0-0
	SUB $16, RSP
	MOVD $-1, R9
	MOVD RSP, R10
	MOVD R9, 0(R10)
	MOVD $0, R0 // SIG_BLOCK
	MOVD R10, R1
	MOVD $0, R2
	MOVD $8, R3
	MOVD $SYS_rt_sigprocmask, R8
	SVC
again:
	TELL
	MOVD RSP, R0
	MOVD $0, R1
	MOVD $0, R2
	MOVD $8, R3
	MOVD $SYS_rt_sigtimedwait, R8
	SVC
	CMP $SIGTERM, R0
	BNE again
	EXIT(0)
