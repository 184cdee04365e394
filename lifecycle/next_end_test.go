package lifecycle

import "testing"

func TestListenerEnds(t *testing.T) {
	bye := on(Deregistered{Gone}, Exited)
	ends := func(how Ending) turn { return on(Ended{how}, Deregistering, Arm{ExitBy}, Deregister{}) }
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
				on(Ended{Retryable}, Starting, Check{}),
				on(Checked{Vacant}, Starting, Arm{RestartAt}),
				on(Expired{RestartAt}, Starting, Launch{}),
				on(Ready{}, Listening, settledIn...),
			},
		},
		{
			name: "and asks to be restarted, but GitHub has forgotten us", given: idle(),
			told: []turn{on(Ended{Retryable}, Starting, Check{}), on(Checked{Missing}, Exited)},
			exit: Exit{RunnerFailed, "the listener failed, and its registration no longer exists"},
		},
		{
			name: "for a self-update: nothing is killed, and the new one is started", given: idle(),
			told: []turn{
				on(Ended{Updating}, Starting, AwaitUpdate{}),
				on(Updated{}, Starting, Launch{}),
				on(Ready{}, Listening, settledIn...),
			},
		},
		{
			name: "because another session holds our registration: a new one is made", given: started(),
			told: []turn{
				on(Ended{Conflict}, Registering, Register{}, Arm{StartBy}),
				on(Registered{}, Starting, Launch{}),
			},
		},
	})
}

func TestRestartsAreBounded(t *testing.T) {
	for name, again := range map[string][]Event{
		"retryable": {Ended{Retryable}, Checked{}, Expired{RestartAt}},
		"updating":  {Ended{Updating}, Updated{}},
	} {
		s := started()
		for range maxRestarts {
			s = after(s, again...)
		}
		if s.Phase != Starting || !s.Listener {
			t.Fatalf("%s: got %+v after %d restarts, want a listener", name, s, maxRestarts)
		}
		if once := after(s, append([]Event{Ready{}}, again...)...); once.Phase != Starting {
			t.Errorf("%s: a session in between does not give the listener new chances", name)
		}
		want := Exit{RunnerFailed, "the listener keeps asking to be restarted"}
		if s = after(s, again[0]); s.Phase != Deregistering || s.Exit != want {
			t.Errorf("%s: got %s, %v after one restart too many", name, s.Phase, s.Exit)
		}
	}
}

func TestIdentitiesAreBounded(t *testing.T) {
	s := started()
	for range maxIdentities - 1 {
		s = after(s, Ended{Conflict}, Registered{})
	}
	if s.Phase != Starting || s.Identities != maxIdentities {
		t.Fatalf("got %s with %d identities, want a listener with %d", s.Phase, s.Identities, maxIdentities)
	}
	want := Exit{Conflicted, "another session keeps holding our registration"}
	if s = after(s, Ended{Conflict}); s.Phase != Deregistering || s.Exit != want {
		t.Errorf("got %s, %v after one conflict too many", s.Phase, s.Exit)
	}
}

// An earlier identity may still stand when the next one cannot be had: only GitHub can tell.
func TestFailedNewIdentityDeregistersTheOldOne(t *testing.T) {
	tell(t, []story{{
		name: "after a conflict", given: after(started(), Ended{Conflict}),
		told: []turn{
			on(Failed{Exit: refused}, Deregistering, Arm{ExitBy}, Deregister{}),
			on(Deregistered{Gone}, Exited),
		},
		exit: refused,
	}})
}

func TestGhostExits(t *testing.T) {
	leaving := after(busy(), Ended{Crashed})
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
			on(Ended{Unseen}, Deregistering, Arm{ExitBy}, Deregister{}),
			on(Deregistered{Gone}, Exited),
		},
		exit: died,
	}})
}

func first(s Status, _ []Action) Status { return s }
