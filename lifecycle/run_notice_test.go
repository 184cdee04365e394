package lifecycle

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// A notice divides the time that is left as a stop divides the grace period, and an end that is farther away than that
// does not lengthen it.
func TestNoticeBoundsADrain(t *testing.T) {
	for _, test := range []struct{ grace, ahead, budget time.Duration }{
		{120 * second, 30 * second, 30 * second},
		{120 * second, 120 * second, 120 * second},
		{30 * second, 120 * second, 30 * second},
		{120 * second, 0, second},
		{120 * second, -hour, second},
	} {
		t.Run(fmt.Sprint(test.grace, " ", test.ahead), func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				s := prompt()
				s.grace, s.stubborn, s.deregister, s.jobs = test.grace, true, -1, []job{{at: 10 * second, takes: 6 * hour}}
				s.play(notice(20*second, test.ahead))
				p, at := NewPlan(test.budget, 0), 20*second
				want := []string{
					fmt.Sprint(at+p.Drain, " interrupt"), fmt.Sprint(at+p.Kill, " kill"), fmt.Sprint(at+p.Kill, " deregister"),
					fmt.Sprint(at+p.Exit, " exit 75"),
				}
				if got := s.transcript(false); !slices.Equal(got[len(got)-len(want):], want) {
					t.Errorf("got %q, want it to end with %q", got, want)
				}
			})
		})
	}
}

// An idle listener is fenced off, waited for and interrupted within the second that a notice leaves, also if it has begun
// to leave by itself.
func TestNoticeForAnIdleRunner(t *testing.T) {
	for name, first := range map[string][]cue{"listening": nil, "settling": {{at: 19*second + 700*time.Millisecond, event: Leave{}}}} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				s := prompt()
				s.play(append(first, notice(20*second, second))...)
				m := NewPlan(second, 0).From(time.Time{}.Add(20 * second)).Drain.Sub(time.Time{})
				if at := s.moment("interrupt"); at > m {
					t.Errorf("interrupted at %s, want no later than %s\n%q", at, m, s.record)
				}
			})
		})
	}
}

// What comes second, a signal or another notice, may bring every moment nearer and none farther away; and a first signal
// is no sign of impatience, because the notice was none.
func TestNoticeAndWhatFollows(t *testing.T) {
	signal := cue{event: Stop{}}
	for name, test := range map[string]struct {
		grace  time.Duration
		first  cue
		second cue
		cancel time.Duration // since the first
	}{
		"a nearer end shortens a drain":              {120 * second, signal, notice(0, 40*second), 30 * second},
		"a farther end does not lengthen it":         {120 * second, signal, notice(0, 10*time.Minute), 100 * second},
		"nor does one that leaves a smaller reserve": {30 * second, signal, notice(0, 19*second), 15 * second},
		"a nearer notice after a notice":             {120 * second, notice(0, 120*second), notice(0, 30*second), 25 * second},
		"a farther notice after a notice":            {120 * second, notice(0, 60*second), notice(0, 120*second), 40 * second},
		"an end that is now":                         {120 * second, signal, notice(0, 0), 10*second + 500*time.Millisecond},
		"a signal after a notice":                    {120 * second, notice(0, 60*second), signal, 40 * second},
		"a signal whose grace period ends first":     {20 * second, notice(0, 120*second), signal, 10 * second},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				s := prompt()
				s.grace, s.jobs = test.grace, []job{{at: 10 * second, takes: 6 * hour}}
				test.first.at, test.second.at = 20*second, 30*second
				s.play(test.first, test.second)
				if got := s.moment("interrupt") - 20*second; got != test.cancel {
					t.Errorf("the job is cancelled after %s, want %s\n%q", got, test.cancel, s.record)
				}
			})
		})
	}
}

// Whatever comes in whatever order: each plan that we announce is nowhere later than the one before, and in order.
func TestPlansNeverGetLonger(t *testing.T) {
	for seed := range uint64(300) {
		bubble(t, func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 0))
			s := prompt()
			s.grace = time.Duration(1+random.IntN(300)) * second
			s.stubborn, s.deregister, s.jobs = true, -1, []job{{at: 10 * second, takes: 6 * hour}}
			cues, end := []cue{}, 6*hour
			for range 1 + random.IntN(6) {
				at, ahead := time.Duration(random.IntN(200))*second, time.Duration(1+random.IntN(300))*second
				if random.IntN(3) == 0 {
					cues = append(cues, cue{at, Stop{}})
					ahead = s.grace
				} else {
					cues = append(cues, notice(at, ahead))
				}
				end = min(end, at+ahead)
			}
			s.play(cues...)
			if over := time.Since(s.began); over >= end {
				t.Errorf("seed %d: over at %s, want that before %s", seed, over, end)
			}
			for i, m := range s.planned {
				if m.Drain.Before(m.Fence) || m.Kill.Before(m.Drain) || m.Exit.Before(m.Kill) {
					t.Errorf("seed %d: %+v is in no order", seed, m)
				}
				if i > 0 && s.planned[i-1].Or(m) != m {
					t.Errorf("seed %d: %+v is later than %+v", seed, m, s.planned[i-1])
				}
			}
		})
	}
}

// A notice at any moment of boot leaves nothing behind and is obeyed in time.
func TestNoticeAtEveryMomentOfBoot(t *testing.T) {
	for at := time.Duration(0); at < 5*second; at += 50 * time.Millisecond {
		bubble(t, func(t *testing.T) {
			s := prompt()
			s.grace = 120 * second
			exit := s.play(notice(at, 10*second))
			if took := time.Since(s.began) - at; exit.Code != OK || s.standing || took > NewPlan(10*second, 0).Exit {
				t.Errorf("notice at %s: got exit %v after %s, registration left: %t\n%q", at, exit, took, s.standing, s.record)
			}
		})
	}
}
