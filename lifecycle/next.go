package lifecycle

// Next is the whole lifecycle: what becomes of a status when an event happens, and what there is to do. It is a pure
// function. An event that means nothing in a phase changes nothing: timers may fire late, and news may be old.
func Next(s Status, e Event) (Status, []Action) {
	if s.Phase == Exited {
		return s, nil
	}
	switch e := e.(type) {
	case Booted, Authenticated, Registered:
		return stepped(s, e)
	case Updated:
		return updated(s, e.Unfinished)
	case Failed:
		return failed(s, e)
	case Checked:
		return checked(s, e.Standing)
	case Ready:
		return ready(s)
	case JobStarted:
		return jobStarted(s)
	case JobEnded:
		return jobEnded(s)
	case Looked:
		return looked(s, e)
	case Watched:
		return watched(s, e.Worker)
	case Probed:
		return probed(s, e.Standing)
	case Ended:
		return ended(s, e)
	case Stop:
		return stopped(s)
	case Leave:
		if !s.Leaving && s.Exit == (Exit{}) {
			s.Exit = e.Exit
		}
		return leave(s)
	case Notice:
		return noticed(s)
	case Fenced:
		return fenced(s, e.Verdict)
	case Deregistered:
		return deregistered(s, e.Verdict)
	case Expired:
		return expired(s, e.Timer)
	}
	return s, nil
}

// stepped follows a step that went well. On the way out the step is undone instead of followed by the next.
func stepped(s Status, e Event) (Status, []Action) {
	switch {
	case e == Booted{} && s.Phase == Booting && s.Leaving, e == Authenticated{} && s.Phase == Authenticating && s.Leaving:
		return s.in(Exited), nil
	case e == Booted{} && s.Phase == Booting:
		return s.in(Authenticating), []Action{Authenticate{}}
	case e == Authenticated{} && s.Phase == Authenticating:
		return register(s)
	case e == Registered{} && s.Phase == Registering && s.Leaving:
		return finish(s)
	case e == Registered{} && s.Phase == Registering:
		return launch(s)
	}
	return s, nil
}

// register counts as registered from here on: the request may reach GitHub even if its answer never reaches us.
func register(s Status) (Status, []Action) {
	s.Registered = true
	s.Identities++
	return s.in(Registering), []Action{Register{}}
}

// launch starts the listener. The deadline of a boot was met, or is set anew with a new identity; a listener that is started
// again has none, since it may wait for GitHub for long and in health, and is watched instead.
func launch(s Status) (Status, []Action) {
	s.Listener = true
	if s.Restarts == 0 {
		return s.in(Starting), []Action{Launch{}}
	}
	return s.in(Starting), []Action{Launch{}, Arm{ProbeAt}}
}

// failed follows a step that went badly. A way out that began first excuses the failure: it is what Cancel asks for. The
// answer to Launch may come in any phase, because what overtakes it takes the listener for alive.
func failed(s Status, e Failed) (Status, []Action) {
	switch {
	case s.Phase <= Authenticating:
		s.Registered = false
	case s.Phase == Registering:
		s.Registered = e.Ghost || s.Identities > 1 // the identity before may still stand
	case s.Listener:
		s.Listener, s.Job = false, false
	default:
		return s, nil
	}
	switch {
	case !s.Leaving:
		s.Exit = e.Exit
	case s.Exit == late: // what took so long is why
		s.Exit.Reason += ": " + e.Exit.Reason
	}
	return finish(s)
}

// late is a boot that did not come to its end in time.
var late = Exit{Unreachable, "not listening before RUNNER_START_TIMEOUT was over"}

// checked follows a listener that asked to be restarted: only if GitHub still knows it is there a point.
func checked(s Status, shown Standing) (Status, []Action) {
	switch {
	case s.Phase != Starting || s.Listener:
		return s, nil
	case shown == Missing:
		s.Registered = false
		s.Exit = Exit{RunnerFailed, "the listener failed, and its registration no longer exists"}
		return finish(s)
	}
	return s, []Action{Arm{RestartAt}}
}

