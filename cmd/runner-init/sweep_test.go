package main

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/runner-init/runner-init/internal/config"
	"github.com/runner-init/runner-init/internal/sim/github"
	"github.com/runner-init/runner-init/registration"
)

// Of ten thousand registrations the command deletes the nine thousand that our killed containers left, by the names that
// they give themselves, no other, within GitHub's limits, and says so.
func TestSweepCommand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub := github.New(github.Options{RateLimits: true})
		hub.AddPAT(testPAT, github.Classic("repo"))
		now := time.Now().AddDate(26, 0, 0) // a bubble's clock begins before any name of ours
		var names []string
		add := func(n int, name func() string) {
			for range n {
				names = append(names, name())
			}
		}
		ours := func(least time.Duration) func() string {
			return func() string {
				return withSuffix("github-runner", newSuffix(now.Add(-least-rand.N(1000*time.Hour))))
			}
		}
		add(9000, ours(sweepAge))
		left := slices.Clone(names)
		add(500, func() string { return "online " + ours(sweepAge)() })
		add(250, func() string { return withSuffix("github-runner-gpu", newSuffix(now.Add(-100*time.Hour))) }) // another fleet's
		add(150, func() string { return "other-" + newSuffix(now.Add(-100*time.Hour)) })
		add(100, func() string { return withSuffix("github-runner", newSuffix(now.Add(-rand.N(sweepAge-time.Minute)))) }) // about to come online
		rand.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
		for _, name := range names {
			name, online := strings.CutPrefix(name, "online ")
			hub.AddRunner(scope, name, online)
		}
		var out strings.Builder
		s := &sweeping{prefix: "github-runner", olderThan: sweepAge, apply: true, now: now, out: &out}
		c := config.Config{APIURL: "https://api.github.com", Scope: config.Scope{Kind: config.Repository, Owner: "acme", Repo: "widgets"}, StartTimeout: 2 * time.Minute}
		begin := time.Now()
		if code := s.run(t.Context(), roundTripClient(t, c, hub), c); code != 0 {
			t.Errorf("exit code %d:\n%s", code, out.String())
		}
		if took := time.Since(begin); took < 8999*time.Second || took > 3*time.Hour {
			t.Errorf("took %v", took)
		}
		var deleted []string
		for _, e := range hub.Journal() {
			switch {
			case e.Status == http.StatusNoContent && e.Method == http.MethodDelete:
				deleted = append(deleted, e.Runner)
			case e.Status != http.StatusOK || e.Method != http.MethodGet:
				t.Fatalf("%s %s: %d", e.Method, e.Route, e.Status)
			}
		}
		slices.Sort(left)
		if slices.Sort(deleted); !slices.Equal(deleted, left) {
			t.Errorf("%d were deleted, want those %d", len(deleted), len(left))
		}
		lines := strings.Split(strings.TrimSpace(out.String()), "\n")
		want := []string{
			`10000 registrations at repository acme/widgets, 9000 of them offline, idle and left behind under the prefix "github-runner": 9000 deleted, 0 gone meanwhile, 0 with a job meanwhile`,
			`250 more begin with "github-runner" and are offline, but their names do not tell their age; --older-than 0 takes them too`,
		}
		if len(lines) != 9002 || !slices.Equal(lines[9000:], want) {
			t.Errorf("%d lines, the last: %s", len(lines), lines[max(0, len(lines)-2):])
		}
	})
}

