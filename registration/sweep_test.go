package registration

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/runner-init/runner-init/internal/sim/github"
)

// crowded is a GitHub with so many registrations of each sort, in a random order.
func crowded(left, online, others int) (*github.Server, int) {
	server := github.New(github.Options{RateLimits: true})
	server.AddPAT(canary, github.Classic("admin:org"))
	sorts := append(append(repeat("left", left), repeat("online", online)...), repeat("other", others)...)
	rand.Shuffle(len(sorts), func(i, j int) { sorts[i], sorts[j] = sorts[j], sorts[i] })
	for i, sort := range sorts {
		server.AddRunner("orgs/acme", fmt.Sprintf("%s-%d", sort, i), sort == "online" || sort == "other" && i%2 == 0)
	}
	return server, len(sorts)
}

func repeat(s string, n int) (all []string) {
	for range n {
		all = append(all, s)
	}
	return all
}

func ours(r Runner) bool { return !strings.HasPrefix(r.Name, "other-") }

// Of ten thousand registrations those that are ours and offline are deleted, no other, within GitHub's limits.
func TestSweep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, all := crowded(9000, 500, 500)
		begun := time.Now()
		done, err := newClient(t, github.RoundTripper(server)).Sweep(t.Context(), Sweep{Choose: ours, Apply: true})
		if want := (Swept{Seen: all, Chosen: 9000, Deleted: 9000}); done != want || err != nil {
			t.Errorf("got %+v, %v, want %+v", done, err, want)
		}
		for _, r := range server.Runners() {
			if strings.HasPrefix(r.Name, "left-") {
				t.Fatalf("%s is left", r.Name)
			}
		}
		if left := len(server.Runners()); left != 1000 {
			t.Errorf("%d are left, want 1000", left)
		}
		limited, lists := 0, 0
		for _, e := range server.Journal() {
			if e.Status == http.StatusForbidden {
				limited++
			}
			if e.Method == http.MethodGet {
				lists++
			}
		}
		if took := time.Since(begun); limited > 0 || lists > 120 || took < 8999*time.Second || took > 3*time.Hour {
			t.Errorf("%d requests were over the limits, %d lists, in %v", limited, lists, took)
		}
		// The primary limit is 5000 requests an hour.
		if hour := busiest(server.Journal(), time.Hour); hour > 5000 {
			t.Errorf("%d requests in an hour", hour)
		}
	})
}

// busiest is the most requests that came within d.
func busiest(journal []github.Entry, d time.Duration) (most int) {
	first := 0
	for i, e := range journal {
		for e.Time.Sub(journal[first].Time) >= d {
			first++
		}
		most = max(most, i-first+1)
	}
	return most
}

func TestSweepOnlyLooks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, all := crowded(250, 3, 3)
		told := 0
		done, err := newClient(t, github.RoundTripper(server)).Sweep(t.Context(), Sweep{Choose: ours, Tell: func(_ Runner, v Verdict) {
			if told++; v != "" {
				t.Errorf("the verdict is %q", v)
			}
		}})
		if want := (Swept{Seen: all, Chosen: 250}); done != want || err != nil || told != 250 || len(server.Runners()) != all {
			t.Errorf("got %+v, %v, told %d, %d are left", done, err, told, len(server.Runners()))
		}
	})
}

