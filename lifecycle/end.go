package lifecycle

// ended follows the end of the listener process.
func ended(s Status, how Ending) (Status, []Action) {
	if !s.Listener {
		return s, nil
	}
	lost := s.Job && (how == Crashed || how == Terminated || how == Retryable)
	s.Listener, s.Job, s.Doubt, s.Probes = false, false, NoDoubt, 0
	switch {
	case s.Leaving && lost && s.Exit.Code == OK:
		s.Exit = Exit{RunnerFailed, "the job was lost: the listener failed"}
		return finish(s)
	case s.Leaving, s.done(), how == Finished:
		return finish(s)
	}
	return again(s, how)
}

// again decides whether a listener that ended before its time gets another chance.
func again(s Status, how Ending) (Status, []Action) {
	switch {
	case how == Retryable && s.Restarts < maxRestarts:
		s.Restarts++
		return s.in(Starting), []Action{Check{}}
	case how == Updating && s.Restarts < maxRestarts:
		s.Restarts++
		return s.in(Starting), []Action{AwaitUpdate{}}
	case how == Conflict && s.Identities < maxIdentities:
		asked := s.Probing // about the registration that is given up
		s, actions := register(s)
		if asked {
			actions = append([]Action{Cancel{}}, actions...)
		}
		return s, append(actions, Arm{StartBy})
	case how == Conflict:
		s.Exit = Exit{Conflicted, "another session keeps holding our registration"}
	case how == Outdated:
		s.Exit = Exit{OutdatedRunner, "GitHub no longer accepts this runner version"}
	case how == Retryable, how == Updating:
		s.Exit = Exit{RunnerFailed, "the listener keeps asking to be restarted"}
	case how == Terminated:
		s.Exit = Exit{RunnerFailed, "the listener gave up"}
	default:
		s.Exit = Exit{RunnerFailed, "the listener crashed"}
	}
	return finish(s)
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