func ready(s Status) (Status, []Action) {
	if s.Phase != Starting || !s.Listener {
		return s, nil
	}
	s, actions := listen(s)
	if s.shaky() {
		actions = append(actions, Arm{SteadyAt})
	}
	return s, actions
}

// listen waits for a job.
func listen(s Status) (Status, []Action) {
	s.Absent, s.Probes = false, 0
	return s.in(Listening), []Action{Disarm{StartBy}, Arm{IdleBy}, Arm{ProbeAt}}
}

// jobStarted: a job that arrives while we are being fenced off is drained like any other, unless the listener was
// interrupted already and is about to hand it back.
func jobStarted(s Status) (Status, []Action) {
	if !s.Listener {
		return s, nil
	}
	s.Job, s.Served, s.Doubt, s.Probes = true, false, NoDoubt, 0
	switch {
	case s.Phase == Starting, s.Phase == Listening:
		return s.in(Running), []Action{Disarm{StartBy}, Disarm{IdleBy}, Disarm{ProbeAt}, Arm{WorkerBy}}
	case s.Phase == Stopping && !s.Interrupted:
		s, actions := drain(s)
		return s, append(actions, Arm{WorkerBy})
	case s.Phase == Draining:
		return s, []Action{Arm{WorkerBy}}
	}
	return s, nil
}

// jobEnded: an ephemeral listener ends by itself after its job, so it is only given a while; a persistent one is free
// for the next job, which on the way out means that it has to be fenced off again.
func jobEnded(s Status) (Status, []Action) {
	if !s.Listener || !s.Job {
		return s, nil
	}
	s.Job, s.Served, s.Doubt = false, true, NoDoubt
	switch {
	case s.Phase == Running && !s.Ephemeral:
		return listen(s)
	case s.Phase == Running, s.Phase == Draining && s.Ephemeral:
		return s, []Action{Arm{LingerBy}}
	case s.Phase == Draining:
		return fence(s.in(Stopping))
	}
	return s, nil
}

// looked follows the last doubt before an idle listener is interrupted.
func looked(s Status, e Looked) (Status, []Action) {
	switch {
	case s.Phase != Stopping || s.Interrupted || !s.Listener:
		return s, nil
	case e.Worker:
		s.Job, s.Served = true, false
		return drain(s)
	}
	return interrupt(s)
}

// expired follows a timer.
func expired(s Status, t Timer) (Status, []Action) {
	switch {
	case t == StartBy && s.Phase <= Starting && !s.Leaving:
		s.Exit = late
		return leave(s)
	case t == IdleBy && s.Phase == Listening && !s.Leaving:
		s.Exit = Exit{Reason: "no job came for as long as RUNNER_IDLE_TIMEOUT allows"}
		return leave(s)
	case t == LifeBy && !s.Leaving:
		s.Exit = Exit{Reason: "RUNNER_MAX_LIFETIME is over"}
		return leave(s)
	case t == RestartAt && s.Phase == Starting && !s.Listener && !s.Leaving:
		return launch(s)
	case t == SteadyAt && s.Listener && s.Phase >= Listening && !s.Leaving:
		return s.steady(), nil
	case t == FenceBy && s.Phase == Stopping && s.Fencing && !s.Interrupted:
		s.Fence = FenceBroken
		return s, []Action{Cancel{}, Look{}}
	case t == Settled && s.Phase == Stopping && !s.Interrupted:
		return s, []Action{Look{}}
	case t == FenceAgain && s.Phase == Draining && !s.Job && !s.done():
		return ask(s)
	case t == LingerBy && s.Listener && s.done() && !s.Interrupted:
		s.Leaving = true
		return interrupt(s)
	case t == DrainBy && s.Phase == Draining:
		return interrupt(s)
	case t == KillBy && s.Interrupted:
		return kill(s, "it did not end in time after it was cancelled")
	case t == ExitBy && s.Leaving && s.Registered:
		return ghost(s), []Action{Cancel{}}
	case t == ExitBy && s.Leaving:
		return s.in(Exited), []Action{Cancel{}}
	case t == WorkerBy:
		return watch(s)
	case t == ProbeAt && s.idle():
		s.Probes = min(s.Probes+1, maxProbes)
		return probe(s)
	}
	return s, nil
}
