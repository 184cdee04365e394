package lifecycle

import (
	"slices"
	"testing"
	"time"
)

// A runner that nobody needs leaves through the same fence as after a stop.
func TestIdleTimeout(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := prompt()
		s.idle = 5 * time.Minute
		exit := s.play()
		if want := (Exit{OK, "no job came for as long as RUNNER_IDLE_TIMEOUT allows"}); exit != want {
			t.Errorf("got exit %v, want %v", exit, want)
		}
		s.expect(t,
			"0s boot", "1s [authenticating]", "1s authenticate", "2s [registering]", "2s register", "3s [starting]", "3s launch",
			"4s [listening]",
			"5m4s [stopping]", "5m4s fence", "5m5.2s working?", "5m5.2s interrupt", "5m5.5s [exited]", "5m5.5s exit 0",
		)
	})
}

// The idle time counts from listening, and anew after each job, however long that took.
func TestIdleTimeoutCountsAnewAfterEachJob(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := prompt()
		s.persistent, s.idle = true, 5*time.Minute
		s.jobs = []job{{at: 4 * time.Minute, takes: hour}, {at: 68 * time.Minute, takes: 6 * hour}}
		if exit := s.play(); exit.Code != OK || s.lost || s.standing {
			t.Errorf("got exit %v, job lost: %t, registration left: %t", exit, s.lost, s.standing)
		}
		s.expect(t,
			"0s boot", "1s [authenticating]", "1s authenticate", "2s [registering]", "2s register", "3s [starting]", "3s launch",
			"4s [listening]", "4m0s job", "4m0.3s [running]", "4m30.3s working?", "1h4m0.3s job done", "1h4m0.3s [listening]",
			"1h8m0s job", "1h8m0.3s [running]", "1h8m30.3s working?", "7h8m0.3s job done", "7h8m0.3s [listening]",
			"7h13m0.3s [stopping]", "7h13m0.3s fence", "7h13m1.5s working?", "7h13m1.5s interrupt", "7h13m1.8s [exited]", "7h13m1.8s exit 0",
		)
	})
}

// Only a runner that listens idles: a timer that expires while its listener is started again, or has a job, means nothing.
func TestIdleTimeoutOfWhoDoesNotIdle(t *testing.T) {
	for _, s := range []Status{
		{Phase: Starting, Registered: true, Restarts: 1}, {Phase: Starting, Registered: true, Listener: true},
		{Phase: Running, Registered: true, Listener: true, Job: true},
	} {
		if after, actions := Next(s, Expired{IdleBy}); after != s || len(actions) > 0 {
			t.Errorf("%+v: got %+v and %v", s, after, actions)
		}
	}
}

// A job that arrives just as the idle time is over is never lost, wherever between GitHub and us it was.
func TestIdleTimeoutAroundAnAssignmentLosesNoJob(t *testing.T) {
	for _, persistent := range []bool{false, true} {
		given := map[bool]int{}
		for at := 62 * second; at < 68*second; at += 10 * time.Millisecond {
			bubble(t, func(t *testing.T) {
				s := prompt()
				s.persistent, s.idle, s.jobs = persistent, time.Minute, []job{{at: at, takes: 4 * second}}
				exit := s.play()
				if exit.Code != OK || s.lost || s.busy || s.standing {
					t.Errorf("job at %s, persistent: %t: got exit %v, job lost: %t, registration left: %t\n%q",
						at, persistent, exit, s.lost, s.standing, s.record)
				}
				given[slices.ContainsFunc(s.record, func(line string) bool { return line == at.String()+" job" })]++
			})
		}
		if given[true] < 100 || given[false] < 100 {
			t.Errorf("persistent: %t: %d jobs were given to us and %d were not, want enough of both", persistent, given[true], given[false])
		}
	}
}

// The lifetime counts from the start. A job is let finish, however long it takes, and no other one is taken.
func TestLifetime(t *testing.T) {
	for name, test := range map[string]struct {
		jobs []job
		end  time.Duration
		tail []string
	}{
		"idle": {nil, 2*hour + 1500*time.Millisecond, []string{
			"2h0m0s [stopping]", "2h0m0s fence", "2h0m1.2s working?", "2h0m1.2s interrupt", "2h0m1.5s [exited]", "2h0m1.5s exit 0",
		}},
		"with a job": {[]job{{at: hour, takes: 6 * hour}}, 7*hour + 1800*time.Millisecond, []string{
			"2h0m0s [draining]", "2h0m0s fence", "7h0m0.3s job done", "7h0m0.3s [stopping]", "7h0m0.3s fence",
			"7h0m1.5s working?", "7h0m1.5s interrupt", "7h0m1.8s [exited]", "7h0m1.8s exit 0",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				s := prompt()
				s.persistent, s.life, s.jobs = true, 2*hour, test.jobs
				exit := s.play()
				if want := (Exit{OK, "RUNNER_MAX_LIFETIME is over"}); exit != want || s.lost || s.standing || time.Since(s.began) != test.end {
					t.Errorf("got exit %v after %s, job lost: %t, registration left: %t", exit, time.Since(s.began), s.lost, s.standing)
				}
				if got := s.record[len(s.record)-len(test.tail):]; !slices.Equal(got, test.tail) {
					t.Errorf("got %q, want %q", got, test.tail)
				}
			})
		})
	}
}

// A stop signal puts the grace period on a job that outlives the lifetime.
func TestStopAfterTheLifetime(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := prompt()
		s.life, s.jobs = hour, []job{{at: 10 * second, takes: 6 * hour}}
		stop := 2 * hour
		s.play(cue{stop, Stop{}})
		plan := NewPlan(s.grace, 0)
		if got, want := s.moment("interrupt"), stop+plan.Drain; got != want {
			t.Errorf("the job is cancelled at %s, want %s", got, want)
		}
	})
}

// A lifetime that is over before anything listens is a start without an end.
func TestLifetimeDuringBoot(t *testing.T) {
	for life := 50 * time.Millisecond; life < 5*second; life += 50 * time.Millisecond {
		bubble(t, func(t *testing.T) {
			s := prompt()
			s.life = life
			if exit := s.play(); exit.Code != OK || s.standing {
				t.Errorf("a life of %s: got exit %v, registration left: %t\n%q", life, exit, s.standing, s.record)
			}
		})
	}
}
