package lifecycle

import "testing"

func TestListenerEnds(t *testing.T) {
	bye := on(Deregistered{Gone}, Exited)
	ends := func(how Ending) turn { return on(Ended{How: how}, Deregistering, Arm{ExitBy}, Deregister{}) }
	tell(t, []story{
		{name: "normally, while idle: GitHub dropped us", given: idle(), told: []turn{ends(Finished), bye}},
		{name: "badly, after its one job: the job counts", given: after(busy(), JobEnded{}), told: []turn{ends(Crashed), bye}},
		{
			name: "after its one job, and GitHub takes its time: the listener's is over", given: after(busy(), JobEnded{}),
			told: []turn{ends(Finished), on(Expired{LingerBy}, Deregistering), bye},
		},
		{
			name: "for good", given: idle(), told: []turn{ends(Terminated), bye},
			exit: Exit{RunnerFailed, "the listener gave up"},
		},
		{
			name: "because its version is too old", given: started(), told: []turn{ends(Outdated), bye},
			exit: Exit{OutdatedRunner, "GitHub no longer accepts this runner version"},
		},
		{
			name: "by a crash", given: busy(), told: []turn{ends(Crashed), bye},
			exit: Exit{RunnerFailed, "the listener crashed"},
		},
		{
			name: "and asks to be restarted: only if GitHub still knows us, and after a while", given: idle(),
			told: []turn{
				on(Ended{How: Retryable}, Starting, Check{}),
				on(Checked{Vacant}, Starting, Arm{RestartAt}),
				on(Expired{RestartAt}, Starting, Launch{}, Arm{ProbeAt}),
				on(Ready{}, Listening, append(settledIn, Arm{SteadyAt})...),
				on(Expired{SteadyAt}, Listening),
			},
		},
		{
			name: "by the OOM killer", given: busy(), told: []turn{on(Ended{OutOfMemory, "1 kill"}, Deregistering, Arm{ExitBy}, Deregister{}), bye},
			exit: Exit{MemoryExhausted, "the OOM killer struck: 1 kill"},
		},
		{
			name: "after its worker was ended by the OOM killer", given: after(busy(), JobEnded{}), told: []turn{ends(OutOfMemory), bye},
			exit: Exit{MemoryExhausted, "the OOM killer struck"},
		},
		{
			name: "by a signal, of which more is known", given: busy(), told: []turn{on(Ended{Crashed, "SIGSEGV"}, Deregistering, Arm{ExitBy}, Deregister{}), bye},
			exit: Exit{RunnerFailed, "the listener crashed: SIGSEGV"},
		},
		{
			name: "and asks to be restarted, but GitHub has forgotten us", given: idle(),
			told: []turn{on(Ended{How: Retryable}, Starting, Check{}), on(Checked{Missing}, Exited)},
			exit: Exit{RunnerFailed, "the listener failed, and its registration no longer exists"},
		},
		{
			name: "for a self-update: nothing is killed, and the new one is started", given: idle(),
			told: []turn{
				on(Ended{How: Updating}, Starting, AwaitUpdate{}),
				on(Updated{}, Starting, Launch{}, Arm{ProbeAt}),
				on(Ready{}, Listening, append(settledIn, Arm{SteadyAt})...),
			},
		},
		{
			name: "for a self-update that does not end: it is left alone, and the old one is started", given: idle(),
			told: []turn{
				on(Ended{How: Updating}, Starting, AwaitUpdate{}),
				on(Updated{Unfinished: true}, Starting, Launch{}, Arm{ProbeAt}),
			},
		},
		{
			name: "because another session holds our registration: a new one is made", given: started(),
			told: []turn{
				on(Ended{How: Conflict}, Registering, Register{}, Arm{StartBy}),
				on(Registered{}, Starting, Launch{}),
			},
		},
	})
}

func TestRestartsAreBounded(t *testing.T) {
	for name, again := range map[string][]Event{
		"retryable": {Ended{How: Retryable}, Checked{}, Expired{RestartAt}},
		"updating":  {Ended{How: Updating}, Updated{}},
	} {
		s := started()
		for range maxRestarts {
			s = after(s, again...)
		}
		if s.Phase != Starting || !s.Listener {
			t.Fatalf("%s: got %+v after %d restarts, want a listener", name, s, maxRestarts)
		}
		if once := after(s, append([]Event{Ready{}, Expired{SteadyAt}}, again...)...); once.Phase != Starting {
			t.Errorf("%s: a session that lasts does not give the listener new chances", name)
		}
		if once := after(s, append([]Event{Ready{}}, again...)...); once.Phase != Deregistering {
			t.Errorf("%s: a session that does not last gives the listener new chances for ever", name)
		}
		want := Exit{RunnerFailed, "the listener keeps asking to be restarted"}
		if s = after(s, again[0]); s.Phase != Deregistering || s.Exit != want {
			t.Errorf("%s: got %s, %v after one restart too many", name, s.Phase, s.Exit)
		}
	}
}

