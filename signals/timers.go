package signals

// The wait for the others goes in steps, each after the grace that the user gave: TERM, KILL, and then we go anyway,
// because what outlives a KILL hangs in the kernel.
const (
	stepTerminate = iota
	stepKill
	lastStep
)

func (r *reaper) beginWait() {
	r.graceEnd = 0
	for sig := range r.pending {
		r.pending[sig] = 0
	}
	if r.waitGrace != 0 {
		r.waitEnd = monotonic() + r.waitGrace
	}
}

// timeout is how long nothing is due, in nanoseconds; negative = for ever.
func (r *reaper) timeout() int64 {
	due := r.due()
	if due == 0 {
		return -1
	}
	return max(0, due-monotonic())
}

// due is the earliest moment at which something has to be done, 0 = none.
func (r *reaper) due() int64 {
	earliest := r.graceEnd
	if r.waitEnd != 0 && (earliest == 0 || r.waitEnd < earliest) {
		earliest = r.waitEnd
	}
	for sig := range r.pending {
		if at := r.pending[sig]; at != 0 && (earliest == 0 || at < earliest) {
			earliest = at
		}
	}
	return earliest
}

// expire does what has become due.
func (r *reaper) expire() {
	now := monotonic()
	for sig := range r.pending {
		if at := r.pending[sig]; at != 0 && at <= now {
			r.pending[sig] = 0
			r.pass(sig)
		}
	}
	if r.graceEnd != 0 && r.graceEnd <= now {
		r.graceEnd = 0
		r.say(tiniWarning, str("the grace period is over: sending SIGKILL"))
		r.send(killed)
	}
	if r.waitEnd != 0 && r.waitEnd <= now {
		r.waitEnd = now + r.waitGrace
		switch r.waitStep {
		case stepTerminate:
			r.sendAll(terminate)
		case stepKill:
			r.sendAll(killed)
		}
		r.waitStep++
	}
}
