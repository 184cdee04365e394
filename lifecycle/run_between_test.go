package lifecycle

import (
	"slices"
	"testing"
	"time"
)

// A stop between two jobs loses neither: the first is drained for longer than the first fence was waited for, and the
// next one comes at any moment around its end. Either GitHub never gives it to us, or it ends well.
func TestStopBetweenTwoJobs(t *testing.T) {
	for _, grace := range []time.Duration{30 * second, 120 * second} {
		plan, given := NewPlan(grace, 0), map[bool]int{}
		end := 20*second + min(plan.Drain-2*second, plan.Fence+20*second) // of the first job
		for at := end - second; at < end+2*second; at += 10 * time.Millisecond {
			bubble(t, func(t *testing.T) {
				s := prompt()
				s.grace, s.persistent = grace, true
				s.jobs = []job{{at: 10 * second, takes: end - 10*second - toLine}, {at: at, takes: second}}
				exit := s.play(cue{20 * second, Stop{}})
				if exit.Code != OK || s.lost || s.busy || s.standing {
					t.Errorf("job at %s of %s: got exit %v, job lost: %t, registration left: %t\n%q", at, grace, exit, s.lost, s.standing, s.record)
				}
				given[slices.Contains(s.record, at.String()+" job")]++
			})
		}
		if given[true] < 10 || given[false] < 100 {
			t.Errorf("%s: %d jobs were given to us and %d were not, want enough of both", grace, given[true], given[false])
		}
	}
}

// A fence after a drain gets its time too, even at the very end of the drain, and what follows is in time all the same.
func TestFenceAfterADrain(t *testing.T) {
	for _, grace := range graces[2:] {
		plan := NewPlan(grace, 0)
		for _, hangs := range []bool{false, true} {
			bubble(t, func(t *testing.T) {
				s := prompt()
				s.grace, s.persistent = grace, true
				s.fence = plan.Drain / 20
				if hangs {
					s.fence = -1
				}
				s.jobs = []job{{at: 10 * second, takes: 10*second + plan.Drain - toLine - time.Millisecond}}
				exit := s.play(cue{20 * second, Stop{}})
				if took := time.Since(s.began) - 20*second; exit.Code != OK || s.lost || s.standing || took > plan.Exit {
					t.Errorf("grace %s, hangs %t: got exit %v after %s, job lost: %t, registration left: %t\n%q", grace, hangs, exit, took, s.lost, s.standing, s.record)
				}
			})
		}
	}
}