// A self-update that never ends is asked for again as soon as there is a session, however long that one lasts.
func TestStuckUpdatesAreBounded(t *testing.T) {
	update := []Event{Ready{}, Expired{SteadyAt}, Ended{How: Updating}, Updated{Unfinished: true}}
	s := started()
	for range maxStuck - 1 {
		s = after(s, update...)
	}
	if s.Phase != Starting || !s.Listener {
		t.Fatalf("got %+v after %d self-updates, want a listener", s, maxStuck-1)
	}
	if once := after(s, append([]Event{Ready{}, Ended{How: Updating}, Updated{}}, update...)...); once.Phase != Starting {
		t.Error("a self-update that ends does not make up for those that did not")
	}
	want := Exit{RunnerFailed, "the runner's self-update does not come to its end"}
	if s = after(s, update...); s.Phase != Deregistering || s.Exit != want {
		t.Errorf("got %s, %v after one self-update too many", s.Phase, s.Exit)
	}
}

func TestIdentitiesAreBounded(t *testing.T) {
	s := started()
	for range maxIdentities - 1 {
		s = after(s, Ended{How: Conflict}, Registered{})
	}
	if s.Phase != Starting || s.Identities != maxIdentities {
		t.Fatalf("got %s with %d identities, want a listener with %d", s.Phase, s.Identities, maxIdentities)
	}
	want := Exit{Conflicted, "another session keeps holding our registration"}
	if s = after(s, Ended{How: Conflict}); s.Phase != Deregistering || s.Exit != want {
		t.Errorf("got %s, %v after one conflict too many", s.Phase, s.Exit)
	}
}

// An earlier identity may still stand when the next one cannot be had: only GitHub can tell.
func TestFailedNewIdentityDeregistersTheOldOne(t *testing.T) {
	tell(t, []story{{
		name: "after a conflict", given: after(started(), Ended{How: Conflict}),
		told: []turn{
			on(Failed{Exit: refused}, Deregistering, Arm{ExitBy}, Deregister{}),
			on(Deregistered{Gone}, Exited),
		},
		exit: refused,
	}})
}

func TestGhostExits(t *testing.T) {
	leaving := after(busy(), Ended{How: Crashed})
	left := Exit{GhostLeft, "the listener crashed; a registration may be left on GitHub"}
	tell(t, []story{
		{name: "GitHub does not know", given: leaving, told: []turn{on(Deregistered{Unknown}, Exited)}, exit: left},
		{name: "GitHub refuses", given: leaving, told: []turn{on(Deregistered{Busy}, Exited)}, exit: left},
		{name: "GitHub does not answer", given: leaving, told: []turn{on(Expired{ExitBy}, Exited, Cancel{})}, exit: left},
		{
			name: "a signal does not overtake a deregistration, but sets its limit", given: leaving,
			told: []turn{
				on(Stop{}, Deregistering, Arm{ExitBy}),
				on(Stop{}, Deregistering, Arm{ExitBy}),
				on(Deregistered{Gone}, Exited),
			},
			exit: Exit{RunnerFailed, "the listener crashed"},
		},
		{
			name: "a registration that we were told to keep is no ghost", given: leaving,
			told: []turn{on(Deregistered{Kept}, Exited)},
			exit: Exit{RunnerFailed, "the listener crashed"},
		},
	})
}

func TestResume(t *testing.T) {
	died := Exit{RunnerFailed, "the supervisor died"}
	for _, c := range []struct {
		name                      string
		registered, listener, job bool
		phase                     Phase
		actions                   []Action
	}{
		{"nothing is left", false, false, false, Exited, []Action{Cancel{}}},
		{"a registration is left", true, false, false, Deregistering, []Action{Cancel{}, Arm{ExitBy}, Deregister{}}},
		{"an idle listener is left", true, true, false, Stopping, []Action{Fence{}, Arm{FenceBy}}},
		{"a job runs on", true, true, true, Draining, []Action{Disarm{FenceBy}, Fence{}}},
		{"a listener is left that GitHub does not know", false, true, false, Stopping, []Action{Look{}}},
	} {
		s, actions := Resume(true, c.registered, c.listener, c.job, died)
		if s.Phase != c.phase || actionNames(actions) != actionNames(c.actions) || s.Exit != died {
			t.Errorf("%s: got %s, %s, %v, want %s, %s, %v", c.name, s.Phase, actionNames(actions), s.Exit, c.phase, actionNames(c.actions), died)
		}
	}
	tell(t, []story{{
		name: "the job of a runner whose supervisor died ends unseen", given: first(Resume(true, true, true, true, died)),
		told: []turn{
			on(Fenced{Busy}, Draining),
			on(Ended{How: Unseen}, Deregistering, Arm{ExitBy}, Deregister{}),
			on(Deregistered{Gone}, Exited),
		},
		exit: died,
	}})
}

func first(s Status, _ []Action) Status { return s }
