package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/runner-init/runner-init/internal/sim/github"
)

// A story is a message of our log that a life has where it comes to that, and the keys that its record has, in order.
type story struct {
	message string
	keys    []string
	also    []string // only where there is something to say
}

// stories are what people build on who read our log by machine; docs/logs.md has them.
var stories = []story{
	{"stop plan", []string{"grace", "drain", "kill", "exit", "end"}, nil},
	{"phase changed", []string{"phase", "from"}, []string{"reason"}},
	{"registering", []string{"mode", "scope"}, nil},
	{"registered", []string{"runner", "id"}, nil},
	{"job started", []string{"job"}, nil},
	{"job ended", []string{"job", "result"}, nil},
	{"stop requested", []string{"signal"}, nil},
	{"stop planned", []string{"fence", "drain", "kill", "exit", "end"}, nil},
	{"deregistration answered", []string{"runner", "id", "result"}, []string{"request_id"}},
	{"exited", []string{"code", "reason", "phase", "runner", "ghost"}, []string{"job", "result", "hint"}},
}

// row is how docs/logs.md has the keys.
func (s story) row() string {
	row := "`" + strings.Join(s.keys, "`, `") + "`"
	if len(s.also) > 0 {
		row += " (`" + strings.Join(s.also, "`, `") + "`)"
	}
	return row
}

// expectStories holds the records of a log to the stories: each has been told, with its keys and no others, once for each
// change of the phase, and each change begins where the last one has led.
func expectStories(t *testing.T, log string) {
	t.Helper()
	for _, s := range stories {
		told := records(log, s.message)
		if len(told) == 0 {
			t.Errorf("%q is not in the log", s.message)
		}
		for _, record := range told {
			for _, own := range []string{"time", "level", "msg"} {
				delete(record, own)
			}
			for key := range record {
				if !slices.Contains(slices.Concat(s.keys, s.also), key) {
					t.Errorf("%q has the key %s, which docs/logs.md does not have", s.message, key)
				}
			}
			for _, key := range s.keys {
				if record[key] == nil {
					t.Errorf("%q lacks the key %s: %v", s.message, key, slices.Sorted(maps.Keys(record)))
				}
			}
		}
	}
	at := "booting"
	for _, change := range records(log, "phase changed") {
		if change["from"] != at || change["phase"] == at || change["level"] != "INFO" {
			t.Errorf("after %s: %v", at, change)
		}
		at, _ = change["phase"].(string)
	}
	if at != "exited" {
		t.Errorf("the last phase is %s", at)
	}
}

// expectPhase asks everybody who tells the phase: the metrics, of which one is 1, both probes, and the socket.
func (b *box) expectPhase(phase string, ready bool) {
	b.t.Helper()
	if phase != "booting" {
		b.eventually(phase, func() bool { _, body := b.get("/livez"); return strings.HasSuffix(body, " "+phase+"\n") })
	}
	word, code := "alive", 503
	if ready {
		word, code = "ready", 200
	}
	_, body := b.get("/metrics")
	ones := regexp.MustCompile(`(?m)^runner_init_phase\{phase="([a-z]+)"\} 1$`).FindAllStringSubmatch(body, -1)
	if len(ones) != 1 || ones[0][1] != phase || !strings.Contains(body, fmt.Sprintf("\nrunner_init_ready %d\n", map[bool]int{true: 1}[ready])) {
		b.t.Errorf("in phase %s the metrics have %q", phase, ones)
	}
	for _, secret := range append(b.hub.Secrets(), testPAT) {
		if strings.Contains(body, secret) {
			b.t.Errorf("in phase %s the metrics hold a secret", phase)
		}
	}
	if status, text := b.get("/livez"); status != 200 || text != word+" "+phase+"\n" {
		b.t.Errorf("in phase %s /livez answers %d %q", phase, status, text)
	}
	if status, _ := b.get("/readyz"); status != code {
		b.t.Errorf("in phase %s /readyz answers %d, want %d", phase, status, code)
	}
	b.expectHealth(word+" "+phase, ready)
}

