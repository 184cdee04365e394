package health

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The functions of this file do without Go's runtime, which makes a health check ten times cheaper. They take no memory,
// and call the kernel and nothing else.

// patience is how long Ask waits for an answer, in seconds. Platforms have deadlines of their own, from 1 s (Kubernetes)
// to 30 s (Docker); this one is for who has none.
const patience = 5

// longestAnswer bounds an answer, in bytes.
const longestAnswer = 64

// Ask asks the supervisor in this container how it is, and prints what it says. The result is an exit code as Docker has
// it: 0 for healthy, 1 for not. Whoever answers is alive, unless he says that he is stuck; wantReady asks for more.
func Ask(wantReady bool) (code int) {
	// A platform gives a probe the whole environment of the container: from here on no job can read it in /proc.
	syscall.RawSyscall(unix.SYS_PRCTL, unix.PR_SET_DUMPABLE, 0, 0)
	var said [longestAnswer + 1]byte
	n, problem := exchange(said[:longestAnswer])
	if problem != "" {
		write(2, unsafe.Slice(unsafe.StringData(problem), len(problem)))
		return 1
	}
	said[n] = '\n'
	write(1, said[:n+1])
	if begins(said[:n], stuckWord) || wantReady && !begins(said[:n], readyWord) {
		return 1
	}
	return 0
}

func begins(said []byte, word string) bool {
	if len(said) < len(word) {
		return false
	}
	for i := range len(word) {
		if said[i] != word[i] {
			return false
		}
	}
	return true
}

// exchange gets the answer, or a problem in words.
func exchange(into []byte) (n int, problem string) {
	fd, _, err := syscall.RawSyscall(unix.SYS_SOCKET, unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != 0 {
		return 0, "runner-init: healthcheck: cannot make a socket\n"
	}
	limit := unix.Timeval{Sec: patience}
	for _, option := range [...]uintptr{unix.SO_SNDTIMEO, unix.SO_RCVTIMEO} { // the first is for connect, see socket(7)
		syscall.RawSyscall6(unix.SYS_SETSOCKOPT, fd, unix.SOL_SOCKET, option, uintptr(unsafe.Pointer(&limit)), unsafe.Sizeof(limit), 0)
	}
	to := address{family: unix.AF_UNIX}
	length := unsafe.Offsetof(to.name) + uintptr(Name(&to.name))
	if _, _, err := syscall.RawSyscall(unix.SYS_CONNECT, fd, uintptr(unsafe.Pointer(&to)), length); err != 0 {
		return 0, "runner-init: healthcheck: nobody answers in this container: is runner-init run its entrypoint?\n"
	}
	r, _, err := syscall.RawSyscall(unix.SYS_READ, fd, uintptr(unsafe.Pointer(unsafe.SliceData(into))), uintptr(len(into)))
	if err != 0 || r == 0 {
		return 0, "runner-init: healthcheck: no answer\n"
	}
	return int(r), ""
}

// nameSize is how long an abstract name may be.
const nameSize = 108

// address is the kernel's struct sockaddr_un.
type address struct {
	family uint16
	name   [nameSize]byte
}

// Name writes the name of this container's socket, with the 0 that it begins with, and returns its length. A link that the
// kernel does not show to one side, it does not show to the other either.
func Name(into *[nameSize]byte) int {
	n := 1 + copy(into[1:], namePrefix)
	n += readLink(mountLink+"\x00", into[n:])
	n += readLink(pidLink+"\x00", into[n:])
	return n
}

// readLink reads the link at a path that ends in a NUL. What cannot be read is empty.
func readLink(path string, into []byte) int {
	cwd := unix.AT_FDCWD
	r, _, err := syscall.RawSyscall6(unix.SYS_READLINKAT, uintptr(cwd), uintptr(unsafe.Pointer(unsafe.StringData(path))),
		uintptr(unsafe.Pointer(unsafe.SliceData(into))), uintptr(len(into)), 0, 0)
	if err != 0 {
		return 0
	}
	return int(r)
}

func write(fd uintptr, text []byte) {
	syscall.RawSyscall(unix.SYS_WRITE, fd, uintptr(unsafe.Pointer(unsafe.SliceData(text))), uintptr(len(text)))
}
