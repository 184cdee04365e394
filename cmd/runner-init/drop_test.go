package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/runner-init/runner-init/internal/need"
	"github.com/runner-init/runner-init/internal/sim/github"
)

// dropping is usual with RUNNER_DROP_CREDENTIALS.
func dropping(more ...string) []string {
	return usual(append(more, "RUNNER_DROP_CREDENTIALS=true")...)
}

// A runner that has dropped its credentials does its job, and is stopped during it, like any other; without a job its
// registration is left, and the exit code and the last words say so.
func TestDropCredentials(t *testing.T) {
	for _, test := range []struct {
		name, job string
		act       func(t *testing.T, b *box)
		code      int
	}{
		{"job", "echo hello", nil, 0},
		{"stopped mid-job", "echo working; sleep 1", func(_ *testing.T, b *box) { b.signal(syscall.SIGTERM) }, 0},
		{"keeper killed mid-job", "echo working; sleep 1", func(t *testing.T, b *box) { kill(t, b.supervisor()) }, 70},
		{"keeper killed, then stopped", "echo working; sleep 1", func(t *testing.T, b *box) { kill(t, b.supervisor()); b.signal(syscall.SIGTERM) }, 70},
		{"stopped idle", "", func(_ *testing.T, b *box) { b.signal(syscall.SIGTERM) }, 75},
		{"keeper killed idle", "", func(t *testing.T, b *box) { kill(t, b.supervisor()) }, 75},
	} {
		for _, build := range [][]string{nil, {"purego"}} {
			t.Run(fmt.Sprint(test.name, build), func(t *testing.T) {
				h := newHub(t)
				var job *github.JobRun
				if test.job != "" {
					job = h.job(test.job)
				}
				b := openProgram(t, need.Program(t, "cmd/runner-init", build...), h, newRoot(t), dropping())
				switch {
				case job == nil:
					h.listening(t, b)
					b.said(`"phase":"listening"`)
				case test.act != nil:
					working(t, job)
				}
				if test.act != nil {
					test.act(t, b)
				}
				b.expectExit(test.code)
				if job == nil {
					if left := h.Runners(); len(left) != 1 {
						t.Errorf("GitHub knows %+v", left)
					}
					b.said(droppedReason)
				} else {
					expectResult(t, job, github.Succeeded)
					h.expectEmpty(t)
				}
				if !strings.Contains(b.stderr.String(), "RUNNER_DROP_CREDENTIALS is true: once it is registered") {
					t.Error("no warning")
				}
			})
		}
	}
}

// A ready configuration is a credential too.
func TestDropReadyConfiguration(t *testing.T) {
	h := newHub(t)
	job := h.job("echo working; sleep 1")
	b := open(t, h, newRoot(t), []string{h.readyJIT(t), "RUNNER_DROP_CREDENTIALS=true"})
	working(t, job)
	expectForgotten(t, b)
	b.expectExit(0)
	expectResult(t, job, github.Succeeded)
}

// PID 1 has no environment any more, and the keeper has none of its own.
func TestDroppedFileIsClosed(t *testing.T) {
	h := newHub(t)
	b := open(t, h, newRoot(t), dropping())
	h.listening(t, b)
	expectForgotten(t, b)
	b.signal(syscall.SIGTERM)
	b.expectExit(75)
}

func expectForgotten(t *testing.T, b *box) {
	t.Helper()
	for _, pid := range []int{b.pid, b.supervisor()} {
		files, err := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
		if err != nil || len(files) < 4 {
			t.Fatalf("process %d has the descriptors %v (%v)", pid, files, err)
		}
		for _, file := range files {
			if name, _ := os.Readlink(file); strings.Contains(name, "memfd:environment") {
				t.Errorf("process %d has %s at %s", pid, name, file)
			}
		}
	}
}

// A signal that comes between the two is not lost, and a registration that can be deleted still is.
func TestStopAroundDrop(t *testing.T) {
	for _, after := range []bool{false, true} {
		t.Run(fmt.Sprint("answered ", after), func(t *testing.T) {
			h := newHub(t)
			gate := h.Gate(github.Point{Method: "POST", Route: "/repos/{owner}/{repo}/actions/runners/generate-jitconfig", After: after})
			b := open(t, h, newRoot(t), dropping())
			if _, err := gate.Arrived(t.Context()); err != nil {
				t.Fatal(err)
			}
			b.signal(syscall.SIGTERM)
			b.said("stop requested")
			gate.Release()
			b.expectExit(0)
			h.expectEmpty(t)
		})
	}
	t.Run("dropped", func(t *testing.T) {
		h := newHub(t)
		b := open(t, h, newRoot(t), dropping())
		b.said("credentials dropped")
		b.signal(syscall.SIGTERM)
		b.expectExit(75)
	})
}

// A server without just-in-time registration leaves a runner that has to keep its credentials: it is refused.
func TestDropNeedsJIT(t *testing.T) {
	h := newHub(t)
	h.Fault(github.Fault{Status: 404, Route: "/repos/{owner}/{repo}/actions/runners/generate-jitconfig"})
	b := open(t, h, newRoot(t), dropping())
	b.expectExit(77)
	h.expectEmpty(t)
}
