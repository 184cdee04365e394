package main

import (
	"context"
	"log/slog"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/runner-init/runner-init/internal/config"
	"github.com/runner-init/runner-init/internal/sim/github"
	simrunner "github.com/runner-init/runner-init/internal/sim/runner"
	"github.com/runner-init/runner-init/lifecycle"
)

// held is how long a supervisor holds an end back, while act happens.
func held(t *testing.T, hold time.Duration, code lifecycle.Code, act func(wishes chan<- os.Signal, stop func())) (took time.Duration) {
	t.Helper()
	synctest.Test(t, func(*testing.T) {
		wishes := make(chan os.Signal, 16)
		s := &supervisor{config: config.Config{FailureHold: hold}, log: slog.New(slog.DiscardHandler), wishes: wishes}
		s.stopping, s.stop = context.WithCancel(context.Background())
		defer s.stop()
		if act != nil {
			go act(wishes, s.stop)
		}
		begin := time.Now()
		synctest.Wait()
		s.hold(lifecycle.Exit{Code: code})
		took = time.Since(begin)
	})
	return took
}

func TestHold(t *testing.T) {
	const hold = 40 * time.Second
	after := func(d time.Duration, then func()) { time.Sleep(d); then() }
	for name, test := range map[string]struct {
		code        lifecycle.Code
		hold        time.Duration
		act         func(wishes chan<- os.Signal, stop func())
		least, most time.Duration
	}{
		"refused":        {lifecycle.Refused, hold, nil, 30 * time.Second, 50 * time.Second},
		"misconfigured":  {lifecycle.Misconfigured, hold, nil, 30 * time.Second, 50 * time.Second},
		"usage":          {lifecycle.Usage, hold, nil, 30 * time.Second, 50 * time.Second},
		"outdated":       {lifecycle.OutdatedRunner, hold, nil, 30 * time.Second, 50 * time.Second},
		"conflict":       {lifecycle.Conflicted, hold, nil, 30 * time.Second, 50 * time.Second},
		"off":            {lifecycle.Refused, 0, nil, 0, 0},
		"a clean end":    {lifecycle.OK, hold, nil, 0, 0},
		"unreachable":    {lifecycle.Unreachable, hold, nil, 0, 0},
		"never listened": {lifecycle.RunnerFailed, hold, nil, 30 * time.Second, 50 * time.Second},
		"ghost":          {lifecycle.GhostLeft, hold, nil, 0, 0},
		"stopped before": {lifecycle.Refused, hold, func(_ chan<- os.Signal, stop func()) { stop() }, 0, 0},
		"stopped": {lifecycle.Refused, hold, func(_ chan<- os.Signal, stop func()) {
			after(7*time.Second, stop)
		}, 7 * time.Second, 7 * time.Second},
		"a signal that nobody else heeds": {lifecycle.Misconfigured, hold, func(wishes chan<- os.Signal, _ func()) {
			after(7*time.Second, func() { wishes <- syscall.SIGTERM })
		}, 7 * time.Second, 7 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			if took := held(t, test.hold, test.code, test.act); took < test.least || took > test.most {
				t.Errorf("held for %v, want %v to %v", took, test.least, test.most)
			}
		})
	}
}

// A crash of a runner that has listened says nothing about the next one's.
func TestCrashAfterListening(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &supervisor{config: config.Config{FailureHold: time.Hour}, log: slog.New(slog.DiscardHandler), stopping: t.Context(), listened: true}
		begin := time.Now()
		if s.hold(lifecycle.Exit{Code: lifecycle.RunnerFailed}); time.Since(begin) > 0 {
			t.Errorf("held for %v", time.Since(begin))
		}
	})
}

