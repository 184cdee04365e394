package lifecycle

// stopped follows a stop signal: the first begins the grace period, the second ends patience with a job, the third
// kills. Nothing overtakes a deregistration, but from now on the grace period bounds it.
func stopped(s Status) (Status, []Action) {
	s.Bounded, s.Stops = true, min(s.Stops+1, killingStop)
	switch {
	case !s.Leaving:
		return leave(s)
	case s.Stops == 1, s.Phase == Deregistering:
		return s, hurry(s)
	case s.Stops == killingStop && s.Interrupted:
		return kill(s, "killed by the third stop signal")
	}
	return interrupt(s)
}

// noticed follows an end that somebody else has set.
func noticed(s Status) (Status, []Action) {
	s.Bounded = true
	if s.Leaving {
		return s, hurry(s)
	}
	return leave(s)
}

// hurry puts a way out under a deadline that it did not have, or under one that is nearer.
func hurry(s Status) []Action {
	switch {
	case s.Phase == Deregistering:
		return []Action{Arm{ExitBy}}
	case s.Phase <= Registering:
		return []Action{Arm{ExitBy}}
	case s.Interrupted:
		return []Action{Arm{KillBy}}
	case s.Phase == Stopping && s.Fencing:
		return []Action{Arm{FenceBy}}
	case s.Phase == Stopping && s.Fence == FenceShut:
		return []Action{Arm{Settled}}
	case s.Phase == Draining:
		return []Action{Arm{DrainBy}}
	}
	return nil
}

// leave begins the way out. During boot it only remembers: the step in flight answers soon, and is undone then; one that
// does not answer is not waited for beyond the end.
func leave(s Status) (Status, []Action) {
	if s.Leaving || s.Phase == Deregistering {
		return s, nil
	}
	s.Leaving, s.Probes = true, 0
	switch {
	case s.Phase <= Registering:
		return s, []Action{Cancel{}, Arm{ExitBy}}
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
	if !s.Registered || s.Fencing {
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
	s.Probes = min(s.Probes+1, maxProbes)
	s, actions := drain(s)
	return s, append(actions, Arm{FenceAgain})
}

// drain lets a job run on: until the grace period, less what an orderly end needs, is over, or for as long as it takes
// where nothing has set a limit.
func drain(s Status) (Status, []Action) {
	actions := []Action{Disarm{FenceBy}}
	if s.Bounded {
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
	s.Interrupted, s.Doubt = true, NoDoubt
	if s.Phase == Draining {
		s.Phase = Cancelling
	} else {
		s.Phase = Stopping
	}
	return s, []Action{Interrupt{}, Arm{KillBy}}
}

// kill ends a listener that did not end when it was asked to. One that cannot even be killed, because it hangs in the
// kernel, is left behind.
func kill(s Status, why string) (Status, []Action) {
	if !s.Listener {
		return s, nil
	}
	if s.Job && s.Exit.Code != DeadRunner {
		s.Exit = Exit{RunnerFailed, "the job was lost: " + why}
	}
	return s, []Action{Kill{}, Arm{ExitBy}}
}
