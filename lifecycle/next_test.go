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

// What a runner does when it begins to listen and when a job begins.
var (
	settledIn = []Action{Disarm{StartBy}, Arm{IdleBy}, Arm{ProbeAt}}
	atWork    = []Action{Disarm{StartBy}, Disarm{IdleBy}, Disarm{ProbeAt}, Arm{WorkerBy}}
)

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
func restarted() Status      { return after(idle(), Ended{How: Updating}, Updated{}) }
func busy() Status           { return after(idle(), JobStarted{}) }
func persistent() Status {
	s, _ := Begin(false)
	return after(s, Booted{}, Authenticated{}, Registered{}, Ready{})
}
func busyPersistent() Status { return after(persistent(), JobStarted{}) }