// Others come and go meanwhile: what is deleted is what was chosen, and in the end nothing of that is left.
func TestSweepOfAMovingList(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, _ := crowded(400, 50, 50)
		client := newClient(t, github.RoundTripper(server))
		n := 0
		server.OnAnswer(func(e github.Entry) {
			if e.Method != http.MethodDelete {
				return
			}
			if n++; n == 1 { // behind what has been seen
				server.AddRunner("orgs/acme", "left-late", false)
			}
			if n%7 == 0 {
				server.AddRunner("orgs/acme", fmt.Sprintf("other-new-%d", n), false)
			}
		})
		busy := server.AddRunner("orgs/acme", "left-busy", false)
		server.Fault(github.Fault{Method: http.MethodDelete, Route: fmt.Sprintf("/orgs/acme/actions/runners/%d", busy), Status: 422})
		server.Fault(github.Fault{Method: http.MethodDelete, Status: 404, Skip: 10, Times: 1, After: true})
		done, err := client.Sweep(t.Context(), Sweep{Choose: ours, Apply: true})
		if err != nil || done.Deleted != 400 || done.Absent != 1 || done.Busy != 1 {
			t.Errorf("got %+v, %v", done, err)
		}
		for _, r := range server.Runners() {
			if strings.HasPrefix(r.Name, "left-") && r.Name != "left-busy" {
				t.Errorf("%s is left", r.Name)
			}
		}
	})
}

func TestSweepStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, _ := crowded(200, 0, 0)
		ctx, cancel := context.WithTimeout(t.Context(), 49500*time.Millisecond)
		defer cancel()
		done, err := newClient(t, github.RoundTripper(server)).Sweep(ctx, Sweep{Choose: ours, Apply: true})
		if err == nil || done.Deleted != 50 || len(server.Runners()) != 150 {
			t.Errorf("got %+v, %v, %d are left", done, err, len(server.Runners()))
		}
	})
}

// The first request finds out whether GitHub can be reached. A later one waits out a rate limit, but not for ever.
func TestSweepBounds(t *testing.T) {
	limit := github.Fault{Method: http.MethodDelete, Status: 403, Times: 1, Header: http.Header{"X-Ratelimit-Remaining": {"0"}, "Retry-After": {"3000"}}}
	for name, c := range map[string]struct {
		fault   github.Fault
		reason  Reason
		deleted int
		least   time.Duration
		most    time.Duration
	}{
		"never reached":   {github.Fault{Hang: true}, Unreachable, 0, 2 * time.Minute, 2 * time.Minute},
		"trouble":         {github.Fault{Status: 503}, Unreachable, 0, 2 * time.Minute, 2 * time.Minute},
		"throttled first": {github.Fault{Status: 429, Header: http.Header{"Retry-After": {"600"}}}, Throttled, 0, 2 * time.Minute, 2 * time.Minute},
		"throttled later": {limit, "", 10, 50 * time.Minute, 52 * time.Minute},
		"lost later":      {github.Fault{Method: http.MethodDelete, Skip: 4, Status: 502}, Unreachable, 4, 65 * time.Minute, 66 * time.Minute},
		"hangs later":     {github.Fault{Method: http.MethodGet, Skip: 1, Hang: true}, Unreachable, 0, 65 * time.Minute, 65 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server, _ := crowded(10, 0, 0)
				server.Fault(c.fault)
				begin := time.Now()
				done, err := newClient(t, github.RoundTripper(server)).Sweep(t.Context(), Sweep{Choose: ours, Apply: true, First: 2 * time.Minute})
				checkReason(t, err, c.reason)
				if took := time.Since(begin); done.Deleted != c.deleted || took < c.least || took > c.most {
					t.Errorf("got %+v after %v", done, took)
				}
			})
		})
	}
}

// A deletion that is under way when the context ends has its answer, and counts; no other begins.
func TestSweepEndsBetweenDeletions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, _ := crowded(10, 0, 0)
		ctx, cancel := context.WithCancel(t.Context())
		server.OnAnswer(func(e github.Entry) {
			if e.Method == http.MethodDelete {
				cancel()
				time.Sleep(2 * time.Second)
			}
		})
		done, err := newClient(t, github.RoundTripper(server)).Sweep(ctx, Sweep{Choose: ours, Apply: true})
		checkReason(t, err, Interrupted)
		if done.Deleted != 1 || len(server.Runners()) != 9 {
			t.Errorf("got %+v, %d are left", done, len(server.Runners()))
		}
	})
}
