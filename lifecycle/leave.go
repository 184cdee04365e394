package lifecycle

// stopped follows a stop signal: the first begins the grace period, the second ends patience with a job, the third
// kills. Nothing overtakes a deregistration, but from now on the grace period bounds it.
func stopped(s Status) (Status, []Action) {
	s.Stops = min(s.Stops+1, killingStop)
	switch {
	case s.Phase == Deregistering:
		return s, []Action{Arm{DeregisterBy}}
	case !s.Leaving:
		return leave(s)
	case s.Stops == 1:
		return s, hurry(s)
	case s.Stops == killingStop && s.Interrupted:
		return kill(s, "killed by the third stop signal")
	}
	return interrupt(s)
}

// hurry puts a way out that had no deadline under that of the stop.
func hurry(s Status) []Action {
	switch {
	case s.Interrupted:
		return []Action{Arm{KillBy}}
	case s.Phase == Stopping && s.Fencing:
		return []Action{Arm{FenceBy}}
	case s.Phase == Draining:
		return []Action{Arm{DrainBy}}
	}
	return nil
}

// leave begins the way out. During boot it only remembers: the step in flight answers soon, and is undone then.
func leave(s Status) (Status, []Action) {
	if s.Leaving || s.Phase == Deregistering {
		return s, nil
	}
	s.Leaving = true
	switch {
	case s.Phase <= Registering:
		return s, []Action{Cancel{}}
	case !s.Listener:
		s, actions := finish(s)
		return s, append([]Action{Cancel{}}, actions...)
	case s.done():
		return drain(s)
	case s.Phase == Running:
		s, first := drain(s)
		s, second := ask(s)
		return s, append(first, second...)
	}
	return fence(s.in(Stopping))
}

// fence makes sure that no job can be assigned any more, as far as that can be made sure.
func fence(s Status) (Status, []Action) {
	switch {
	case s.Fencing:
		return s, []Action{Arm{FenceBy}}
	case s.Registered && s.Fence == FenceOpen:
		s, actions := ask(s)
		return s, append(actions, Arm{FenceBy})
	}
	return s, []Action{Look{}}
}

// ask sends the request that fences, if there is anything to fence.
func ask(s Status) (Status, []Action) {
	if !s.Registered || s.Fencing || s.Fence != FenceOpen {
		return s, nil
	}
	s.Fencing = true
	return s, []Action{Fence{}}
}

// fenced follows GitHub's answer, which is the arbiter of whether a job may still come; a late one is only recorded.
func fenced(s Status, v Verdict) (Status, []Action) {
	if !s.Fencing {
		return s, nil
	}
	s.Fencing = false
	switch v {
	case Gone:
		s.Registered, s.Fence = false, FenceShut
	case Kept:
		s.Registered, s.Fence = false, FenceBroken
	case Unknown:
		s.Fence = FenceBroken
	}
	switch {
	case s.Phase == Deregistering:
		return finish(s)
	case s.Interrupted, s.Phase == Draining && (s.Job || s.done()):
		return s, nil
	case s.Phase != Stopping && s.Phase != Draining:
		return s, nil
	}
	return s.settle()
}

// settle follows the answer of a fence while no job is known.
func (s Status) settle() (Status, []Action) {
	switch {
	case s.Fence == FenceShut:
		return s.in(Stopping), []Action{Disarm{FenceBy}, Disarm{DrainBy}, Arm{Settled}}
	case s.Fence == FenceBroken:
		return s.in(Stopping), []Action{Disarm{FenceBy}, Disarm{DrainBy}, Look{}}
	}
	s, actions := drain(s)
	return s, append(actions, Arm{FenceAgain})
}

// drain lets a job run on: until the grace period, less what an orderly end needs, is over, or for as long as it takes
// where no stop has set a limit.
func drain(s Status) (Status, []Action) {
	actions := []Action{Disarm{FenceBy}}
	if s.Stops > 0 {
		actions = append(actions, Arm{DrainBy})
	}
	return s.in(Draining), actions
}

// interrupt asks the listener to end, once.
func interrupt(s Status) (Status, []Action) {
	switch {
	case s.Interrupted:
		return s, nil
	case !s.Listener:
		return s, []Action{Cancel{}}
	}
	s.Interrupted = true
	if s.Phase == Draining {
		s.Phase = Cancelling
	} else {
		s.Phase = Stopping
	}
	return s, []Action{Interrupt{}, Arm{KillBy}}
}

// kill ends a listener that did not end when it was asked to.
func kill(s Status, why string) (Status, []Action) {
	if !s.Listener {
		return s, nil
	}
	if s.Job {
		s.Exit = Exit{RunnerFailed, "the job was lost: " + why}
	}
	return s, []Action{Kill{}}
}

// ended follows the end of the listener process.
func ended(s Status, how Ending) (Status, []Action) {
	if !s.Listener {
		return s, nil
	}
	lost := s.Job && (how == Crashed || how == Terminated || how == Retryable)
	s.Listener, s.Job = false, false
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
		return register(s)
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
		return s.in(Deregistering), []Action{Arm{DeregisterBy}}
	}
	return s.in(Deregistering), []Action{Arm{DeregisterBy}, Deregister{}}
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

// expired follows a timer.
func expired(s Status, t Timer) (Status, []Action) {
	switch {
	case t == StartBy && s.Phase <= Starting && !s.Leaving:
		s.Exit = Exit{Unreachable, "not listening before RUNNER_START_TIMEOUT was over"}
		return leave(s)
	case t == RestartAt && s.Phase == Starting && !s.Listener && !s.Leaving:
		return launch(s)
	case t == FenceBy && s.Phase == Stopping && s.Fencing && !s.Interrupted:
		s.Fence = FenceBroken
		return s, []Action{Cancel{}, Look{}}
	case t == Settled && s.Phase == Stopping && !s.Interrupted:
		return s, []Action{Look{}}
	case t == FenceAgain && s.Phase == Draining && !s.Job && !s.done():
		return ask(s)
	case t == LingerBy && s.done() && !s.Interrupted:
		s.Leaving = true
		return interrupt(s)
	case t == DrainBy && s.Phase == Draining:
		return interrupt(s)
	case t == KillBy && s.Interrupted:
		return kill(s, "it did not end in time after it was cancelled")
	case t == DeregisterBy && s.Phase == Deregistering:
		return ghost(s), []Action{Cancel{}}
	}
	return s, nil
}
