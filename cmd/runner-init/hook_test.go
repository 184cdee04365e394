package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/runner-init/runner-init/internal/need"
	"github.com/runner-init/runner-init/internal/sim/github"
)

// script writes a program for a hook, in a directory of root's.
func script(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "hook")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+text+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

// notebook is a hook that writes down its environment, and where.
func notebook(t *testing.T) (hook, notes string) {
	t.Helper()
	notes = filepath.Join(t.TempDir(), "notes")
	return script(t, "env > "+notes), notes
}

func noted(t *testing.T, notes string) map[string]string {
	t.Helper()
	text, err := os.ReadFile(notes)
	if err != nil {
		t.Fatalf("the hook did not run: %v", err)
	}
	found := map[string]string{}
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
		found[name] = value
	}
	if strings.Contains(string(text), testPAT) {
		t.Error("the hook sees the token")
	}
	return found
}

func expectFacts(t *testing.T, notes string, want map[string]string) {
	t.Helper()
	for name, got := range noted(t, notes) {
		if strings.HasPrefix(name, "RUNNER_INIT_") && (got != want[name] || want[name] == "") {
			t.Errorf("%s is %q, want %q", name, got, want[name])
		}
		delete(want, name)
	}
	for name := range want {
		t.Errorf("the hook was not told %s", name)
	}
}

// One hook runs before anything is asked of GitHub, the other one after the end; GitHub's own go through to the runner.
func TestHooks(t *testing.T) {
	h := newHub(t)
	before, first := notebook(t)
	after, last := notebook(t)
	gate := h.Gate(github.Point{Method: "POST", Route: "/repos/{owner}/{repo}/actions/runners/generate-jitconfig"})
	theirs := filepath.Join(t.TempDir(), "with a blank.sh") // in the way of the runner, which runs what ends in .sh with bash
	if err := os.WriteFile(theirs, []byte("echo GitHub hook of $ACTIONS_RUNNER_HOOK_JOB_STARTED"), 0o755); err != nil {
		t.Fatal(err)
	}
	job := h.job("true")
	b := open(t, h, newRoot(t), usual("RUNNER_NAME=exact", "GREETING=hello", "RUNNER_HOOK_PRE_START="+before, "RUNNER_HOOK_POST_STOP="+after,
		"ACTIONS_RUNNER_HOOK_JOB_STARTED="+theirs, "ACTIONS_RUNNER_HOOK_JOB_COMPLETED="+theirs))
	if _, err := gate.Arrived(t.Context()); err != nil {
		t.Fatal(err)
	}
	expectFacts(t, first, map[string]string{"RUNNER_INIT_HOOK": "pre-start"})
	if got := noted(t, first)["GREETING"]; got != "hello" {
		t.Errorf("the hook is greeted with %q", got)
	}
	gate.Release()
	b.expectExit(0)
	expectResult(t, job, github.Succeeded)
	h.expectEmpty(t)
	expectFacts(t, last, map[string]string{
		"RUNNER_INIT_HOOK": "post-stop", "RUNNER_INIT_EXIT_CODE": "0", "RUNNER_INIT_PHASE": "deregistering",
		"RUNNER_INIT_RUNNER": "exact", "RUNNER_INIT_JOB": "build", "RUNNER_INIT_JOB_RESULT": "Succeeded",
	})
	page, err := os.ReadFile("../../docs/hooks.md")
	if err != nil {
		t.Fatal(err)
	}
	for name := range noted(t, last) {
		if strings.HasPrefix(name, "RUNNER_INIT_") && !strings.Contains(string(page), "| `"+name+"` |") {
			t.Errorf("docs/hooks.md does not know %s", name)
		}
	}
	if want := "GitHub hook of " + theirs; strings.Count(job.Log(), want) != 2 {
		t.Errorf("the job printed %q, want %q twice", job.Log(), want)
	}
}

// A first hook that fails, or takes too long, ends us before anything is registered. The last one runs all the same.
func TestPreStartFails(t *testing.T) {
	for name, test := range map[string]struct{ does, reason string }{
		"fails":   {"exit 3", `failed: exit status 3`},
		"is late": {"exec sleep 1000", `it took longer than RUNNER_HOOK_TIMEOUT`},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHub(t)
			after, last := notebook(t)
			before := script(t, test.does)
			b := open(t, h, newRoot(t), usual("RUNNER_HOOK_PRE_START="+before, "RUNNER_HOOK_POST_STOP="+after, "RUNNER_HOOK_TIMEOUT=1"))
			b.said("RUNNER_HOOK_PRE_START: the hook")
			b.said(test.reason)
			b.expectExit(70)
			if calls := h.calls(); len(calls) > 0 {
				t.Errorf("calls: %q", calls)
			}
			if got := noted(t, last); got["RUNNER_INIT_EXIT_CODE"] != "70" || !strings.Contains(got["RUNNER_INIT_EXIT_REASON"], test.reason) {
				t.Errorf("the last hook was told %q, %q", got["RUNNER_INIT_EXIT_CODE"], got["RUNNER_INIT_EXIT_REASON"])
			}
		})
	}
}

