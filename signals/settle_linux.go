package signals

import "syscall"

// outlastRuntime returns once no thread is inside the Go runtime's own handler any more. A signal that arrived before
// New had asked for it makes that handler end the process with code 2, but not at once: on a busy machine the thread
// may stop on the way for long enough that a child could be started, and it would die in the middle of its work.
//
// A system call on all threads is carried out by each in a signal handler, which cannot begin in a thread that is still
// in another: so either the call returns, and nothing was on its way, or the process ends first. With cgo there is no
// such call; released programs are built without.
func outlastRuntime() { _, _, _ = syscall.AllThreadsSyscall(syscall.SYS_GETPID, 0, 0, 0) }
