package lifecycle

// watch looks for the worker of a job that the listener said it runs.
func watch(s Status) (Status, []Action) {
	switch {
	case !s.Job || s.Interrupted:
		return s, nil
	case s.Watching:
		return s, []Action{Arm{WorkerBy}}
	}
	s.Watching = true
	return s, []Action{Watch{}}
}

// watched follows a look for a worker. One that is there is not looked for again. One that is missing twice may be a job
// that was cancelled before it began, of which the runner says nothing, so GitHub has the last word.
func watched(s Status, worker bool) (Status, []Action) {
	if !s.Watching {
		return s, nil
	}
	s.Watching = false
	switch {
	case !s.Job || s.Interrupted:
		return s, nil
	case worker:
		s.Doubt = NoDoubt
		return s, nil
	case s.Doubt == NoDoubt:
		s.Doubt = Doubted
		return s, []Action{Arm{WorkerBy}}
	}
	s.Doubt = Suspected
	return probe(s)
}

// probe asks GitHub for the registration, once at a time.
func probe(s Status) (Status, []Action) {
	if s.Probing {
		return s, nil
	}
	s.Probing = true
	return s, []Action{Probe{}}
}

// idle says that a listener has no job, and that nobody has asked it to leave.
func (s Status) idle() bool {
	return s.Listener && (s.Phase == Starting || s.Phase == Listening)
}

// probed follows what GitHub shows of the registration, to whom it matters by now: an idle runner, or one whose job has no
// worker. A listener that was started again, and for which nobody listens at two looks although GitHub answers, hangs.
func probed(s Status, shown Standing) (Status, []Action) {
	if !s.Probing {
		return s, nil
	}
	s.Probing = false
	switch {
	case s.idle() && shown == Missing:
		return dead(s, "GitHub no longer knows the runner, which has not noticed")
	case s.idle() && s.Absent && shown == Offline:
		return dead(s, "the runner was started again and does not come up")
	case s.idle():
		s.Absent = s.Absent || s.Phase == Starting && shown == Offline
		return s, []Action{Arm{ProbeAt}}
	case s.Doubt == Suspected && !s.Interrupted:
		return suspected(s, shown)
	}
	return s, nil
}

// suspected follows GitHub's word on a job without a worker. A persistent runner without a job is a healthy one that was
// spared it. GitHub's silence proves nothing: a runner that cannot reach it does not begin a job either.
func suspected(s Status, shown Standing) (Status, []Action) {
	switch {
	case shown == Unclear:
		return s, []Action{Arm{WorkerBy}}
	case (shown == Vacant || shown == Offline) && !s.Ephemeral:
		return jobEnded(s)
	}
	return dead(s, "the runner took a job and did not start it")
}

// dead leaves with a runner that lives and does not work. Its job cannot end by itself, so the listener is asked to hand
// it back at once. An idle one goes the way of every idle runner, fence included: the last word on a registration is that
// of a deletion.
func dead(s Status, why string) (Status, []Action) {
	s.Exit = Exit{DeadRunner, why}
	if s.Job {
		s.Leaving = true
		return interrupt(s.in(Draining))
	}
	return leave(s)
}