func roundTripClient(t *testing.T, c config.Config, hub *github.Server) *registration.Client {
	t.Helper()
	pat, err := registration.NewPAT(testPAT)
	if err != nil {
		t.Fatal(err)
	}
	o := clientOptions(c, pat)
	o.Transport = github.RoundTripper(hub)
	client, err := registration.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func TestSweepChooses(t *testing.T) {
	now := time.Now()
	at := func(prefix string, age time.Duration) string { return withSuffix(prefix, newSuffix(now.Add(-age))) }
	for name, c := range map[string]struct {
		prefix string
		older  time.Duration
		name   string
		chosen bool
		spared int
	}{
		"old":                      {"p", time.Hour, at("p", 2*time.Hour), true, 0},
		"young":                    {"p", time.Hour, at("p", time.Minute), false, 0},
		"young, and all are meant": {"p", 0, at("p", 0), true, 0},
		"prefix with its dash":     {"p-", time.Hour, at("p", 2*time.Hour), true, 0},
		"prefix ending in a dash":  {"p-", time.Hour, at("p-", 2*time.Hour), true, 0},
		"of unknown age":           {"p", time.Hour, "p-7", false, 1},
		"unknown, all are meant":   {"p", 0, "p-7", true, 0},
		"the very name":            {"p", 0, "p", true, 0},
		"the very name, no age":    {"p", time.Hour, "p", false, 1},
		"another prefix":           {"p", 0, "pq-" + newSuffix(now), false, 0},
		"another":                  {"p", 0, "q", false, 0},
	} {
		s := &sweeping{prefix: c.prefix, olderThan: c.older, now: now}
		if got := s.chooses(registration.Runner{Name: c.name}); got != c.chosen || s.ageless != c.spared {
			t.Errorf("%s: got %v, %d of unknown age", name, got, s.ageless)
		}
	}
}

func TestSweepArguments(t *testing.T) {
	for args, want := range map[string]string{
		"":                              " 1h0m0s false",
		"--apply":                       " 1h0m0s true",
		"--older-than 90 --prefix p":    "p 1m30s false",
		"--older-than=2h30m --prefix=p": "p 2h30m0s false",
		"--older-than 0 --apply":        " 0s true",
		"everything":                    `cannot understand ["everything"]`,
		"--older-than soon":             `"soon" is not a duration`,
		"--older-than -1h":              "it is below zero",
		"--older-than":                  "needs an argument: -older-than",
		"--prefix=":                     "it is empty",
		"--all":                         "not defined: -all",
		"--apply=perhaps":               `invalid boolean value "perhaps" for -apply`,
	} {
		s, err := readSweep(strings.Fields(args))
		got := fmt.Sprint(err)
		if err == nil {
			got = fmt.Sprint(s.prefix, " ", s.olderThan, " ", s.apply)
		}
		if err == nil && got != want || err != nil && !strings.Contains(got, want) {
			t.Errorf("%q: got %q", args, got)
		}
	}
}

// A sweep that is stopped lets the deletion under way have its answer, begins no other, says what it did, and ends.
func TestSweepStopped(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		t.Run(sig.String(), func(t *testing.T) {
			h := newHub(t)
			for range 5 {
				h.AddRunner(scope, withSuffix("github-runner", newSuffix(time.Now().Add(-2*time.Hour))), false)
			}
			asked, goOn, deletions := make(chan struct{}), make(chan struct{}), 0
			h.OnAnswer(func(e github.Entry) {
				if e.Method != http.MethodDelete {
					return
				}
				if deletions++; deletions == 2 {
					close(asked)
					<-goOn
				}
			})
			b := open(t, h, newRoot(t), usual(), "sweep", "--apply")
			<-asked
			b.signal(sig)
			b.eventually("signal taken", func() bool { return !pending(b.pid, sig) })
			close(goOn)
			b.expectExit(128 + int(sig))
			out := b.stdout.String()
			if strings.Count(out, ": deleted\n") != 2 || !strings.Contains(out, ": 2 deleted, 0 gone meanwhile") {
				t.Errorf("it said:\n%s", out)
			}
			if !strings.Contains(b.stderr.String(), fmt.Sprintf("did not come to its end: ended by signal %d", int(sig))) {
				t.Errorf("it complained:\n%s", b.stderr.String())
			}
			if left := len(h.Runners()); left != 3 {
				t.Errorf("%d are left", left)
			}
		})
	}
}

// pending says whether a signal waits for a process to take it.
func pending(pid int, sig syscall.Signal) bool {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return false
	}
	_, rest, _ := strings.Cut(string(status), "\nShdPnd:")
	mask, _ := strconv.ParseUint(strings.Fields(rest)[0], 16, 64)
	return mask&(1<<(sig-1)) != 0
}

// A GitHub that takes connections and says nothing costs a sweep RUNNER_START_TIMEOUT.
func TestSweepOfAHungServer(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	silent := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	defer silent.Close()
	defer close(release)
	c := config.Config{APIURL: silent.URL, Scope: config.Scope{Kind: config.Repository, Owner: "acme", Repo: "widgets"}, StartTimeout: time.Second}
	pat, err := registration.NewPAT(testPAT)
	if err != nil {
		t.Fatal(err)
	}
	client, err := registration.New(clientOptions(c, pat))
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	if code := (&sweeping{prefix: "p", apply: true, out: &out}).run(t.Context(), client, c); code != 69 || out.Len() > 0 {
		t.Errorf("exit code %d: %s", code, out.String())
	}
}
