package signals

import (
	"syscall"
	"unsafe"
)

// Signals of the C libraries, which the Go runtime leaves alone. Whoever started us with glibc's posix_spawn, as GNU make
// does, may have left them ignored, and that is inherited over exec, by our children too.
const (
	libraryCancel = syscall.Signal(32)
	librarySetID  = syscall.Signal(33)
)

// action is the kernel's struct sigaction on every 64-bit architecture that Go runs on; a handler of 0 is SIG_DFL, of 1
// SIG_IGN. See rt_sigaction(2).
type action struct{ handler, flags, restorer, mask uint64 }

const (
	signalDefault = 0
	signalIgnore  = 1
)

// restoreDispositions gives up what Notify does not reach: signals that were inherited as ignored. One that has a
// handler is in use by a C library in this process.
func restoreDispositions() {
	for _, s := range []syscall.Signal{libraryCancel, librarySetID} {
		var now action
		if sigaction(s, nil, &now) == 0 && now.handler == signalIgnore {
			sigaction(s, &action{handler: signalDefault}, nil)
		}
	}
}

func sigaction(s syscall.Signal, set, old *action) syscall.Errno {
	_, _, errno := syscall.RawSyscall6(syscall.SYS_RT_SIGACTION, uintptr(s), uintptr(unsafe.Pointer(set)),
		uintptr(unsafe.Pointer(old)), unsafe.Sizeof(action{}.mask), 0, 0)
	return errno
}
