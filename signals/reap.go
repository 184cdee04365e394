package signals

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// reap waits for everything that is dead, until there is no more: one SIGCHLD may stand for many deaths. Stops are looked
// at too when we may have to share them; those of adopted processes, and of traced ones, mean nothing to us.
func (r *reaper) reap() {
	flags := uintptr(unix.WNOHANG)
	if r.sharesStops() {
		flags |= unix.WUNTRACED
	}
	for {
		pid, status, err := wait4(-1, flags)
		switch {
		case err == syscall.EINTR:
			continue
		case err != 0:
			r.alone = true
			r.tiniSays(tiniTrace, str("No child to wait"))
			return
		case pid == 0:
			r.alone = false
			r.tiniSays(tiniTrace, str("No child to reap"))
			return
		case status.Exited(), status.Signaled():
			r.bury(pid, status)
			if r.ended && r.manners == dumbInit {
				return // it leaves at once
			}
		case status.Stopped() && pid == r.child:
			r.stop(int(status.StopSignal()))
		}
	}
}

// reapEarlier waits for dead children of who executed us, whose SIGCHLD is gone.
func (r *reaper) reapEarlier() {
	for {
		if pid, _, err := wait4(-1, unix.WNOHANG); err != syscall.EINTR && pid <= 0 {
			return
		}
	}
}

// bury notes a death.
func (r *reaper) bury(pid int, status syscall.WaitStatus) {
	main := pid == r.child
	if main {
		r.child, r.ended, r.status = 0, true, status
		r.beginWait()
	} else {
		r.orphans++
	}
	if r.verbosity == 0 && !r.warnReaped {
		return
	}
	r.tiniSays(tiniDebug, str("Reaped child with pid: '"), num(pid), str("'"))
	switch {
	case r.manners == dumbInit && status.Signaled():
		r.dumbInitSays(str("A child with PID "), num(pid), str(" was terminated by signal "), num(int(status.Signal())), str(".\n"))
	case r.manners == dumbInit:
		r.dumbInitSays(str("A child with PID "), num(pid), str(" exited with exit status "), num(status.ExitStatus()), str(".\n"))
	case !main && r.warnReaped:
		r.tiniSays(tiniWarning, str("Reaped zombie process with pid="), num(pid))
		r.say(tiniWarning, str("reaped orphan with pid "), num(pid))
	case !main:
		r.say(tiniDebug, str("reaped orphan with pid "), num(pid))
	case r.manners == tini && status.Signaled():
		words, index := signalDescription(int(status.Signal()))
		r.tiniSays(tiniInfo, str("Main child exited with signal (with signal '"), words, index, str("')"))
	case r.manners == tini:
		r.tiniSays(tiniInfo, str("Main child exited normally (with status '"), num(status.ExitStatus()), str("')"))
	}
}
