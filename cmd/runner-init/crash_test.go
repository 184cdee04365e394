package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/runner-init/runner-init/internal/need"
	"github.com/runner-init/runner-init/internal/sim/github"
)

// However the supervisor crashes, in whatever goroutine and with whatever secrets in its mouth: they are taken out of what
// it says, its job runs to its end, nothing is left on GitHub, and the exit code is 70.
func TestCrash(t *testing.T) {
	const canary = "canary-pat-not-a-real-token"
	for _, test := range []struct {
		name   string
		signal syscall.Signal
		mode   string
		tags   []string
		says   string
	}{
		{"error", syscall.SIGUSR1, "jit", nil, "panic: crash test"},
		{"value", syscall.SIGUSR2, "token", nil, "panic: crash test"},
		{"fatal error", syscall.SIGHUP, "jit", nil, "fatal error: sync: unlock of unlocked mutex"},
		{"purego", syscall.SIGUSR1, "token", []string{"purego"}, "panic: crash test"},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := newHub(t)
			h.AddPAT(canary, github.Classic("repo"))
			job := h.job("echo working; exec sleep 1")
			last := filepath.Join(t.TempDir(), "termination")
			program := need.Program(t, "cmd/runner-init", append(test.tags, "crashtest")...)
			b := openProgram(t, program, h, newRoot(t), usual("GITHUB_TOKEN="+canary, "RUNNER_REGISTRATION="+test.mode, "RUNNER_TERMINATION_LOG="+last))
			working(t, job)
			b.signal(test.signal)
			b.expectExit(70)
			expectResult(t, job, github.Succeeded)
			h.expectEmpty(t)
			message, _ := os.ReadFile(last)
			for name, text := range map[string]string{"standard output": b.stdout.String(), "standard error": b.stderr.String(), "the termination message": string(message)} {
				for _, secret := range append(h.Secrets(), canary) {
					if strings.Contains(text, secret) {
						t.Errorf("%s holds a secret", name)
					}
				}
			}
			crash := record(b.stderr.String(), "supervisor crashed")
			if said, _ := crash["error"].(string); !strings.Contains(said, test.says) || !strings.Contains(said, "[redacted]") {
				t.Errorf("it says that it crashed with %q", said)
			}
			if stack, _ := crash["stack"].(string); !strings.Contains(stack, "armCrash") {
				t.Errorf("the stack is %q", stack)
			}
			if !strings.Contains(string(message), "the supervisor died") {
				t.Errorf("the termination message is %s", message)
			}
		})
	}
}

// A recovery that dies too is reported by a third process, which touches nothing: the last line and the termination message
// are there, with what it died of, and without the secrets in it.
func TestCrashTwice(t *testing.T) {
	const canary = "canary-pat-not-a-real-token"
	for _, test := range []struct {
		name   string
		tags   []string
		second syscall.Signal
		reason string
	}{
		{"crashed", nil, syscall.SIGUSR2, "the supervisor died, and then its recovery: panic: crash test: [redacted]"},
		{"killed", nil, syscall.SIGKILL, "the supervisor died, and then its recovery"},
		{"purego", []string{"purego"}, syscall.SIGHUP, "the supervisor died, and then its recovery: crash test:  [redacted]"},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := newHub(t)
			h.AddPAT(canary, github.Classic("repo"))
			job := h.job("echo working; exec sleep 1000")
			last := filepath.Join(t.TempDir(), "termination")
			program := need.Program(t, "cmd/runner-init", append(test.tags, "crashtest")...)
			b := openProgram(t, program, h, newRoot(t), usual("GITHUB_TOKEN="+canary, "RUNNER_NAME=n", "RUNNER_TERMINATION_LOG="+last))
			working(t, job)
			b.said("job started")
			b.signal(syscall.SIGUSR1)
			b.said(`"phase":"draining"`)
			if test.second == syscall.SIGKILL {
				kill(t, b.supervisor())
			} else {
				b.signal(test.second)
			}
			b.expectExit(75)
			if log := b.stderr.String(); leaks(log, canary) {
				t.Error("the log holds the token")
			}
			words := said(t, last)
			if words.Job == nil || words.Job.Name != "build" {
				t.Errorf("the termination message says of the job: %+v", words.Job)
			}
			if words.Reason != test.reason || !words.Ghost || words.ExitCode != 75 || words.Runner != "n" || words.Hint == "" {
				t.Errorf("the termination message says %+v", words)
			}
			lines := strings.Split(strings.TrimSpace(b.stderr.String()), "\n")
			if end := record(lines[len(lines)-1], "exited"); end["reason"] != test.reason || end["code"] != 75.0 {
				t.Errorf("the last line is %s", lines[len(lines)-1])
			}
		})
	}
}

// record returns the first record of a log in JSON that has this message, and is wanted by whoever has wishes.
func record(log, message string, wanted ...func(map[string]any) bool) (attributes map[string]any) {
	for line := range strings.Lines(log) {
		attributes = nil
		refused := func(wants func(map[string]any) bool) bool { return !wants(attributes) }
		if json.Unmarshal([]byte(line), &attributes) == nil && attributes["msg"] == message && !slices.ContainsFunc(wanted, refused) {
			return attributes
		}
	}
	return nil
}

// A command that a person runs ends in the same way, without a successor.
func TestCrashOfCommand(t *testing.T) {
	cmd := exec.Command(need.Program(t, "cmd/runner-init", "crashtest"), "panic")
	cmd.Env = []string{"GITHUB_TOKEN=" + testPAT, "RUNNER_REPO=acme/widgets"}
	out, _ := cmd.CombinedOutput()
	if said := string(out); cmd.ProcessState.ExitCode() != 70 || leaks(said, testPAT) || !strings.Contains(said, "panic: crash test: [redacted]") || !strings.Contains(said, "crash_crashtest.go") {
		t.Errorf("%v: %s", cmd.ProcessState, said)
	}
}
