package lifecycle

import (
	"slices"
	"testing"
	"time"
)

// undisturbed is the rest of a stop while no job comes.
var undisturbed = []turn{
	on(Expired{Settled}, Stopping, Look{}),
	on(Looked{Worker: false}, Stopping, Interrupt{}, Arm{KillBy}),
	on(Ended{How: Finished}, Exited),
}

func TestStopWhileIdle(t *testing.T) {
	asked := on(Stop{}, Stopping, Fence{}, Arm{FenceBy})
	shut := on(Fenced{Gone}, Stopping, Disarm{FenceBy}, Disarm{DrainBy}, Arm{Settled})
	tell(t, []story{
		{
			name: "GitHub forgets us, no job was on its way, the listener ends", given: idle(),
			told: append([]turn{asked, shut}, undisturbed...),
		},
		{
			name: "a job that arrives before GitHub answers is drained", given: idle(),
			told: []turn{
				asked,
				on(JobStarted{}, Draining, Disarm{FenceBy}, Arm{DrainBy}, Arm{WorkerBy}),
				on(Fenced{Busy}, Draining),
				on(JobEnded{}, Draining, Arm{LingerBy}),
				on(Ended{How: Finished}, Deregistering, Arm{ExitBy}, Deregister{}),
				on(Deregistered{Gone}, Exited),
			},
		},
		{
			name: "a job that was on its way when GitHub forgot us is drained", given: idle(),
			told: []turn{
				asked, shut,
				on(JobStarted{}, Draining, Disarm{FenceBy}, Arm{DrainBy}, Arm{WorkerBy}),
				on(Expired{Settled}, Draining),
				on(JobEnded{}, Draining, Arm{LingerBy}),
				on(Ended{How: Finished}, Exited),
			},
		},
		{
			name: "a job whose worker is seen before its line is drained", given: idle(),
			told: []turn{
				asked, shut,
				on(Expired{Settled}, Stopping, Look{}),
				on(Looked{Worker: true}, Draining, Disarm{FenceBy}, Arm{DrainBy}),
				on(JobStarted{}, Draining, Arm{WorkerBy}),
				on(JobEnded{}, Draining, Arm{LingerBy}),
				on(Ended{How: Finished}, Exited),
			},
		},
		{
			name: "a job whose line we never see is drained all the same", given: idle(),
			told: []turn{
				asked, shut,
				on(Expired{Settled}, Stopping, Look{}),
				on(Looked{Worker: true}, Draining, Disarm{FenceBy}, Arm{DrainBy}),
				on(JobEnded{}, Draining, Arm{LingerBy}),
				on(Ended{How: Finished}, Exited),
			},
		},
		{
			name: "a job that arrives after the interrupt is handed back by the listener", given: idle(),
			told: []turn{
				asked, shut,
				on(Expired{Settled}, Stopping, Look{}),
				on(Looked{}, Stopping, Interrupt{}, Arm{KillBy}),
				on(JobStarted{}, Stopping),
				on(JobEnded{}, Stopping),
				on(Ended{How: Finished}, Exited),
			},
		},
		{
			name: "GitHub says busy before we know of a job: it is waited for and GitHub asked again", given: idle(),
			told: []turn{
				asked,
				on(Fenced{Busy}, Draining, Disarm{FenceBy}, Arm{DrainBy}, Arm{FenceAgain}),
				on(Expired{FenceAgain}, Draining, Fence{}),
				on(Fenced{Busy}, Draining, Disarm{FenceBy}, Arm{DrainBy}, Arm{FenceAgain}),
				on(JobStarted{}, Draining, Arm{WorkerBy}),
				on(Expired{FenceAgain}, Draining),
				on(JobEnded{}, Draining, Arm{LingerBy}),
			},
		},
		{
			name: "GitHub said busy, no job came, GitHub forgets us after all", given: idle(),
			told: append([]turn{
				asked,
				on(Fenced{Busy}, Draining, Disarm{FenceBy}, Arm{DrainBy}, Arm{FenceAgain}),
				on(Expired{FenceAgain}, Draining, Fence{}),
				on(Fenced{Gone}, Stopping, Disarm{FenceBy}, Disarm{DrainBy}, Arm{Settled}),
			}, undisturbed...),
		},
		{
			name: "GitHub does not answer in time: a last look, then the listener ends, and GitHub is asked again", given: idle(),
			told: []turn{
				asked,
				on(Expired{FenceBy}, Stopping, Cancel{}, Look{}),
				on(Fenced{Unknown}, Stopping, Disarm{FenceBy}, Disarm{DrainBy}, Look{}),
				on(Looked{}, Stopping, Interrupt{}, Arm{KillBy}),
				on(Looked{}, Stopping),
				on(Ended{How: Finished}, Deregistering, Arm{ExitBy}, Deregister{}),
				on(Deregistered{Gone}, Exited),
			},
		},
		{
			name: "GitHub's answer proves nothing: a last look, and then the listener ends", given: idle(),
			told: []turn{
				asked,
				on(Fenced{Unknown}, Stopping, Disarm{FenceBy}, Disarm{DrainBy}, Look{}),
				on(Looked{}, Stopping, Interrupt{}, Arm{KillBy}),
				on(Ended{How: Finished}, Deregistering, Arm{ExitBy}, Deregister{}),
				on(Deregistered{Gone}, Exited),
			},
		},
		{
			name: "GitHub answers the fence only when the listener has ended: that was the deregistration", given: idle(),
			told: []turn{
				asked,
				on(Ended{How: Finished}, Deregistering, Arm{ExitBy}),
				on(Fenced{Gone}, Exited),
			},
		},
		{
			name: "the fence came to nothing and the listener has ended: deregister", given: idle(),
			told: []turn{
				asked,
				on(Ended{How: Finished}, Deregistering, Arm{ExitBy}),
				on(Fenced{Unknown}, Deregistering, Arm{ExitBy}, Deregister{}),
				on(Deregistered{Unknown}, Exited),
			},
			exit: Exit{GhostLeft, "a registration may be left on GitHub"},
		},
		{
			name: "a registration that we were told to keep is kept", given: idle(),
			told: []turn{
				asked,
				on(Fenced{Kept}, Stopping, Disarm{FenceBy}, Disarm{DrainBy}, Look{}),
				on(Looked{}, Stopping, Interrupt{}, Arm{KillBy}),
				on(Ended{How: Finished}, Exited),
			},
		},
		{
			name: "the second signal waits for nobody, the third kills", given: idle(),
			told: []turn{
				asked,
				on(Stop{}, Stopping, Interrupt{}, Arm{KillBy}),
				on(Stop{}, Stopping, Kill{}, Arm{ExitBy}),
				on(Fenced{Gone}, Stopping),
				on(Ended{How: Crashed}, Exited),
			},
		},
		{
			name: "a listener that does not end is killed, and no job was lost by it", given: idle(),
			told: []turn{
				asked, shut,
				on(Expired{Settled}, Stopping, Look{}),
				on(Looked{}, Stopping, Interrupt{}, Arm{KillBy}),
				on(Expired{KillBy}, Stopping, Kill{}, Arm{ExitBy}),
				on(Ended{How: Crashed}, Exited),
			},
		},
	})
}