// A runner that cannot even start is registered, and deregistered, once in each life, which is held.
func TestBrokenRunnerIsNoStorm(t *testing.T) {
	h, root := newHub(t), newRoot(t)
	behave(t, root, simrunner.AtConnect, simrunner.Act{Exit: new(1)})
	b := open(t, h, root, usual("RUNNER_FAILURE_HOLD=1h"))
	b.said("failure is held back")
	b.expectHealth("alive holding", false)
	h.expectEmpty(t)
	b.signal(syscall.SIGTERM)
	b.expectExit(70)
	if calls := h.calls(); len(calls) > 3 {
		t.Errorf("calls: %q", calls)
	}
}

// Runners that failed together do not come back together.
func TestHoldsDiffer(t *testing.T) {
	seen := map[time.Duration]bool{}
	for range 20 {
		seen[held(t, time.Minute, lifecycle.Refused, nil)] = true
	}
	if len(seen) < 15 {
		t.Errorf("20 holds, %d lengths", len(seen))
	}
}

// A held failure lives, is not ready, has said why, asks GitHub nothing more, and heeds a stop at once.
func TestFailureIsHeld(t *testing.T) {
	for name, test := range map[string]struct {
		environ []string
		code    int
		said    string
		calls   int
	}{
		"bad token":         {usual("RUNNER_FAILURE_HOLD=1h"), 77, "401", 1},
		"bad configuration": {usual("RUNNER_EPHEMERAL=perhaps", "RUNNER_FAILURE_HOLD=1h"), 78, "neither true nor false", 0},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHub(t)
			if test.code == 77 {
				h.Fault(github.Fault{Status: 401, Method: "POST", Route: "/repos/{owner}/{repo}/actions/runners/generate-jitconfig"})
			}
			b := open(t, h, newRoot(t), test.environ)
			b.said("failure is held back")
			b.expectHealth("alive holding", false)
			if !strings.Contains(b.stderr.String(), test.said) {
				t.Errorf("it does not say why: %q", test.said)
			}
			b.signal(syscall.SIGTERM)
			b.expectExit(test.code)
			if got := h.calls(); len(got) != test.calls {
				t.Errorf("calls: %q, want %d", got, test.calls)
			}
		})
	}
}

// An orchestrator that restarts us at once, and for ever, does not turn a credential that GitHub refuses into a storm: a life
// costs one request, and lasts as long as the failure is held.
func TestRefusalIsNoStorm(t *testing.T) {
	const lives, hold = 3, 2 * time.Second
	_, keys := testKeys()
	for name, test := range map[string]struct {
		environ []string
		knows   func(*hub)
	}{
		"a PAT":             {usual("GITHUB_TOKEN=", "PAT=no-such-pat"), nil},
		"a PAT, by token":   {usual("GITHUB_TOKEN=", "PAT=no-such-pat", "RUNNER_REGISTRATION=token"), nil},
		"a PAT, persistent": {usual("GITHUB_TOKEN=", "PAT=no-such-pat", "RUNNER_EPHEMERAL=false"), nil},
		"an App's key":      {usual("GITHUB_TOKEN=", "GITHUB_APP_ID=77", "GITHUB_APP_PRIVATE_KEY="+keys[1]), installed(nil)},
	} {
		t.Run(name, func(t *testing.T) {
			h, root := newHub(t), newRoot(t)
			if test.knows != nil {
				test.knows(h)
			}
			begin := time.Now()
			for range lives {
				b := open(t, h, root, append(test.environ, "RUNNER_FAILURE_HOLD="+hold.String()))
				b.expectExit(77)
				if said := records(b.stderr.String(), "failure is held back, since a restart would only repeat it"); len(said) != 1 {
					t.Errorf("it was held back %d times", len(said))
				}
			}
			took, requests := time.Since(begin), h.Journal()
			if len(requests) != lives {
				t.Errorf("%d lives made %d requests: %+v", lives, len(requests), requests)
			}
			if least := lives * hold * 3 / 4; took < least {
				t.Errorf("%d lives took %v, want %v at least", lives, took, least)
			}
		})
	}
}