// A hook that cannot be started is a mistake that is said with what to do, before anything is registered; the last one's is
// a warning.
func TestHookCannotBeStarted(t *testing.T) {
	for name, test := range map[string]struct{ text, reason, hint string }{
		"no interpreter named":   {"echo hello\n", "exec format error", "begin a script with a line such as #!/bin/sh"},
		"of another machine":     {"\x7fELF\x02\x01\x01" + strings.Repeat("\x00", 9) + "\x02\x00\xf3\x00\x01\x00\x00\x00" + strings.Repeat("\x00", 64), "exec format error", "built for this machine"},
		"empty":                  {"", "exec format error", "begin a script"},
		"no such interpreter":    {"#!/no/such/shell\n", "no such file or directory", "put the interpreter that its first line names"},
		"not to be run by it":    {"#!/etc/passwd\n", "permission denied", "have to allow that they are executed"},
		"of Windows, as it were": {"#!/bin/sh\r\necho hello\r\n", "no such file or directory", "put the interpreter that its first line names"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "hook")
			if err := os.WriteFile(path, []byte(test.text), 0o755); err != nil {
				t.Fatal(err)
			}
			h := newHub(t)
			b := open(t, h, newRoot(t), usual("RUNNER_HOOK_PRE_START="+path, "RUNNER_HOOK_POST_STOP="+path))
			b.expectExit(78)
			if calls := h.calls(); len(calls) > 0 {
				t.Errorf("calls: %q", calls)
			}
			for message, variable := range map[string]string{"exited": "RUNNER_HOOK_PRE_START: ", "hook failed": "RUNNER_HOOK_POST_STOP: "} {
				r := record(b.stderr.String(), message)
				said, _ := r["error"].(string)
				if message == "exited" {
					said, _ = r["reason"].(string)
				}
				if hint, _ := r["hint"].(string); !strings.HasPrefix(said, variable) || !strings.HasSuffix(said, test.reason) || !strings.Contains(hint, test.hint) {
					t.Errorf("%s: %q, hint %q", message, said, r["hint"])
				}
			}
		})
	}
}

// A last hook that not even SIGKILL ends, as one that waits for a disk, does not keep us beyond the grace period.
func TestHookCannotDie(t *testing.T) {
	freezer := newFreezer(t)
	h := newHub(t)
	hook := script(t, "echo cleaning; exec sleep 1000")
	b := openHere(t, h, newRoot(t), func(b *box) {
		b.command.Env = append(b.command.Env, "RUNNER_STOP_TIMEOUT=6", "RUNNER_HOOK_TIMEOUT=1000", "RUNNER_HOOK_POST_STOP="+hook)
	})
	h.listening(t, b)
	expectResult(t, h.job("true"), github.Succeeded)
	b.said("cleaning")
	freezer.freeze(b.child(t, "sleep"))
	begin := time.Now()
	b.signal(syscall.SIGTERM)
	b.expectExit(0)
	if took := time.Since(begin); took > 6*time.Second+b.command.WaitDelay {
		t.Errorf("it took %v of 6s", took)
	}
	b.said("does not end, not even when it is killed")
}

// A stop during the first hook is a clean one.
func TestStopDuringPreStart(t *testing.T) {
	h := newHub(t)
	b := open(t, h, newRoot(t), usual("RUNNER_HOOK_PRE_START="+script(t, "echo preparing; exec sleep 1000")))
	b.said("preparing")
	b.signal(syscall.SIGTERM)
	b.expectExit(0)
	if calls := h.calls(); len(calls) > 0 {
		t.Errorf("calls: %q", calls)
	}
}

// A last hook that fails is a warning; one that hangs does not outlast the grace period, whether the stop came before it or
// while it ran.
func TestPostStopFails(t *testing.T) {
	const hang = "echo cleaning; exec sleep 1000"
	for name, test := range map[string]struct {
		does   string
		stop   bool // before it
		during bool
		said   string
	}{
		"fails":               {"exit 3", false, false, "failed: exit status 3"},
		"hangs after a stop":  {hang, true, false, "the grace period leaves no more time"},
		"hangs before a stop": {hang, false, true, "the grace period leaves no more time"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHub(t)
			b := open(t, h, newRoot(t), usual("RUNNER_STOP_TIMEOUT=6", "RUNNER_HOOK_TIMEOUT=1000", "RUNNER_HOOK_POST_STOP="+script(t, test.does)))
			h.listening(t, b)
			if !test.stop {
				job := h.job("true")
				expectResult(t, job, github.Succeeded)
			}
			begin := time.Now()
			if test.during {
				b.said("cleaning")
			}
			if test.stop || test.during {
				begin = time.Now()
				b.signal(syscall.SIGTERM)
			}
			b.said("RUNNER_HOOK_POST_STOP: the hook")
			b.said(test.said)
			b.expectExit(0)
			if took := time.Since(begin); took > 6*time.Second {
				t.Errorf("it took %v of 6s", took)
			}
			h.expectEmpty(t)
		})
	}
}

// As root we run nothing that a job could have put there.
func TestHookOfTheJobsUser(t *testing.T) {
	need.Root(t)
	h := newHub(t)
	hook := script(t, "true")
	if err := os.Chown(hook, 4711, 4711); err != nil {
		t.Fatal(err)
	}
	b := open(t, h, newRoot(t), usual("RUNNER_USER=4711:4711", "RUNNER_HOOK_POST_STOP="+hook))
	b.said("cannot use RUNNER_HOOK_POST_STOP")
	b.said("uid 4711, whom jobs run as, can change")
	b.expectExit(78)
	if calls := h.calls(); len(calls) > 0 {
		t.Errorf("calls: %q", calls)
	}
}
