package signals

import "syscall"

// take deals with a signal that came for the child.
func (r *reaper) take(sig int) {
	r.hear(sig)
	if r.handoff.has(sig) {
		r.handoff = r.handoff.without(sig)
		r.dumbInitSays(str("Ignoring tty hand-off signal "), num(sig), str(".\n"))
		return
	}
	switch {
	case sig == continued && r.suspended:
		r.resume()
	case r.journal != 0:
		r.noteStop(sig)
		if r.hold || isStop(sig) {
			r.keep(sig)
		}
		if !r.hold {
			r.pass(sig)
		}
	case !r.session && r.manners != dumbInit && (sig == terminalInput || sig == terminalOutput):
		// Sent by the terminal to who is in its background, for having touched it: that was us, not the child.
	case r.delay[sig] != 0:
		if r.pending[sig] == 0 {
			r.pending[sig] = monotonic() + r.delay[sig]
		}
	default:
		r.pass(sig)
	}
}

// pass forwards a signal, now, and does what else belongs to it.
func (r *reaper) pass(sig int) {
	sent := r.forward(sig)
	if r.grace != 0 && r.graceEnd == 0 && isStop(sent) {
		r.graceEnd = monotonic() + r.grace
	}
	if (r.session || r.manners == dumbInit) && sig >= terminalStop && sig <= terminalOutput {
		r.dumbInitSays(str("Suspending self due to TTY signal.\n"))
		if r.pid != 1 { // which cannot be stopped, and would only lose a SIGCONT that waits
			kill(r.pid, stopped)
		}
	}
}

// forward sends a signal, or what it is rewritten to, and returns which; 0 is none.
func (r *reaper) forward(sig int) (sent int) {
	to := r.rewritten(sig)
	if r.rewrite[sig] != untouched {
		r.dumbInitSays(str("Translating signal "), num(sig), str(" to "), num(to), str(".\n"))
	}
	if to == 0 {
		r.dumbInitSays(str("Not forwarding signal "), num(to), str(" to children (ignored).\n"))
		return 0
	}
	if r.manners == tini {
		words, index := signalDescription(to)
		r.tiniSays(tiniDebug, str("Passing signal: '"), words, index, str("'"))
	}
	err := r.send(to)
	if err == syscall.ESRCH {
		r.tiniSays(tiniWarning, str("Child was dead when forwarding signal"))
	}
	r.dumbInitSays(str("Forwarded signal "), num(to), str(" to children.\n"))
	if r.manners == ours && r.verbosity >= tiniDebug {
		name, offset := signalName(to)
		r.say(tiniDebug, str("forwarded "), name, offset)
	}
	return to
}

// send signals the target. The only other error is EPERM, for a child that became another user: there is nothing to be
// done then, and it is no reason for an init to die.
func (r *reaper) send(sig int) errno {
	if r.target == toAll || r.ended && r.manners == ours {
		return r.sendAll(sig)
	}
	if r.target == toGroup {
		// The child may not have come as far as to make its group. Then it is alone.
		if err := kill(-r.group, sig); err != syscall.ESRCH {
			return err
		}
	}
	if r.ended {
		return syscall.ESRCH // its pid may be somebody else's by now
	}
	return kill(r.child, sig)
}

// keep remembers a signal for a child that is not ready, and a stop for the successor of one that dies, too: what a dying
// one was given is lost with it. Equal ones are merged, as the kernel does with those that a process has blocked.
func (r *reaper) keep(sig int) {
	for i := range r.kept {
		if int(r.held[i]) == sig {
			return
		}
	}
	r.held[r.kept] = uint8(sig)
	r.kept++
}

// hear repeats what arrived, for those who want to know.
func (r *reaper) hear(sig int) {
	r.dumbInitSays(str("Received signal "), num(sig), str(".\n"))
	if sig == child {
		r.tiniSays(tiniDebug, str("Received SIGCHLD"))
	}
}
