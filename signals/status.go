package signals

import (
	"fmt"
	"syscall"

	"golang.org/x/sys/unix"
)

// Status says how a child ended. The zero value is a child that exited with code 0.
type Status struct {
	wait syscall.WaitStatus
}

// Code is the exit code of the child, or 128+n when signal n killed it, as shells report it.
func (s Status) Code() int {
	if sig, ok := s.Signal(); ok {
		return 128 + int(sig)
	}
	return s.wait.ExitStatus()
}

// Signal returns the signal that killed the child, if one did.
func (s Status) Signal() (syscall.Signal, bool) {
	if !s.wait.Signaled() {
		return 0, false
	}
	return s.wait.Signal(), true
}

// String tells it in one line: `exited with code 3`, `was killed by SIGKILL (signal 9)`.
func (s Status) String() string {
	sig, killed := s.Signal()
	if !killed {
		return fmt.Sprintf("exited with code %d", s.Code())
	}
	text := fmt.Sprintf("was killed by signal %d", int(sig))
	if name := unix.SignalName(sig); name != "" {
		text = fmt.Sprintf("was killed by %s (signal %d)", name, int(sig))
	}
	if s.wait.CoreDump() {
		text += " and left a core dump"
	}
	return text
}
