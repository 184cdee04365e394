package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/runner-init/runner-init/internal/need"
	"github.com/runner-init/runner-init/internal/sim/github"
	"github.com/runner-init/runner-init/signals"
)

// A listener may have died before a recovery comes: what it has left behind, its worker too, is ended by that one.
func TestRecoveryEndsStrays(t *testing.T) {
	need.Root(t)
	for name, test := range map[string]struct {
		last   string // what the job does last
		end    func(t *testing.T, b *box)
		result github.Result
	}{
		"in the middle of a job": {"exec sleep 1000", func(t *testing.T, b *box) { kill(t, b.child(t, "Runner.Listener")) }, github.Failed},
		"after its job": {"sleep 1", func(t *testing.T, b *box) {
			b.eventually("its end", func() bool { return !b.lives("Runner.Listener") })
		}, github.Succeeded},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHub(t)
			mark := "MARK=" + filepath.Base(t.Name())
			daemon := "DAEMON=" + t.Name()
			t.Cleanup(func() { endMarked(mark) })
			ready := filepath.Join(t.TempDir(), "ready")
			job := h.job(mark + "; " + leave(`trap "" TERM INT HUP; echo > `+ready+`; while :; do sleep 1000; done`) +
				"until [ -e " + ready + " ]; do sleep 0.05; done; echo working; " + test.last)
			b := openHere(t, h, newRoot(t))
			working(t, job)
			dying := b.supervisor()
			if err := syscall.Kill(dying, syscall.SIGSTOP); err != nil { // so that it does not see the end of its listener
				t.Fatal(err)
			}
			test.end(t, b)
			kill(t, dying)
			b.expectExit(70)
			expectResult(t, job, test.result)
			h.expectEmpty(t)
			if left := marked(mark); len(left) > 0 {
				t.Errorf("the processes %v are left", left)
			}
			if len(marked(daemon)) == 0 {
				t.Error("a process was ended that is no job's")
			}
			if !strings.Contains(b.stderr.String(), "processes that a job left behind were ended") {
				t.Error("the log does not name who was ended")
			}
		})
	}
}

// lives reports whether a process of a name lives below PID 1. A zombie does not: the supervisor has stopped.
func (b *box) lives(name string) bool {
	for _, pid := range below(b.pid) {
		text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if strings.Contains(string(text), "("+name+") ") && !strings.Contains(string(text), ") Z ") {
			return true
		}
	}
	return false
}

// What a job is called, and how it has ended, is not lost with the supervisor that was told.
func TestRecoveryKnowsTheJob(t *testing.T) {
	for _, test := range []struct{ name, run, result string }{
		{"succeeded", "echo working; sleep 1", "Succeeded"},
		{"failed", "echo working; sleep 1; exit 3", "Failed"},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := newHub(t)
			job := h.job(test.run)
			last := filepath.Join(t.TempDir(), "termination")
			b := open(t, h, newRoot(t), usual("RUNNER_TERMINATION_LOG="+last))
			working(t, job)
			b.said("job started") // what has not been read is lost
			kill(t, b.supervisor())
			b.expectExit(70)
			var words lastWords
			text, _ := os.ReadFile(last)
			if err := json.Unmarshal(text, &words); err != nil || words.Job == nil || *words.Job != (served{"build", test.result}) {
				t.Errorf("the termination message is %s", text)
			}
			if ended := record(b.stderr.String(), "job ended"); ended["job"] != "build" {
				t.Errorf("the log says that a job has ended: %v", ended)
			}
		})
	}
}

// The supervisor may be whom the OOM killer chooses: the job runs on, and the exit code says what was too little. Whom the
// kernel chooses is not to be foreseen, so the test kills the supervisor when it has struck.
func TestSupervisorOutOfMemory(t *testing.T) {
	h := newHub(t)
	gate := h.Gate(github.Point{Method: "POST", Route: "/repos/{owner}/{repo}/actions/runners/generate-jitconfig"})
	job := h.job("head -c 900m /dev/zero | tail | wc -c; echo working; sleep 1")
	b := open(t, h, newRoot(t), usual())
	if _, err := gate.Arrived(t.Context()); err != nil {
		t.Fatal(err)
	}
	limitMemory(t, b, 500<<20)
	gate.Release()
	working(t, job)
	kill(t, b.supervisor())
	b.expectExit(84)
	expectResult(t, job, github.Succeeded)
	h.expectEmpty(t)
	b.said("the supervisor died: the OOM killer struck: 1 process killed, memory limit 500 MiB, peak 500 MiB")
}

