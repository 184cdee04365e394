package lifecycle

import (
	"testing"
	"time"
)

const (
	second = time.Second
	hour   = time.Hour
	day    = 24 * hour
)

// prompt is a world in which everything goes well, at a speed that tells one step from the other.
func prompt() *stage {
	return &stage{
		grace: 30 * second, start: 2 * time.Minute, boot: second, authenticate: second, register: second, connect: second,
		fence: 200 * time.Millisecond, deregister: 200 * time.Millisecond, end: 300 * time.Millisecond,
	}
}

func TestIdleStop(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := prompt()
		s.play(cue{60 * second, Stop{}})
		s.expect(t,
			"0s boot", "1s [authenticating]", "1s authenticate", "2s [registering]", "2s register", "3s [starting]", "3s launch",
			"4s [listening]",
			"1m0s [stopping]", "1m0s fence", "1m1.2s working?", "1m1.2s interrupt", "1m1.5s [exited]", "1m1.5s exit 0",
		)
	})
}

func TestJobOfAnEphemeralRunner(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := prompt()
		s.jobs = []job{{at: 10 * second, takes: 6 * hour}}
		s.play()
		s.expect(t,
			"0s boot", "1s [authenticating]", "1s authenticate", "2s [registering]", "2s register", "3s [starting]", "3s launch",
			"4s [listening]", "10s job", "10.3s [running]", "40.3s working?", "6h0m10.3s job done",
			"6h0m10.6s [deregistering]", "6h0m10.6s deregister", "6h0m10.8s [exited]", "6h0m10.8s exit 0",
		)
	})
}

func TestLeaveWaitsSixHoursForAJob(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := prompt()
		s.persistent = true
		s.jobs = []job{{at: 10 * second, takes: 6 * hour}}
		s.play(cue{20 * second, Leave{}})
		s.expect(t,
			"0s boot", "1s [authenticating]", "1s authenticate", "2s [registering]", "2s register", "3s [starting]", "3s launch",
			"4s [listening]", "10s job", "10.3s [running]", "20s [draining]", "20s fence", "40.3s working?", "6h0m10.3s job done",
			"6h0m10.3s [stopping]", "6h0m10.3s fence", "6h0m11.5s working?", "6h0m11.5s interrupt", "6h0m11.8s [exited]",
			"6h0m11.8s exit 0",
		)
	})
}

func TestTellReturnsWhenTheLoopIsOver(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := prompt()
		s.play(cue{0, Stop{}})
		s.loop.Tell(Stop{})
	})
}

// A loop proves that it lives by coming round: not while an adapter keeps it, and at once otherwise. Before and after its
// time there is nothing to prove.
func TestTurns(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := prompt()
		const stop, hangs = 10 * time.Second, 10 * time.Second
		s.turned = func(_, after Status) {
			if after.Phase == Stopping && time.Since(s.began) == stop {
				time.Sleep(hangs)
			}
		}
		asks := map[time.Duration]struct {
			turns bool
			takes time.Duration
		}{5 * time.Second: {true, 0}, stop + time.Second: {false, time.Second}, stop + hangs - time.Second/2: {true, time.Second / 2}}
		for at, want := range asks {
			time.AfterFunc(at, func() {
				began := time.Now()
				if got := s.loop.Turns(time.Second); got != want.turns || time.Since(began) != want.takes {
					t.Errorf("asked at %v: %t after %v, want %t after %v", at, got, time.Since(began), want.turns, want.takes)
				}
			})
		}
		if !New(Ports{}, Plan{}).Turns(time.Second) {
			t.Error("a loop that has not begun has to prove something")
		}
		s.play(cue{stop, Stop{}})
		if !s.loop.Turns(time.Second) {
			t.Error("a loop that is over has to prove something")
		}
	})
}

// A listener that cannot be started is no listener: a signal that waits for the loop at that moment finds none to fence
// off and to interrupt.
func TestFailedLaunchComesBeforeAStop(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := prompt()
		s.failLaunch = true
		s.play(cue{3500 * time.Millisecond, Stop{}})
		s.expect(t,
			"0s boot", "1s [authenticating]", "1s authenticate", "2s [registering]", "2s register", "3s [starting]", "3s launch",
			"4s [deregistering]", "4s deregister", "4.2s [exited]", "4.2s exit 77",
		)
	})
}

func TestLostAnswerOfARegistration(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := prompt()
		s.lostAnswer = true
		if exit := s.play(); exit != (Exit{Refused, "no answer"}) || s.standing {
			t.Errorf("got exit %v, registration left: %t", exit, s.standing)
		}
	})
}

func TestStartTimeout(t *testing.T) {
	for name, slow := range map[string]func(*stage){
		"boot":         func(s *stage) { s.boot = -1 },
		"authenticate": func(s *stage) { s.authenticate = -1 },
		"register":     func(s *stage) { s.register = -1 },
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				s := prompt()
				slow(s)
				exit := s.play()
				if took := time.Since(s.began); exit.Code != Unreachable || took != s.start {
					t.Errorf("got exit %v after %s, want %d after %s", exit, took, Unreachable, s.start)
				}
			})
		})
	}
}

func TestStartTimeoutWithoutASession(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := prompt()
		s.connect = -1
		if exit := s.play(); exit.Code != Unreachable {
			t.Errorf("got exit %v, want %d", exit, Unreachable)
		}
		s.expect(t,
			"0s boot", "1s [authenticating]", "1s authenticate", "2s [registering]", "2s register", "3s [starting]", "3s launch",
			"2m0s [stopping]", "2m0s fence", "2m1.2s working?", "2m1.2s interrupt", "2m1.5s [exited]", "2m1.5s exit 69",
		)
	})
}

func TestRestartBackOff(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := &stage{grace: 30 * second}
		for range maxRestarts + 1 {
			s.endings = append(s.endings, Retryable)
		}
		if exit := s.play(); exit.Code != RunnerFailed {
			t.Errorf("got exit %v, want %d", exit, RunnerFailed)
		}
		s.expect(t,
			"0s boot", "0s [authenticating]", "0s authenticate", "0s [registering]", "0s register", "0s [starting]", "0s launch", "0s standing?",
			"5s launch", "5s standing?", "15s launch", "15s standing?", "35s launch", "35s standing?", "1m15s launch", "1m15s standing?",
			"2m35s launch", "2m35s [deregistering]", "2m35s deregister", "2m35s [exited]", "2m35s exit 70",
		)
	})
}

func TestSelfUpdate(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := &stage{grace: 30 * second, endings: []Ending{Updating}}
		s.play(cue{60 * second, Stop{}})
		s.expect(t,
			"0s boot", "0s [authenticating]", "0s authenticate", "0s [registering]", "0s register", "0s [starting]", "0s launch",
			"0s await update", "10s launch", "10s [listening]",
			"1m0s [stopping]", "1m0s fence", "1m1s working?", "1m1s interrupt", "1m1s [exited]", "1m1s exit 0",
		)
	})
}
