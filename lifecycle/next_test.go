package lifecycle

import (
	"slices"
	"testing"
)

// A story is a piece of a runner's life, told event by event.
type story struct {
	name  string
	given Status
	told  []turn
	exit  Exit // compared only if the story reaches Exited
}

// A turn is one event and what it leads to.
type turn struct {
	event   Event
	phase   Phase
	actions []Action
}

// on says what has to follow an event.
func on(e Event, p Phase, actions ...Action) turn { return turn{e, p, actions} }

func tell(t *testing.T, stories []story) {
	t.Helper()
	for _, s := range stories {
		t.Run(s.name, func(t *testing.T) {
			now := s.given
			for i, turn := range s.told {
				next, actions := Next(now, turn.event)
				if next.Phase != turn.phase || !slices.Equal(actions, turn.actions) {
					t.Fatalf("turn %d: %s, %s:\n got %s, %s\nwant %s, %s", i, now.Phase, eventName(turn.event),
						next.Phase, actionNames(actions), turn.phase, actionNames(turn.actions))
				}
				now = next
			}
			if now.Phase == Exited && now.Exit != s.exit {
				t.Errorf("got exit %d %q, want %d %q", now.Exit.Code, now.Exit.Reason, s.exit.Code, s.exit.Reason)
			}
		})
	}
}

// after returns what becomes of a status.
func after(s Status, events ...Event) Status {
	for _, e := range events {
		s, _ = Next(s, e)
	}
	return s
}

// The runners that stories begin with.
func fresh() Status          { s, _ := Begin(true); return s }
func registeringNow() Status { return after(fresh(), Booted{}, Authenticated{}) }
func started() Status        { return after(registeringNow(), Registered{}) }
func idle() Status           { return after(started(), Ready{}) }
func busy() Status           { return after(idle(), JobStarted{}) }
func persistent() Status {
	s, _ := Begin(false)
	return after(s, Booted{}, Authenticated{}, Registered{}, Ready{})
}
func busyPersistent() Status { return after(persistent(), JobStarted{}) }

func TestBoot(t *testing.T) {
	tell(t, []story{
		{
			name: "a runner boots, serves its one job and is gone", given: fresh(),
			told: []turn{
				on(Booted{}, Authenticating, Authenticate{}),
				on(Authenticated{}, Registering, Register{}),
				on(Registered{}, Starting, Launch{}),
				on(Ready{}, Listening, Disarm{StartBy}),
				on(JobStarted{}, Running, Disarm{StartBy}),
				on(JobEnded{}, Running, Arm{LingerBy}),
				on(Ended{Finished}, Deregistering, Arm{DeregisterBy}, Deregister{}),
				on(Deregistered{Gone}, Exited),
			},
		},
		{
			name: "a persistent runner listens again after each job", given: persistent(),
			told: []turn{
				on(JobStarted{}, Running, Disarm{StartBy}),
				on(JobEnded{}, Listening),
				on(JobStarted{}, Running, Disarm{StartBy}),
				on(JobEnded{}, Listening),
			},
		},
		{
			name: "a job may be the first that a listener says", given: started(),
			told: []turn{on(JobStarted{}, Running, Disarm{StartBy})},
		},
		{
			name: "a runner directory that is not there ends the program before GitHub hears of us", given: fresh(),
			told: []turn{on(Failed{Exit: Exit{Misconfigured, "no runner"}}, Exited)},
			exit: Exit{Misconfigured, "no runner"},
		},
		{
			name: "a credential that is refused ends the program", given: after(fresh(), Booted{}),
			told: []turn{on(Failed{Exit: refused}, Exited)},
			exit: refused,
		},
		{
			name: "a registration that is refused leaves nothing to delete", given: registeringNow(),
			told: []turn{on(Failed{Exit: refused}, Exited)},
			exit: refused,
		},
		{
			name: "a registration whose answer was lost is looked for and deleted", given: registeringNow(),
			told: []turn{
				on(Failed{Exit: Exit{Unreachable, "no answer"}, Ghost: true}, Deregistering, Arm{DeregisterBy}, Deregister{}),
				on(Deregistered{Gone}, Exited),
			},
			exit: Exit{Unreachable, "no answer"},
		},
		{
			name: "a listener that cannot be started gives its registration back", given: started(),
			told: []turn{
				on(Failed{Exit: Exit{CannotExecute, "wrong architecture"}}, Deregistering, Arm{DeregisterBy}, Deregister{}),
				on(Deregistered{Gone}, Exited),
			},
			exit: Exit{CannotExecute, "wrong architecture"},
		},
		{
			name: "a step that hangs is cancelled at the start timeout, which is the reason that counts", given: registeringNow(),
			told: []turn{
				on(Expired{StartBy}, Registering, Cancel{}),
				on(Failed{Exit: Exit{RunnerFailed, "context canceled"}, Ghost: true}, Deregistering, Arm{DeregisterBy}, Deregister{}),
				on(Deregistered{Gone}, Exited),
			},
			exit: Exit{Unreachable, "not listening before RUNNER_START_TIMEOUT was over"},
		},
		{
			name: "a listener that never gets a session is fenced off at the start timeout", given: started(),
			told: []turn{
				on(Expired{StartBy}, Stopping, Fence{}, Arm{FenceBy}),
				on(Fenced{Gone}, Stopping, Disarm{FenceBy}, Disarm{DrainBy}, Arm{Settled}),
				on(Expired{Settled}, Stopping, Look{}),
				on(Looked{}, Stopping, Interrupt{}, Arm{KillBy}),
				on(Ended{Finished}, Exited),
			},
			exit: Exit{Unreachable, "not listening before RUNNER_START_TIMEOUT was over"},
		},
		{
			name: "news that mean nothing change nothing", given: idle(),
			told: []turn{
				on(Booted{}, Listening), on(Authenticated{}, Listening), on(Registered{}, Listening), on(Updated{}, Listening),
				on(Checked{Gone: true}, Listening), on(JobEnded{}, Listening), on(Looked{Worker: true}, Listening),
				on(Fenced{Gone}, Listening), on(Deregistered{Gone}, Listening), on(Expired{StartBy}, Listening),
				on(Expired{KillBy}, Listening), on(Expired{LingerBy}, Listening), on(Expired{RestartAt}, Listening),
			},
		},
	})
}
