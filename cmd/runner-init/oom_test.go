package main

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/runner-init/runner-init/internal/runner"
	"github.com/runner-init/runner-init/lifecycle"
)

// machineOf lays out the files of a machine with a memory cgroup, and returns what sets its count of kills.
func machineOf(t *testing.T) (root string, kills func(int)) {
	t.Helper()
	root = t.TempDir()
	write := func(name, text string) {
		t.Helper()
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("proc/self/cgroup", "0::/\n")
	write("proc/self/mountinfo", "29 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup rw\n")
	write("sys/fs/cgroup/memory.max", "67108864\n")
	write("sys/fs/cgroup/memory.peak", "67108864\n")
	kills = func(n int) { write("sys/fs/cgroup/memory.events", fmt.Sprintf("oom 9\noom_kill %d\n", n)) }
	kills(7) // of an earlier life
	return root, kills
}

// The OOM killer is blamed for what it has done, and for nothing else.
func TestBlamesOOMKiller(t *testing.T) {
	const words = "1 process killed, memory limit 64 MiB, peak 64 MiB"
	dead := runner.End{Code: 137, Meaning: runner.Crash, Signal: syscall.SIGKILL}
	fine := runner.End{Code: 0, Meaning: runner.Success}
	for name, test := range map[string]struct {
		kills   int
		worker  int  // its exit code, in the listener's own log
		ours    bool // we have killed the listener
		persist bool // a persistent runner
		end     runner.End
		want    lifecycle.Ended
		log     string
	}{
		"the listener":        {kills: 8, end: dead, want: lifecycle.Ended{How: lifecycle.OutOfMemory, Why: "the listener died: " + words}},
		"two of them":         {kills: 9, end: dead, want: lifecycle.Ended{How: lifecycle.OutOfMemory, Why: "the listener died: " + strings.Replace(words, "1 process", "2 processes", 1)}},
		"the worker":          {kills: 8, worker: 137, end: fine, want: lifecycle.Ended{How: lifecycle.OutOfMemory, Why: "the worker died, and its job: " + words}, log: words},
		"a step":              {kills: 8, worker: 102, end: fine, want: lifecycle.Ended{How: lifecycle.Finished, Why: "exit code 0"}, log: words},
		"an earlier job":      {kills: 8, worker: 137, persist: true, end: fine, want: lifecycle.Ended{How: lifecycle.Finished, Why: "exit code 0"}, log: words},
		"nobody":              {kills: 7, worker: 137, end: dead, want: lifecycle.Ended{How: lifecycle.Crashed, Why: "killed by SIGKILL"}},
		"a step, and then we": {kills: 8, worker: 100, ours: true, end: dead, want: lifecycle.Ended{How: lifecycle.Crashed, Why: "killed by SIGKILL"}, log: words},
		"another signal":      {kills: 8, end: runner.End{Code: 139, Meaning: runner.Crash, Signal: syscall.SIGSEGV}, want: lifecycle.Ended{How: lifecycle.Crashed, Why: "killed by SIGSEGV"}},
	} {
		t.Run(name, func(t *testing.T) {
			machine, kills := machineOf(t)
			var log strings.Builder
			l := &listener{runner: &runner.Runner{Root: t.TempDir()}, log: slog.New(slog.NewTextHandler(&log, nil)), ephemeral: !test.persist}
			l.killed.Store(test.ours)
			l.oom.begin(machine)
			kills(test.kills)
			if test.worker != 0 {
				diag := fmt.Sprintf("[1 INFO JobDispatcher] Worker finished for job a. Code: 1\n[2 INFO JobDispatcher] Worker finished for job b c. Code: %d\r\n%s",
					test.worker, strings.Repeat("[3 INFO Runner] more\n", 1000))
				if err := os.Mkdir(filepath.Join(l.runner.Root, "_diag"), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(filepath.Join(l.runner.Root, "_diag", "Runner_1.log"), []byte(diag), 0o644); err != nil {
					t.Fatal(err)
				}
				l.sawOOM()
				l.sawOOM() // says it once
			}
			if got := l.ended(test.end); got != test.want {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
			if n := strings.Count(log.String(), "killer struck"); !strings.Contains(log.String(), test.log) || n > 1 || n == 0 && test.log != "" {
				t.Errorf("the log says %q, want %q once", log.String(), test.log)
			}
		})
	}
}
