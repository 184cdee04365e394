package lifecycle

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

var graces = []time.Duration{second, 2 * second, 10 * second, 30 * second, 120 * second, 10 * time.Minute, hour}

// A job that never ends, in a listener that never ends, with a GitHub that never answers: each moment of the plan comes
// exactly when it is due, and the last of them ends us.
func TestDrainKeepsToThePlan(t *testing.T) {
	for _, grace := range graces {
		t.Run(grace.String(), func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				s := &stage{grace: grace, stubborn: true, deregister: -1, jobs: []job{{at: second, takes: 6 * hour}}}
				stop := 60 * second
				exit := s.play(cue{stop, Stop{}})
				if exit.Code != GhostLeft {
					t.Errorf("got exit %v, want %d", exit, GhostLeft)
				}
				p := NewPlan(grace, 0)
				s.expect(t,
					"0s boot", "0s [authenticating]", "0s authenticate", "0s [registering]", "0s register", "0s [starting]", "0s launch",
					"0s [listening]", "1s job", "1.3s [running]", "31.3s working?", "1m0s [draining]", "1m0s fence",
					fmt.Sprint(stop+p.Drain, " [cancelling]"), fmt.Sprint(stop+p.Drain, " interrupt"),
					fmt.Sprint(stop+p.Kill, " kill"), fmt.Sprint(stop+p.Kill, " [deregistering]"), fmt.Sprint(stop+p.Kill, " deregister"),
					fmt.Sprint(stop+p.Exit, " [exited]"), fmt.Sprint(stop+p.Exit, " exit 75"),
				)
			})
		})
	}
}

func TestHangingFence(t *testing.T) {
	for _, grace := range graces {
		t.Run(grace.String(), func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				s := &stage{grace: grace, fence: -1}
				exit := s.play(cue{60 * second, Stop{}})
				if took, p := time.Since(s.began)-60*second, NewPlan(grace, 0); exit.Code != OK || took != p.Fence || s.standing {
					t.Errorf("got exit %v after %s, registration left: %t; want 0 after %s", exit, took, s.standing, p.Fence)
				}
			})
		})
	}
}

// A request that does not even heed its context is not waited for beyond the plan.
func TestFenceThatCannotBeCancelled(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := &stage{grace: 30 * second, fence: hour, deaf: true}
		exit := s.play(cue{60 * second, Stop{}})
		if took, p := time.Since(s.began)-60*second, NewPlan(30*second, 0); exit.Code != GhostLeft || took != p.Exit {
			t.Errorf("got exit %v after %s, want %d after %s", exit, took, GhostLeft, p.Exit)
		}
	})
}

func TestJobDuringSettle(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := prompt()
		// GitHub assigned the job and forgot us all the same: the message is on its way while it confirms the fence.
		time.AfterFunc(60*second+500*time.Millisecond, func() { s.assign(job{takes: 5 * second}) })
		time.AfterFunc(60*second+400*time.Millisecond, func() { s.set(func() { s.standing = true }) })
		s.play(cue{60 * second, Stop{}})
		s.expect(t,
			"0s boot", "1s [authenticating]", "1s authenticate", "2s [registering]", "2s register", "3s [starting]", "3s launch",
			"4s [listening]", "1m0s [stopping]", "1m0s fence", "1m0.5s job", "1m0.8s [draining]", "1m5.8s job done",
			"1m6.1s [exited]", "1m6.1s exit 0",
		)
	})
}

func TestMoreSignals(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := prompt()
		s.stubborn, s.jobs = true, []job{{at: 10 * second, takes: 6 * hour}}
		exit := s.play(cue{20 * second, Stop{}}, cue{21 * second, Stop{}}, cue{22 * second, Stop{}})
		if exit.Code != GhostLeft { // GitHub takes the job for running until it notices
			t.Errorf("got exit %v, want %d", exit, GhostLeft)
		}
		s.expect(t,
			"0s boot", "1s [authenticating]", "1s authenticate", "2s [registering]", "2s register", "3s [starting]", "3s launch",
			"4s [listening]", "10s job", "10.3s [running]", "20s [draining]", "20s fence",
			"21s [cancelling]", "21s interrupt", "22s kill", "22s [deregistering]", "22s deregister", "22.2s [exited]", "22.2s exit 75",
		)
	})
}

