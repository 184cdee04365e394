package main

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/runner-init/runner-init/internal/need"
)

// Neither PID 1 nor the supervisor leaves a core file, and a job has the limits that the container gave. The init of any
// other program changes nothing.
func TestCoreFiles(t *testing.T) {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_CORE, &limit); err != nil {
		t.Fatal(err)
	}
	const soft, given = 4096, "ulimit -S -c 8; exec " // in blocks of 512 bytes; bash has 1024 only without POSIXLY_CORRECT
	if limit.Max < soft {
		need.Missing(t, "core files are forbidden here for good")
	}
	hard := fmt.Sprint(limit.Max)
	if limit.Max == unix.RLIM_INFINITY {
		hard = "unlimited"
	}
	container := fmt.Sprintf("%d %s", soft, hard)
	program := need.Program(t, "cmd/runner-init")
	for _, mode := range []string{"jit", "token"} {
		t.Run(mode, func(t *testing.T) {
			h := newHub(t)
			job := h.job("cat /proc/self/limits; echo working; exec sleep 1000")
			b := openProgram(t, "sh", h, newRoot(t), usual("POSIXLY_CORRECT=1", "RUNNER_REGISTRATION="+mode), "-c", given+program+" run")
			working(t, job)
			for _, pid := range []int{b.pid, b.supervisor()} {
				if got := coreLimits(t, pid); got != "0 "+hard {
					t.Errorf("process %d of ours has the limits %q", pid, got)
				}
			}
			b.signal(syscall.SIGTERM)
			b.signal(syscall.SIGTERM)
			b.expectExit(0)
			if got := coreLine(job.Log()); got != container {
				t.Errorf("the job has the limits %q, want %q", got, container)
			}
		})
	}
	t.Run("exec", func(t *testing.T) {
		h := newHub(t)
		b := openProgram(t, "sh", h, newRoot(t), []string{"POSIXLY_CORRECT=1"}, "-c", given+program+" exec -- cat /proc/self/limits")
		b.expectExit(0)
		if got := coreLine(b.stdout.String()); got != container {
			t.Errorf("the child has the limits %q, want %q", got, container)
		}
	})
}

func coreLimits(t *testing.T, pid int) string {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/limits", pid))
	if err != nil {
		t.Fatal(err)
	}
	return coreLine(string(text))
}

// coreLine returns the soft and the hard limit from what proc_pid_limits(5) describes.
func coreLine(limits string) string {
	for line := range strings.Lines(limits) {
		if rest, ok := strings.CutPrefix(line, "Max core file size"); ok {
			return strings.Join(strings.Fields(rest)[:2], " ")
		}
	}
	return "none"
}
