package lifecycle

import (
	"testing"
	"time"
)

// A job of six hours, stopped at any time of it: with two hours of grace it finishes if that is enough, and if not it is
// cancelled in good order with the reserve left that the page speaks of.
func TestSixHourJob(t *testing.T) {
	for _, persistent := range []bool{false, true} {
		for _, test := range []struct{ grace, stop, cancelled time.Duration }{
			{120 * time.Minute, 4*hour + 10*time.Minute, 0},
			{120 * time.Minute, 5*hour + 59*time.Minute, 0},
			{120 * time.Minute, hour, 120*time.Minute - 20*second},
			{30 * second, hour, 15 * second},
			{30 * second, 6*hour - second, 0},
			{10 * second, hour, 5 * second},
		} {
			bubble(t, func(t *testing.T) {
				s := prompt()
				s.grace, s.persistent, s.jobs = test.grace, persistent, []job{{at: 10 * second, takes: 6 * hour}}
				exit := s.play(cue{test.stop, Stop{}})
				if exit.Code != OK || s.standing || s.busy || s.lost != (test.cancelled > 0) {
					t.Errorf("%+v: got exit %v, registration left: %t, job lost: %t, not reported: %t", test, exit, s.standing, s.lost, s.busy)
				}
				if cut := s.moment("interrupt") - test.stop; s.lost && (cut != test.cancelled || test.grace-cut != min(test.grace/2, 20*second)) {
					t.Errorf("%+v: cancelled after %s, with %s left", test, cut, test.grace-cut)
				}
				if took := time.Since(s.began) - test.stop; took > NewPlan(test.grace, 0).Exit {
					t.Errorf("%+v: over after %s", test, took)
				}
			})
		}
	}
}
