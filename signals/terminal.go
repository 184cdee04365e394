package signals

// ownTerminal says whether standard input is our controlling terminal and our process group is in its foreground: only
// then is it ours to give. See ioctl_tty(2).
func ownTerminal() bool {
	group, err := terminalGroup()
	return err == 0 && group == getpgrp()
}

// leaveTerminal gives the terminal up, so that the child's session can have it. If we lead the session that had it, the
// kernel sends HUP and CONT to its foreground group, which is not news for the child.
func (r *reaper) leaveTerminal() {
	if !r.session {
		return
	}
	if err := leaveTerminal(); err != 0 {
		initial, words := capitalReason(err)
		r.dumbInitSays(str("Unable to detach from controlling tty (errno="), num(int(err)), str(" "), initial, words, str(").\n"))
		return
	}
	if leader, _ := getsid(0); leader != r.pid {
		r.dumbInitSays(str("Detached from controlling tty, but was not session leader.\n"))
		return
	}
	r.dumbInitSays(str("Detached from controlling tty, ignoring the first SIGHUP and SIGCONT we receive.\n"))
	r.handoff = 1<<(hangup-1) | 1<<(continued-1)
}

// sharesStops says whether a stop of the child concerns us: not when nobody could resume us, nor when the child is in our own
// group or in another session.
func (r *reaper) sharesStops() bool { return r.pid != 1 && !r.session && r.manners != dumbInit }

// stop is what we do when the main child was stopped. A shell that runs us in a job watches us, not our child: if we did
// not stop as well, it would wait for ever, without a terminal to type `fg` into.
func (r *reaper) stop(sig int) {
	holder, err := terminalGroup()
	if err != 0 { // the terminal is not our standard input, and has stopped our whole job
		if sig == terminalStop && !orphaned() {
			r.suspended = true
			kill(r.pid, stopped)
		}
		return
	}
	if holder == getpgrp() && (sig == terminalInput || sig == terminalOutput) {
		r.resume() // a shell gave us the foreground without saying so: it is the child's
		return
	}
	if sig == stopped && holder != r.group {
		return // somebody wants the child to stop, not the terminal or the child itself
	}
	if orphaned() {
		return // nobody could ever resume us
	}
	if holder == r.group {
		giveTerminal(getpgrp())
	}
	r.suspended = true
	if sig == terminalStop {
		kill(0, terminalStop) // our whole job: what the terminal would have sent to it, had the child not had the foreground
		r.swallow(terminalStop)
	}
	kill(r.pid, stopped)
}

// orphaned says whether our parent is of another session, or gone. The kernel calls a group orphaned when that is true
// of all its members.
func orphaned() bool {
	ours, _ := getsid(0)
	theirs, err := getsid(getppid())
	return err != 0 || theirs != ours
}

// resume continues the child, and gives it the terminal if we have been given it.
func (r *reaper) resume() {
	r.suspended = false
	if ownTerminal() {
		giveTerminal(r.group)
	}
	kill(-r.group, continued)
}

// reclaimTerminal takes the terminal back from the child's group, for the shell script that runs us; left with a dead
// group it would answer its next reader with EIO. The request comes from the background, which is allowed to us because
// SIGTTOU is blocked.
func (r *reaper) reclaimTerminal() {
	if !r.terminal {
		return
	}
	if holder, err := terminalGroup(); err == 0 && holder == r.group {
		giveTerminal(getpgrp())
	}
}
