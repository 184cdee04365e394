package signals

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The wrappers of this file call the kernel and nothing else: no error value is made, no memory is taken. Where a result
// can fail it is followed by an errno, which is 0 for success.

type errno = syscall.Errno

// largestErrno bounds what the kernel returns instead of a result: -1 … -4095, see syscall(2).
const largestErrno = 4095

func failure(r uintptr) errno {
	if r > ^uintptr(largestErrno) {
		return errno(-r)
	}
	return 0
}

func call(number, a, b, c uintptr) (int, errno) {
	r := syscall6(number, a, b, c, 0, 0, 0)
	if err := failure(r); err != 0 {
		return -1, err
	}
	return int(r), 0
}

func call4(number, a, b, c, d uintptr) (int, errno) {
	r := syscall6(number, a, b, c, d, 0, 0)
	if err := failure(r); err != 0 {
		return -1, err
	}
	return int(r), 0
}

func getpid() int { pid, _ := call(unix.SYS_GETPID, 0, 0, 0); return pid }

func getppid() int { pid, _ := call(unix.SYS_GETPPID, 0, 0, 0); return pid }

func getpgrp() int { pid, _ := call(unix.SYS_GETPGID, 0, 0, 0); return pid }

func getsid(pid int) (int, errno) { return call(unix.SYS_GETSID, uintptr(pid), 0, 0) }

func setpgid(pid, group int) errno {
	_, err := call(unix.SYS_SETPGID, uintptr(pid), uintptr(group), 0)
	return err
}

func setsid() errno {
	_, err := call(unix.SYS_SETSID, 0, 0, 0)
	return err
}

func kill(pid, sig int) errno {
	_, err := call(unix.SYS_KILL, uintptr(pid), uintptr(sig), 0)
	return err
}

// Exit ends the process, all its threads, and nothing else: no deferred call, no flush.
func Exit(code int) {
	for {
		call(unix.SYS_EXIT_GROUP, uintptr(code), 0, 0)
	}
}

func wait4(pid int, flags uintptr) (int, syscall.WaitStatus, errno) {
	var status syscall.WaitStatus
	r := syscall6(unix.SYS_WAIT4, uintptr(pid), uintptr(unsafe.Pointer(&status)), flags, 0, 0, 0)
	if err := failure(r); err != 0 {
		return -1, 0, err
	}
	return int(r), status, 0
}

func prctl(option, argument uintptr) errno {
	_, err := call(unix.SYS_PRCTL, option, argument, 0)
	return err
}

// isSubreaper asks PR_GET_CHILD_SUBREAPER(2const).
func isSubreaper() bool {
	var answer int32
	r := syscall6(unix.SYS_PRCTL, unix.PR_GET_CHILD_SUBREAPER, uintptr(unsafe.Pointer(&answer)), 0, 0, 0, 0)
	return failure(r) == 0 && answer == 1
}

// terminalGroup returns the process group in the foreground of the terminal at descriptor 0, which has to be our
// controlling one. See ioctl_tty(2).
func terminalGroup() (int, errno) {
	var group int32
	r := syscall6(unix.SYS_IOCTL, 0, unix.TIOCGPGRP, uintptr(unsafe.Pointer(&group)), 0, 0, 0)
	return int(group), failure(r)
}

func setTerminalGroup(group int) errno {
	value := int32(group)
	return failure(syscall6(unix.SYS_IOCTL, 0, unix.TIOCSPGRP, uintptr(unsafe.Pointer(&value)), 0, 0, 0))
}

// leaveTerminal and takeTerminal are about the terminal at descriptor 0; the latter never takes it from another session.
func leaveTerminal() errno { _, err := call(unix.SYS_IOCTL, 0, unix.TIOCNOTTY, 0); return err }
func takeTerminal() errno  { _, err := call(unix.SYS_IOCTL, 0, unix.TIOCSCTTY, 0); return err }

// signalSet is the kernel's sigset_t: bit n-1 is signal n.
type signalSet uint64

const everySignal = ^signalSet(0)

func (s signalSet) without(sig int) signalSet { return s &^ (1 << (sig - 1)) }

func (s signalSet) has(sig int) bool { return s&(1<<(sig-1)) != 0 }

// signalSetSize is what every call about a set wants to be told. See rt_sigprocmask(2).
const signalSetSize = unsafe.Sizeof(signalSet(0))

// setMask replaces the signal mask of this thread and returns the one before.
func setMask(set signalSet) (before signalSet) {
	syscall6(unix.SYS_RT_SIGPROCMASK, unix.SIG_SETMASK,
		uintptr(unsafe.Pointer(&set)), uintptr(unsafe.Pointer(&before)), signalSetSize, 0, 0)
	return before
}

// disposition is the kernel's struct sigaction on every 64-bit architecture that Go runs on. See rt_sigaction(2).
type disposition struct{ handler, flags, restorer, mask uint64 }

const (
	byDefault = 0 // SIG_DFL
	ignored   = 1 // SIG_IGN
)