// Whoever asks in whichever phase gets the same answer from each of the four, and the log tells the same story.
func TestEveryPhaseIsTold(t *testing.T) {
	h := newHub(t)
	boot := filepath.Join(t.TempDir(), "boot")
	hook := script(t, "while ! test -e "+boot+"; do sleep 0.02; done")
	b := open(t, h, newRoot(t), usual("RUNNER_HTTP_ADDR=127.0.0.1:0", "RUNNER_REGISTRATION=token", "RUNNER_STOP_TIMEOUT=60", "RUNNER_HOOK_PRE_START="+hook))
	held := func(phase string, ready bool, at github.Point, before func()) {
		t.Helper()
		gate := h.Gate(at)
		before()
		if _, err := gate.Arrived(t.Context()); err != nil {
			t.Fatal(err)
		}
		b.expectPhase(phase, ready)
		gate.Release()
	}
	b.expectPhase("booting", false)
	const tokens = "/repos/{owner}/{repo}/actions/runners/registration-token"
	register := h.Gate(github.Point{Method: "POST", Route: "/actions/runners/register"})
	session := h.Gate(github.Point{Method: "POST", Route: "/session"})
	held("authenticating", false, github.Point{Method: "POST", Route: tokens}, func() {
		if err := os.WriteFile(boot, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	})
	for _, step := range []struct {
		phase string
		gate  *github.Gate
	}{{"registering", register}, {"starting", session}} {
		if _, err := step.gate.Arrived(t.Context()); err != nil {
			t.Fatal(err)
		}
		b.expectPhase(step.phase, false)
		step.gate.Release()
	}
	h.listening(t, b)
	b.expectPhase("listening", true)
	over := filepath.Join(t.TempDir(), "over")
	job := h.job("echo working; while ! test -e " + over + "; do sleep 0.02; done")
	working(t, job)
	b.expectPhase("running", true)
	b.signal(syscall.SIGTERM)
	b.expectPhase("draining", false)
	b.said("deregistration answered") // the fence
	held("deregistering", false, github.Point{Method: "DELETE", Route: registrations}, func() {
		if err := os.WriteFile(over, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	})
	b.expectExit(0)
	expectResult(t, job, github.Succeeded)
	expectStories(t, b.stderr.String())
}

// The other ways out: a stop without a job, a job that is cancelled, an end that is held back.
func TestEveryWayOutIsTold(t *testing.T) {
	t.Run("stopping", func(t *testing.T) {
		h := newHub(t)
		b := open(t, h, newRoot(t), usual("RUNNER_HTTP_ADDR=127.0.0.1:0", "RUNNER_STOP_TIMEOUT=60"))
		h.listening(t, b)
		gate := h.Gate(github.Point{Method: "DELETE", Route: registrations})
		b.signal(syscall.SIGTERM)
		if _, err := gate.Arrived(t.Context()); err != nil {
			t.Fatal(err)
		}
		b.expectPhase("stopping", false)
		gate.Release()
		b.expectExit(0)
	})
	t.Run("cancelling", func(t *testing.T) {
		h := newHub(t)
		b := open(t, h, newRoot(t), usual("RUNNER_HTTP_ADDR=127.0.0.1:0", "RUNNER_STOP_TIMEOUT=60"))
		working(t, h.job("trap 'sleep 5; exit 1' INT TERM; echo working; while :; do sleep 0.1; done"))
		b.signal(syscall.SIGTERM)
		b.said(`"phase":"draining"`)
		b.signal(syscall.SIGTERM)
		b.expectPhase("cancelling", false)
		b.expectExit(0)
	})
	t.Run("holding", func(t *testing.T) {
		h := newHub(t)
		h.Fault(github.Fault{Status: 401, Method: "POST", Route: "/repos/{owner}/{repo}/actions/runners/generate-jitconfig"})
		b := open(t, h, newRoot(t), usual("RUNNER_HTTP_ADDR=127.0.0.1:0", "RUNNER_FAILURE_HOLD=1h"))
		b.said("failure is held back")
		b.expectPhase("holding", false)
		b.signal(syscall.SIGTERM)
		b.expectExit(77)
	})
}
