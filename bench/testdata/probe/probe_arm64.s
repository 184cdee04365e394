#include "textflag.h"

// At the entry of an ELF program RSP points to argc, argv…, 0, envp…, 0. System calls: number in R8, arguments in R0 to
// R4, result in R0; they destroy nothing else.

#define SYS_mount 40
#define SYS_close 57
#define SYS_read 63
#define SYS_write 64
#define SYS_exit_group 94
#define SYS_nanosleep 101
#define SYS_clock_gettime 113
#define SYS_kill 129
#define SYS_rt_sigprocmask 135
#define SYS_rt_sigtimedwait 137
#define SYS_clone 220
#define SYS_execve 221
#define SYS_wait4 260

#define CALL1(number, a) \
	MOVD a, R0 \
	MOVD $number, R8 \
	SVC

#define CALL2(number, a, b) \
	MOVD b, R1 \
	CALL1(number, a)

#define CALL3(number, a, b, c) \
	MOVD c, R2 \
	CALL2(number, a, b)

#define CALL4(number, a, b, c, d) \
	MOVD d, R3 \
	CALL3(number, a, b, c)

#define CALL5(number, a, b, c, d, e) \
	MOVD e, R4 \
	CALL4(number, a, b, c, d)

#define SIGKILL 9
#define SIGUSR1 10
#define SIGTERM 15
#define SIGCHLD 17
#define CLONE_VM 0x100
#define CLONE_NEWPID 0x20000000
#define CLOCK_MONOTONIC 1
#define ESRCH 3

// TELL writes the time to standard output.
#define TELL \
	SUB $16, RSP \
	CALL2(SYS_clock_gettime, $CLOCK_MONOTONIC, RSP) \
	CALL3(SYS_write, $1, RSP, $16) \
	ADD $16, RSP

// BLOCK blocks all signals.
#define BLOCK \
	SUB $16, RSP \
	MOVD $-1, R9 \
	MOVD R9, 0(RSP) \
	CALL4(SYS_rt_sigprocmask, $0, RSP, $0, $8) \
	ADD $16, RSP

// RECEIVE waits for one of the signals that are blocked. Its number is then in R0.
#define RECEIVE \
	SUB $16, RSP \
	MOVD $-1, R9 \
	MOVD R9, 0(RSP) \
	CALL4(SYS_rt_sigtimedwait, RSP, $0, $0, $8) \
	ADD $16, RSP

DATA proc<>+0(SB)/8, $"proc\x00\x00\x00\x00"
GLOBL proc<>(SB), RODATA|NOPTR, $8
DATA path<>+0(SB)/8, $"/proc\x00\x00\x00"
GLOBL path<>(SB), RODATA|NOPTR, $8
DATA millisecond<>+0(SB)/8, $0
DATA millisecond<>+8(SB)/8, $1000000
GLOBL millisecond<>(SB), RODATA|NOPTR, $16

// run<> makes the calling process, PID 1, execute the arguments.
TEXT run<>(SB), NOSPLIT|NOFRAME, $0-0
	CALL5(SYS_mount, $proc<>(SB), $path<>(SB), $proc<>(SB), $0, $0)
	TELL
	MOVD 0(RSP), R9       // argc
	MOVD 16(RSP), R10     // argv[1]
	ADD $16, RSP, R11     // argv+1
	ADD R9<<3, R11, R12   // envp
	CALL3(SYS_execve, R10, R11, R12)
	CALL1(SYS_exit_group, $127)

TEXT ·launch(SB), NOSPLIT|NOFRAME, $0-0
	CALL5(SYS_clone, $(CLONE_NEWPID|SIGCHLD), $0, $0, $0, $0)
	CMP $0, R0
	BLT failed
	BNE parent
	JMP run<>(SB)
parent:
	MOVD R0, R19
	SUB $16, RSP
	CALL4(SYS_wait4, R19, RSP, $0, $0)
	TELL
	MOVWU 0(RSP), R9 // the code in the second byte, or the signal in the first
	ORR R9>>8, R9, R9
	AND $255, R9, R9
	CALL1(SYS_exit_group, R9)
failed:
	CALL1(SYS_exit_group, $126)

TEXT ·ring(SB), NOSPLIT|NOFRAME, $0-0
	CALL5(SYS_clone, $(CLONE_NEWPID|SIGCHLD), $0, $0, $0, $0)
	CMP $0, R0
	BLT failed
	BNE parent
	JMP run<>(SB)
parent:
	MOVD R0, R19
	MOVD $120, R20
	SUB $32, RSP
	ADD $16, RSP, R21
	CALL1(SYS_close, $1) // so that reading ends when the container does
	CALL3(SYS_read, $0, RSP, $16)
	CALL3(SYS_read, $0, RSP, $16)
again:
	CALL2(SYS_nanosleep, $millisecond<>(SB), $0)
	CALL2(SYS_clock_gettime, $CLOCK_MONOTONIC, RSP)
	CALL2(SYS_kill, R19, $SIGUSR1)
	CALL3(SYS_read, $0, R21, $16)
	CMP $16, R0
	BNE failed
	CALL3(SYS_write, $3, RSP, $32)
	SUBS $1, R20, R20
	BNE again
	CALL2(SYS_kill, R19, $SIGKILL)
	CALL4(SYS_wait4, R19, $0, $0, $0)
	CALL1(SYS_exit_group, $0)
failed:
	CALL1(SYS_exit_group, $126)

TEXT ·stamp(SB), NOSPLIT|NOFRAME, $0-0
	TELL
	CALL1(SYS_exit_group, $0)

TEXT ·echo(SB), NOSPLIT|NOFRAME, $0-0
	BLOCK
again:
	TELL
	RECEIVE
	CMP $SIGTERM, R0
	BNE again
	CALL1(SYS_exit_group, $0)

// The children of storm share its memory, which makes them cheap, and touch none of it, not even the stack.
TEXT ·storm(SB), NOSPLIT|NOFRAME, $0-0
	BLOCK
	TELL
	SUB $16, RSP
	CALL3(SYS_read, $0, RSP, $1)
	TELL
	MOVD $20000, R19
again:
	CALL5(SYS_clone, $(CLONE_VM|SIGCHLD), $0, $0, $0, $0)
	CMP $0, R0
	BLT failed
	BEQ child
	MOVD R0, R20
	CALL4(SYS_wait4, R20, RSP, $0, $0)
	MOVWU 0(RSP), R9
	CBNZ R9, failed
	SUBS $1, R19, R19
	BNE again
	MOVD $20000, R19
look: // kill(-1, 0) finds processes until they are reaped, but neither PID 1 nor ourselves
	CALL2(SYS_kill, $-1, $0)
	CMP $-ESRCH, R0
	BEQ done
	CALL2(SYS_nanosleep, $millisecond<>(SB), $0)
	SUBS $1, R19, R19
	BNE look
done:
	TELL
wait: // SIGCHLD is pending, too
	RECEIVE
	CMP $SIGTERM, R0
	BNE wait
	CALL1(SYS_exit_group, $0)
child:
	CALL5(SYS_clone, $(CLONE_VM|SIGCHLD), $0, $0, $0, $0)
	CMP $0, R0
	BLT failed
	CALL1(SYS_exit_group, $0) // the child, and its own child, now an orphan
failed:
	CALL1(SYS_exit_group, $126)
