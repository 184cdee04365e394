package lifecycle

// ended follows the end of the listener process.
func ended(s Status, e Ended) (Status, []Action) {
	if !s.Listener {
		return s, nil
	}
	lost := s.Job && (e.How == Crashed || e.How == Terminated || e.How == Retryable)
	s.Listener, s.Job, s.Doubt, s.Absent, s.Probes = false, false, NoDoubt, false, 0
	switch {
	case e.How == OutOfMemory:
		if s.Exit.Code == OK {
			s.Exit = e.exit(MemoryExhausted, "the OOM killer struck")
		}
		return finish(s)
	case s.Leaving && lost && s.Exit.Code == OK:
		s.Exit = e.exit(RunnerFailed, "the job was lost: the listener failed")
		return finish(s)
	case s.Leaving, s.done(), e.How == Finished:
		return finish(s)
	}
	return again(s, e)
}

// exit is the end of the program because of the end of the listener.
func (e Ended) exit(code Code, reason string) Exit {
	if e.Why != "" {
		reason += ": " + e.Why
	}
	return Exit{code, reason}
}

// again decides whether a listener that ended before its time gets another chance.
func again(s Status, e Ended) (Status, []Action) {
	switch {
	case e.How == Retryable && s.Restarts < maxRestarts:
		s.Restarts++
		return s.in(Starting), []Action{Check{}}
	case e.How == Updating && s.Restarts < maxRestarts:
		s.Restarts++
		return s.in(Starting), []Action{AwaitUpdate{}}
	case e.How == Conflict && s.Identities < maxIdentities:
		asked := s.Probing // about the registration that is given up
		s, actions := register(s)
		if asked {
			actions = append([]Action{Cancel{}}, actions...)
		}
		return s, append(actions, Arm{StartBy})
	case e.How == Conflict:
		s.Exit = Exit{Conflicted, "another session keeps holding our registration"}
	case e.How == Outdated:
		s.Exit = Exit{OutdatedRunner, "GitHub no longer accepts this runner version"}
	case e.How == Retryable, e.How == Updating:
		s.Exit = Exit{RunnerFailed, "the listener keeps asking to be restarted"}
	case e.How == Terminated:
		s.Exit = e.exit(RunnerFailed, "the listener gave up")
	default:
		s.Exit = e.exit(RunnerFailed, "the listener crashed")
	}
	return finish(s)
}

// updated follows a self-update. One that does not come to its end is left alone, and the runner started as it is, which is
// what its own scripts do; but not for ever, since GitHub asks for the next one at once.
func updated(s Status, unfinished bool) (Status, []Action) {
	if s.Phase != Starting || s.Listener {
		return s, nil
	}
	if !unfinished {
		s.Stuck = 0
		return launch(s)
	}
	if s.Stuck++; s.Stuck == maxStuck {
		s.Exit = Exit{RunnerFailed, "the runner's self-update does not come to its end"}
		return finish(s)
	}
	return launch(s)
}

// finish deregisters what is still registered and ends. A request to fence that is in flight is that very request:
// its answer is awaited before another one is sent.
func finish(s Status) (Status, []Action) {
	s.Leaving = true
	switch {
	case !s.Registered:
		return s.in(Exited), nil
	case s.Fencing:
		return s.in(Deregistering), []Action{Arm{ExitBy}}
	}
	return s.in(Deregistering), []Action{Arm{ExitBy}, Deregister{}}
}

// deregistered follows GitHub's last word.
func deregistered(s Status, v Verdict) (Status, []Action) {
	switch {
	case s.Phase != Deregistering:
		return s, nil
	case v == Gone || v == Kept:
		s.Registered = false
		return s.in(Exited), nil
	}
	return ghost(s), nil
}

// ghost ends with the promise broken, and says so in the exit code, above everything else there was to say.
func ghost(s Status) Status {
	reason := "a registration may be left on GitHub"
	if s.Exit.Reason != "" {
		reason = s.Exit.Reason + "; " + reason
	}
	s.Exit = Exit{GhostLeft, reason}
	return s.in(Exited)
}