// dispose sets what happens on a signal: byDefault or ignored.
func dispose(sig int, handler uint64) errno {
	now := disposition{handler: handler}
	return failure(syscall6(unix.SYS_RT_SIGACTION, uintptr(sig), uintptr(unsafe.Pointer(&now)), 0, signalSetSize, 0, 0))
}

// disposed tells what happens on a signal: byDefault, ignored, or the address of a handler.
func disposed(sig int) uint64 {
	var now disposition
	syscall6(unix.SYS_RT_SIGACTION, uintptr(sig), 0, uintptr(unsafe.Pointer(&now)), signalSetSize, 0, 0)
	return now.handler
}

// monotonic reads CLOCK_MONOTONIC, in nanoseconds.
func monotonic() int64 {
	var now unix.Timespec
	syscall6(unix.SYS_CLOCK_GETTIME, unix.CLOCK_MONOTONIC, uintptr(unsafe.Pointer(&now)), 0, 0, 0, 0)
	return now.Sec*second + now.Nsec
}

const (
	millisecond = int64(1e6)
	second      = int64(1e9)
)

// openFile opens a path that ends in a NUL, close-on-exec.
func openFile(path *byte, flags uintptr) (int, errno) {
	at := unix.AT_FDCWD
	r := syscall6(unix.SYS_OPENAT, uintptr(at), uintptr(unsafe.Pointer(path)), flags|unix.O_CLOEXEC, 0, 0, 0)
	return int(r), failure(r)
}

func closeFile(fd int) { call(unix.SYS_CLOSE, uintptr(fd), 0, 0) }

func isOpen(fd int) bool {
	_, err := call(unix.SYS_FCNTL, uintptr(fd), unix.F_GETFD, 0)
	return err == 0
}

func readFile(fd int, into []byte) (int, errno) {
	r := syscall6(unix.SYS_READ, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(into))), uintptr(len(into)), 0, 0, 0)
	return int(r), failure(r)
}

// readFileAt reads from an offset without moving anybody's.
func readFileAt(fd int, into []byte, offset int) (int, errno) {
	r := syscall6(unix.SYS_PREAD64, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(into))), uintptr(len(into)), uintptr(offset), 0, 0)
	return int(r), failure(r)
}

// writeFile writes all of it, or as much as the other side takes.
func writeFile(fd int, data []byte) errno {
	for len(data) > 0 {
		r := syscall6(unix.SYS_WRITE, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(data))), uintptr(len(data)), 0, 0, 0)
		if err := failure(r); err == syscall.EINTR {
			continue
		} else if err != 0 {
			if err == syscall.EPIPE {
				forgetPipe()
			}
			return err
		}
		data = data[r:]
	}
	return 0
}

// offer writes what is taken at once, and drops the rest. Asking first is not enough: others write to the same pipe. What
// cannot be written to like that, such as a terminal, is asked. See RWF_NOWAIT in pwritev2(2).
func offer(fd int, data []byte) {
	const noWait, here = 0x8, ^uintptr(0)
	vector := struct {
		base *byte
		len  int
	}{unsafe.SliceData(data), len(data)}
	r := syscall6(unix.SYS_PWRITEV2, uintptr(fd), uintptr(unsafe.Pointer(&vector)), 1, here, here, noWait)
	switch failure(r) {
	case 0, syscall.EAGAIN:
	case syscall.EPIPE:
		forgetPipe()
	default:
		if takesMore(fd) {
			writeFile(fd, data)
		}
	}
}

// takesMore says whether a write of up to 4 KiB would not have to wait, or would fail at once. See poll(2) and PIPE_BUF in
// pipe(7).
func takesMore(fd int) bool {
	ask := unix.PollFd{Fd: int32(fd), Events: unix.POLLOUT}
	var now unix.Timespec
	n, err := call4(unix.SYS_PPOLL, uintptr(unsafe.Pointer(&ask)), 1, uintptr(unsafe.Pointer(&now)), 0)
	return err != 0 || n == 1
}

// firstExtra is the descriptor after standard input, output and error.
const firstExtra = 3

// manyDescriptors is how far closeExtra looks on a kernel that cannot do it at once.
const manyDescriptors = 1 << 16

// closeExtra closes every descriptor from 3 up, which close_range(2) does at once since Linux 5.9.
func closeExtra() {
	if failure(syscall6(unix.SYS_CLOSE_RANGE, firstExtra, uintptr(^uint32(0)), 0, 0, 0, 0)) == 0 {
		return
	}
	var limit unix.Rlimit
	syscall6(unix.SYS_PRLIMIT64, 0, unix.RLIMIT_NOFILE, 0, uintptr(unsafe.Pointer(&limit)), 0, 0)
	for fd := firstExtra; fd < int(min(limit.Cur, manyDescriptors)); fd++ {
		closeFile(fd)
	}
}

func changeToRoot() {
	root := [...]byte{'/', 0}
	call(unix.SYS_CHDIR, uintptr(unsafe.Pointer(&root)), 0, 0)
}