// limitMemory moves a box into a memory cgroup of its own.
func limitMemory(t *testing.T, b *box, limit int) {
	t.Helper()
	need.Root(t)
	dir, err := os.MkdirTemp("/sys/fs/cgroup/memory", "runner-init-test-")
	if err != nil {
		need.Missing(t, "a memory cgroup of version 1: "+err.Error())
	}
	t.Cleanup(func() {
		b.close()
		for begin := time.Now(); os.Remove(dir) != nil && time.Since(begin) < testTime; {
			time.Sleep(10 * time.Millisecond) // until the last process has gone
		}
	})
	err = os.WriteFile(filepath.Join(dir, "memory.limit_in_bytes"), fmt.Append(nil, limit), 0)
	for _, pid := range append(below(b.pid), b.pid) {
		err = errors.Join(err, os.WriteFile(filepath.Join(dir, "cgroup.procs"), fmt.Append(nil, pid), 0))
	}
	if err != nil {
		t.Fatal(err)
	}
}

// The OOM killer is blamed for the death of a supervisor only if it has struck since, and if that died of what it sends.
func TestKillsSince(t *testing.T) {
	machine, kills := machineOf(t)
	for _, test := range []struct {
		now    int
		before uint64
		want   string
	}{
		{7, 7, ""}, {8, 7, "1 process killed, memory limit 64 MiB, peak 64 MiB"}, {3, 7, ""}, // of another cgroup
	} {
		if kills(test.now); killsSince(machine, test.before) != test.want {
			t.Errorf("%d kills after %d: %q, want %q", test.now, test.before, killsSince(machine, test.before), test.want)
		}
	}
	if got := killsSince(t.TempDir(), 0); got != "" {
		t.Errorf("without a memory cgroup: %q", got)
	}
}

// A note fits into its place, however long a job's name is, and however it is spelt.
func TestLongestTrail(t *testing.T) {
	for name, result := range map[string]string{strings.Repeat("\x01", 5000): strings.Repeat("\x02", 5000), "short": "Succeeded"} {
		var l listener
		l.leave(func(tr *trail) { tr.Since, tr.Kills = ^uint64(0), new(^uint64(0)) })
		l.serve(served{name, result})
		if text, err := json.Marshal(l.trail); err != nil || len(text) > signals.NoteSize {
			t.Errorf("the note is %d bytes long, of %d: %v", len(text), signals.NoteSize, err)
		}
	}
}

// What counts from the container's beginning goes on counting in a successor; what counts from a moment of the runner's life
// does not.
func TestLimitsCountFromTheBeginning(t *testing.T) {
	s := &supervisor{began: time.Now().Add(-time.Hour)}
	s.config.StartTimeout, s.config.MaxLifetime, s.config.IdleTimeout = 2*time.Hour, 3*time.Hour, 30*time.Minute
	p := s.limits()
	if (p.Start-time.Hour).Abs() > time.Minute || (p.Life-2*time.Hour).Abs() > time.Minute || p.Idle != 30*time.Minute {
		t.Errorf("%v are left to the start, %v of the life, %v when idle", p.Start, p.Life, p.Idle)
	}
	s.config.StartTimeout, s.config.MaxLifetime = time.Minute, time.Minute
	if p = s.limits(); p.Start <= 0 || p.Life <= 0 || p.Life > time.Second {
		t.Errorf("when all is over, %v are left to the start, and %v of the life", p.Start, p.Life)
	}
	s.config.MaxLifetime = 0
	if p = s.limits(); p.Life != 0 {
		t.Errorf("a life without a limit has %v", p.Life)
	}
}

// A keeper's runner is no younger than the container.
func TestLifetimeOfKeeper(t *testing.T) {
	const life, held = 10 * time.Second, 5 * time.Second
	h := newHub(t)
	gate := h.Gate(github.Point{Method: "POST", Route: "/repos/{owner}/{repo}/actions/runners/generate-jitconfig"})
	b := open(t, h, newRoot(t), dropping(fmt.Sprint("RUNNER_MAX_LIFETIME=", life)))
	if _, err := gate.Arrived(t.Context()); err != nil {
		t.Fatal(err)
	}
	arrived := time.Now()
	<-time.After(held) // for as much of the life as that
	gate.Release()
	b.said(`"reason":"RUNNER_MAX_LIFETIME is over`)
	over := record(b.stderr.String(), "phase changed", func(r map[string]any) bool {
		reason, _ := r["reason"].(string)
		return strings.HasPrefix(reason, "RUNNER_MAX_LIFETIME")
	})
	at, err := time.Parse(time.RFC3339Nano, fmt.Sprint(over["time"]))
	if lived := at.Sub(arrived); err != nil || lived > life+held/2 {
		t.Errorf("it was left to live for %v after its request (%v)", lived, err)
	}
	b.expectExit(75)
}