// A second signal ends patience with the job, but it does not begin the grace period anew.
func TestSecondSignalKeepsTheFirstOnesPlan(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := prompt()
		s.stubborn, s.deregister, s.jobs = true, -1, []job{{at: 10 * second, takes: 6 * hour}}
		s.play(cue{20 * second, Stop{}}, cue{25 * second, Stop{}})
		p := NewPlan(s.grace, 0)
		got := s.transcript(false)
		want := []string{
			"25s interrupt", fmt.Sprint(20*second+p.Kill, " kill"), fmt.Sprint(20*second+p.Kill, " deregister"),
			fmt.Sprint(20*second+p.Exit, " exit 75"),
		}
		if got = got[len(got)-len(want):]; !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

// A stop at any moment of boot leaves nothing behind and is over before the platform loses its patience, whether a step
// heeds the cancellation or comes to its end in spite of it.
func TestStopAtEveryMomentOfBoot(t *testing.T) {
	for _, deaf := range []bool{false, true} {
		for at := time.Duration(0); at < 5*second; at += 50 * time.Millisecond {
			bubble(t, func(t *testing.T) {
				s := prompt()
				s.grace, s.deaf = 10*second, deaf
				exit := s.play(cue{at, Stop{}})
				took := time.Since(s.began) - at
				if exit.Code != OK || s.standing || took > NewPlan(s.grace, 0).Exit {
					t.Errorf("stop at %s, deaf: %t: got exit %v after %s, registration left: %t\n%q", at, deaf, exit, took, s.standing, s.record)
				}
			})
		}
	}
}

// A stop at any moment around the assignment of a job: either GitHub never gave it to us, or it ended well.
func TestStopAroundAnAssignmentLosesNoJob(t *testing.T) {
	for _, persistent := range []bool{false, true} {
		given := map[bool]int{}
		for at := 8 * second; at < 16*second; at += 10 * time.Millisecond {
			bubble(t, func(t *testing.T) {
				s := prompt()
				s.persistent, s.jobs = persistent, []job{{at: 10 * second, takes: 4 * second}}
				exit := s.play(cue{at, Stop{}})
				if exit.Code != OK || s.lost || s.busy || s.standing {
					t.Errorf("stop at %s, persistent: %t: got exit %v, job lost: %t, registration left: %t\n%q",
						at, persistent, exit, s.lost, s.standing, s.record)
				}
				given[slices.Contains(s.record, "10s job")]++
			})
		}
		if given[true] < 100 || given[false] < 100 {
			t.Errorf("persistent: %t: %d stops came after the assignment and %d before, want enough of both", persistent, given[true], given[false])
		}
	}
}

// A step of boot that never answers, whatever it is told, cannot keep us beyond the grace period.
func TestStepThatCannotBeCancelled(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := &stage{grace: 30 * second, register: hour, stuck: true}
		exit := s.play(cue{10 * second, Stop{}})
		if took, p := time.Since(s.began)-10*second, NewPlan(30*second, 0); exit.Code != GhostLeft || took != p.Exit {
			t.Errorf("got exit %v after %s, want %d after %s", exit, took, GhostLeft, p.Exit)
		}
	})
}

// The grace period runs from the signal, even if the loop is not there yet: its end is the platform's to set.
func TestStopBeforeTheLoopBegins(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := &stage{grace: 30 * second, register: hour, stuck: true}
		world, end := context.WithCancel(context.Background())
		defer end()
		s.began, s.world = time.Now(), world
		s.loop = New(Ports{Host: s, Registrar: s, Listener: s, Judge: s.judge}, NewPlan(s.grace, 0))
		s.loop.Stop(time.Now())
		time.Sleep(4 * second)
		exit := s.loop.Run(Next(Status{Phase: Authenticating, Ephemeral: true}, Authenticated{}))
		if took, p := time.Since(s.began), NewPlan(s.grace, 0); exit.Code != GhostLeft || took != p.Exit {
			t.Errorf("got exit %v %s after the stop, want %d after %s", exit, took, GhostLeft, p.Exit)
		}
	})
}

// A stop that was asked for before the loop begins comes before the answers of its first steps, and counts once.
func TestEarlyStopComesFirst(t *testing.T) {
	for range 20 { // an answer that waits as well would be as likely to come first
		bubble(t, func(t *testing.T) {
			s := &stage{began: time.Now()}
			stops := uint8(0)
			observe := func(before, after Status) { s.observe(before, after); stops = after.Stops }
			s.loop = New(Ports{Host: s, Registrar: s, Listener: slow{s}, Judge: s.judge, Observe: observe}, NewPlan(30*second, 0))
			s.loop.Stop(time.Now())
			status, actions := Begin(true)
			if exit := s.loop.Run(status, append(actions, Interrupt{})); exit.Code != OK || stops != 1 {
				t.Errorf("got exit %v, %d stops", exit, stops)
			}
			s.expect(t, "0s boot", "0s [exited]")
		})
	}
}

// slow keeps the loop, when it is interrupted, until everything that it has begun waits for it.
type slow struct{ *stage }

func (slow) Interrupt() { synctest.Wait() }
