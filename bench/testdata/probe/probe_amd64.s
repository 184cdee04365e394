#include "textflag.h"

// At the entry of an ELF program SP points to argc, argv…, 0, envp…, 0. System calls: number in AX, arguments in DI,
// SI, DX, R10, R8; they destroy CX and R11.

#define SYS_read 0
#define SYS_write 1
#define SYS_close 3
#define SYS_rt_sigprocmask 14
#define SYS_nanosleep 35
#define SYS_clone 56
#define SYS_execve 59
#define SYS_wait4 61
#define SYS_kill 62
#define SYS_rt_sigtimedwait 128
#define SYS_mount 165
#define SYS_clock_gettime 228
#define SYS_exit_group 231

#define CALL1(number, a) \
	MOVQ a, DI \
	MOVQ $number, AX \
	SYSCALL

#define CALL2(number, a, b) \
	MOVQ b, SI \
	CALL1(number, a)

#define CALL3(number, a, b, c) \
	MOVQ c, DX \
	CALL2(number, a, b)

#define CALL4(number, a, b, c, d) \
	MOVQ d, R10 \
	CALL3(number, a, b, c)

#define CALL5(number, a, b, c, d, e) \
	MOVQ e, R8 \
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
	SUBQ $16, SP \
	CALL2(SYS_clock_gettime, $CLOCK_MONOTONIC, SP) \
	CALL3(SYS_write, $1, SP, $16) \
	ADDQ $16, SP

// BLOCK blocks all signals.
#define BLOCK \
	PUSHQ $-1 \
	CALL4(SYS_rt_sigprocmask, $0, SP, $0, $8) \
	ADDQ $8, SP

// RECEIVE waits for one of the signals that are blocked. Its number is then in AX.
#define RECEIVE \
	PUSHQ $-1 \
	CALL4(SYS_rt_sigtimedwait, SP, $0, $0, $8) \
	ADDQ $8, SP

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
	MOVQ 0(SP), AX          // argc
	LEAQ 16(SP), BX         // argv+1
	LEAQ 16(SP)(AX*8), R12  // envp
	CALL3(SYS_execve, 0(BX), BX, R12)
	CALL1(SYS_exit_group, $127)

TEXT ·launch(SB), NOSPLIT|NOFRAME, $0-0
	CALL5(SYS_clone, $(CLONE_NEWPID|SIGCHLD), $0, $0, $0, $0)
	CMPQ AX, $0
	JLT failed
	JNE parent
	JMP run<>(SB)
parent:
	MOVQ AX, R12
	SUBQ $16, SP
	CALL4(SYS_wait4, R12, SP, $0, $0)
	TELL
	MOVL 0(SP), BX // the code in the second byte, or the signal in the first
	MOVL BX, R12
	SHRL $8, BX
	ORL R12, BX
	ANDL $255, BX
	CALL1(SYS_exit_group, BX)
failed:
	CALL1(SYS_exit_group, $126)

TEXT ·ring(SB), NOSPLIT|NOFRAME, $0-0
	CALL5(SYS_clone, $(CLONE_NEWPID|SIGCHLD), $0, $0, $0, $0)
	CMPQ AX, $0
	JLT failed
	JNE parent
	JMP run<>(SB)
parent:
	MOVQ AX, R12
	MOVQ $120, R13
	SUBQ $32, SP
	LEAQ 16(SP), R14
	CALL1(SYS_close, $1) // so that reading ends when the container does
	CALL3(SYS_read, $0, SP, $16)
	CALL3(SYS_read, $0, SP, $16)
again:
	CALL2(SYS_nanosleep, $millisecond<>(SB), $0)
	CALL2(SYS_clock_gettime, $CLOCK_MONOTONIC, SP)
	CALL2(SYS_kill, R12, $SIGUSR1)
	CALL3(SYS_read, $0, R14, $16)
	CMPQ AX, $16
	JNE failed
	CALL3(SYS_write, $3, SP, $32)
	DECQ R13
	JNE again
	CALL2(SYS_kill, R12, $SIGKILL)
	CALL4(SYS_wait4, R12, $0, $0, $0)
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
	CMPQ AX, $SIGTERM
	JNE again
	CALL1(SYS_exit_group, $0)

// The children of storm share its memory, which makes them cheap, and touch none of it, not even the stack.
TEXT ·storm(SB), NOSPLIT|NOFRAME, $0-0
	BLOCK
	TELL
	SUBQ $16, SP
	CALL3(SYS_read, $0, SP, $1)
	TELL
	MOVQ $20000, R12
again:
	CALL5(SYS_clone, $(CLONE_VM|SIGCHLD), $0, $0, $0, $0)
	CMPQ AX, $0
	JLT failed
	JEQ child
	MOVQ AX, R13
	CALL4(SYS_wait4, R13, SP, $0, $0)
	CMPL 0(SP), $0
	JNE failed
	DECQ R12
	JNE again
	MOVQ $20000, R12
look: // kill(-1, 0) finds processes until they are reaped, but neither PID 1 nor ourselves
	CALL2(SYS_kill, $-1, $0)
	CMPQ AX, $-ESRCH
	JEQ done
	CALL2(SYS_nanosleep, $millisecond<>(SB), $0)
	DECQ R12
	JNE look
done:
	TELL
wait: // SIGCHLD is pending, too
	RECEIVE
	CMPQ AX, $SIGTERM
	JNE wait
	CALL1(SYS_exit_group, $0)
child:
	CALL5(SYS_clone, $(CLONE_VM|SIGCHLD), $0, $0, $0, $0)
	CMPQ AX, $0
	JLT failed
	CALL1(SYS_exit_group, $0) // the child, and its own child, now an orphan
failed:
	CALL1(SYS_exit_group, $126)