// GitHub may say busy for as long as a job's lease lasts that no listener has got: it is asked less and less often.
func TestGitHubIsAskedLessAndLessOften(t *testing.T) {
	s, _ := Next(idle(), Leave{})
	var pauses []time.Duration
	for range 6 {
		var actions []Action
		s, actions = Next(s, Fenced{Busy})
		if !slices.Contains(actions, Action(Arm{FenceAgain})) {
			t.Fatalf("got %v, want GitHub asked again", actions)
		}
		due, _ := NewPlan(day, 0).due(FenceAgain, s, time.Time{}, Moments{})
		pauses = append(pauses, due.Sub(time.Time{}))
		s, _ = Next(s, Expired{FenceAgain})
	}
	if want := []time.Duration{2 * second, 4 * second, 8 * second, 16 * second, 16 * second, 16 * second}; !slices.Equal(pauses, want) {
		t.Errorf("GitHub was asked again after %v, want %v", pauses, want)
	}
	waited := idle()
	waited.Probes = maxProbes
	waited, _ = Next(waited, Leave{})
	between := s
	between.Ephemeral = false
	between, _ = Next(between, JobStarted{})
	between, _ = Next(between, JobEnded{})
	for name, s := range map[string]Status{"idle for long": waited, "between two jobs": between} {
		if s, _ = Next(s, Fenced{Busy}); s.Probes != 1 {
			t.Errorf("%s: it begins with pause %d, want the first one", name, s.Probes)
		}
	}
}
