package lifecycle

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// perDay is how often GitHub is asked for a runner that idles for a day. The page says so.
const perDay = 6

// An idle runner costs next to nothing: a handful of questions a day, and no timer but the one for the next of them. Each
// question wakes us up twice, for its time and for its answer, and nothing else does.
func TestIdleDay(t *testing.T) {
	for name, mute := range map[string]func(time.Duration) bool{
		"GitHub answers":        func(time.Duration) bool { return false },
		"GitHub is unreachable": func(time.Duration) bool { return true },
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				s, turns := prompt(), 0
				s.mute = mute
				s.turned = func(before, after Status) {
					if before.Phase != Listening || after.Phase != Listening {
						return
					}
					if turns++; len(s.loop.timers) > 0 { // ProbeAt has just expired, or waits for the answer
						t.Errorf("got timers %v while idle, want none but ProbeAt", s.loop.timers)
					}
				}
				s.play(cue{day, Stop{}})
				asked := len(s.record)
				s.record = slices.DeleteFunc(s.record, func(line string) bool { return strings.HasSuffix(line, " standing?") })
				if asked -= len(s.record); asked != perDay || turns != 2*asked {
					t.Errorf("got %d questions and %d turns in an idle day, want %d, and two turns each", asked, turns, perDay)
				}
				s.expect(t,
					"0s boot", "1s [authenticating]", "1s authenticate", "2s [registering]", "2s register", "3s [starting]", "3s launch",
					"4s [listening]",
					"24h0m0s [stopping]", "24h0m0s fence", "24h0m1.2s working?", "24h0m1.2s interrupt", "24h0m1.5s [exited]", "24h0m1.5s exit 0",
				)
			})
		})
	}
}

// The pauses between two questions, at the least and at the most.
func TestProbePauses(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	minutes := []time.Duration{10, 30, 90, 270, 360}
	for probes, least := range minutes {
		least *= time.Minute
		spread := map[time.Time]bool{}
		for range 100 {
			due, ever := NewPlan(second, 0).due(ProbeAt, Status{Probes: uint8(probes)}, now, Moments{})
			if pause := due.Sub(now); !ever || pause < least || pause >= least+least/4 {
				t.Errorf("after %d questions: got a pause of %s, want %s and up to a quarter more", probes, pause, least)
			}
			spread[due] = true
		}
		if len(spread) < 50 {
			t.Errorf("after %d questions: runners that started together ask together", probes)
		}
	}
	if len(minutes)-1 != maxProbes {
		t.Errorf("the pauses stay the same after %d questions, want %d", maxProbes, len(minutes)-1)
	}
}

// A runner that GitHub deleted behind its back is found at the next look, and takes the way of every idle runner.
func TestForgottenRunner(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := prompt()
		time.AfterFunc(5*hour, func() { s.set(func() { s.standing = false }) })
		if exit := s.play(); exit != (Exit{DeadRunner, forgotten}) || time.Since(s.began) > 14*hour {
			t.Errorf("got exit %v after %s", exit, time.Since(s.began))
		}
		if s.moment("fence") < 5*hour || s.moment("interrupt") < s.moment("fence") {
			t.Errorf("got %q", s.record)
		}
	})
}

// However long GitHub is unreachable, an idle runner is left alone, and takes a job afterwards.
func TestUnreachableGitHubKillsNobody(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := prompt()
		s.mute = func(at time.Duration) bool { return at < 30*day }
		s.jobs = []job{{at: 30 * day, takes: 6 * hour}}
		if exit := s.play(); exit.Code != OK || s.lost || s.moment("job done") < 0 {
			t.Errorf("got exit %v, job lost: %t\n%q", exit, s.lost, s.record)
		}
	})
}

// A listener that is started again and hangs is found at the second look. One that has to wait for GitHub, or takes its
// time, is not.
func TestListenerDoesNotComeUpAgain(t *testing.T) {
	for name, test := range map[string]struct {
		ending    Ending
		reconnect time.Duration
		mute      time.Duration // for which GitHub answers nobody
		want      Exit
		most      time.Duration
	}{
		"it hangs":                      {Retryable, -1, 0, Exit{DeadRunner, absent}, 2 * hour},
		"it hangs after an update":      {Updating, -1, 0, Exit{DeadRunner, absent}, 2 * hour},
		"GitHub is out of reach":        {Retryable, 30*day + hour, 30*day + hour, Exit{}, 0},
		"it takes longer than one look": {Retryable, 20 * time.Minute, 0, Exit{}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				s := prompt()
				s.persistent, s.reconnect = true, test.reconnect
				s.mute = func(at time.Duration) bool { return at < test.mute }
				if exit := s.play(cue{hour, Ended{How: test.ending}}, cue{40 * day, Stop{}}); exit != test.want || s.standing || test.most > 0 && time.Since(s.began) > test.most {
					t.Errorf("got exit %v after %s, want %v\n%q", exit, time.Since(s.began), test.want, s.record)
				}
			})
		})
	}
}

// A job without a worker: the runner is declared dead after 120 s, the job is handed back, nothing is left.
func TestDeadRunner(t *testing.T) {
	for _, persistent := range []bool{false, true} {
		for _, stubborn := range []bool{false, true} {
			t.Run(fmt.Sprint("persistent ", persistent, ", stubborn ", stubborn), func(t *testing.T) {
				bubble(t, func(t *testing.T) {
					s := prompt()
					s.persistent, s.stubborn, s.idler, s.jobs = persistent, stubborn, true, []job{{at: 10 * second, takes: 6 * hour}}
					exit := s.play()
					want, took := Exit{DeadRunner, unbegun}, 130300*time.Millisecond
					if stubborn { // GitHub takes the job for running
						want = Exit{GhostLeft, unbegun + "; a registration may be left on GitHub"}
					}
					if exit != want || s.moment("interrupt") != took || s.standing != stubborn {
						t.Errorf("got exit %v, interrupt at %s, registration left: %t, want %v, %s\n%q", exit, s.moment("interrupt"), s.standing, want, took, s.record)
					}
				})
			})
		}
	}
}

// Jobs of any length, around the moments of the two looks: no healthy runner is taken for a dead one, and a job is looked
// at twice at most.
func TestNoHealthyRunnerIsDead(t *testing.T) {
	for takes := second; takes < 180*second; takes += 250 * time.Millisecond {
		bubble(t, func(t *testing.T) {
			s := prompt()
			s.jobs = []job{{at: 10 * second, takes: takes}}
			if exit := s.play(); exit != (Exit{}) || s.lost {
				t.Errorf("a job of %s: got exit %v, job lost: %t\n%q", takes, exit, s.lost, s.record)
			}
			looks := slices.DeleteFunc(s.record, func(line string) bool { return !strings.HasSuffix(line, "working?") })
			if len(looks) > 2 {
				t.Errorf("a job of %s: looked at %q, want no polling", takes, looks)
			}
		})
	}
}

// A job that GitHub cancelled before it began, of which the runner says nothing: a persistent one is free again.
func TestJobCancelledBeforeItBegan(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := prompt()
		s.persistent, s.idler, s.jobs = true, true, []job{{at: 10 * second, takes: 6 * hour}, {at: 5 * time.Minute, takes: hour}}
		time.AfterFunc(time.Minute, func() { s.set(func() { s.busy, s.idler = false, false }) })
		s.play(cue{3 * hour, Stop{}})
		want := []string{
			"10s job", "10.3s [running]", "40.3s working?", "2m10.3s working?", "2m10.3s standing?", "2m10.3s [listening]",
			"5m0s job", "5m0.3s [running]", "5m30.3s working?", "1h5m0.3s job done", "1h5m0.3s [listening]",
		}
		if begin := slices.Index(s.record, want[0]); begin < 0 || !slices.Equal(s.record[begin:begin+len(want)], want) {
			t.Errorf("got %q, want %q in it", s.record, want)
		}
	})
}
