package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/runner-init/runner-init/internal/need"
	"github.com/runner-init/runner-init/internal/sim/github"
)

var soakLives = flag.Int("soak.n", 8, "how many lives, and how many jobs of one life, the soak takes")

// occupied is what a process of ours occupies.
type occupied struct{ fds, threads, rss int } // rss in kB

func measure(t *testing.T, pid int) (u occupied) {
	t.Helper()
	fds, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	u.fds = len(fds)
	for line := range strings.Lines(string(text)) {
		key, value, _ := strings.Cut(line, ":")
		number, _, _ := strings.Cut(strings.TrimSpace(value), " ")
		switch key {
		case "Threads":
			u.threads, _ = strconv.Atoi(number)
		case "VmRSS":
			u.rss, _ = strconv.Atoi(number)
		}
	}
	return u
}

// What a process may grow by after it has warmed up. Go's runtime starts a thread when it sees fit, and collects nothing
// before it has allocated 4 MB, which the supervisor has not after a hundred jobs.
var growth = map[string]occupied{"PID 1": {0, 0, 16}, "supervisor": {1, 4, 8 << 10}}

// One runner with many jobs, each of which leaves orphans behind: neither PID 1 nor the supervisor grows, and not one
// zombie stays.
func TestSoakJobs(t *testing.T) {
	need.Root(t) // to look into processes that cannot be looked into
	h := newHub(t)
	b := open(t, h, newRoot(t), usual("RUNNER_EPHEMERAL=false"), "run")
	h.listening(t, b)
	warm := max(2, *soakLives/10)
	pids := map[string]int{"PID 1": b.pid, "supervisor": b.supervisor()}
	before := map[string]occupied{}
	for i := range *soakLives {
		if i == warm {
			for name, pid := range pids {
				before[name] = measure(t, pid)
			}
		}
		job := h.job("(sh -c 'unset RUNNER_TRACKING_ID; true & true & sleep 0.01 &' > /dev/null 2>&1 &)")
		ctx, cancel := context.WithTimeout(t.Context(), testTime)
		if got := job.Wait(ctx); got != github.Succeeded {
			t.Fatalf("job %d ended as %q", i, got)
		}
		cancel()
	}
	for name, pid := range pids {
		after, was, most := measure(t, pid), before[name], growth[name]
		t.Logf("%s after %d jobs: %+v, after %d: %+v", name, warm, was, *soakLives, after)
		if after.fds > was.fds+most.fds || after.threads > was.threads+most.threads || after.rss > was.rss+most.rss {
			t.Errorf("%s has grown from %+v to %+v", name, was, after)
		}
	}
	b.signal(syscall.SIGTERM)
	b.expectExit(0)
	h.expectEmpty(t)
}

// litter lists what a life might leave behind on the machine.
func litter(t *testing.T) (found []string) {
	t.Helper()
	for _, pattern := range []string{
		os.TempDir() + "/*", "/dev/shm/*", "/run/runner-init*", "/sys/fs/cgroup/*/runner-init*", "/sys/fs/cgroup/runner-init*",
	} {
		paths, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			if strings.Contains(filepath.Base(path), "runner-init") && !strings.Contains(path, "runner-init-test-") {
				found = append(found, path)
			}
		}
	}
	return found
}

// Many lives, one after the other: none leaves a process, a zombie, a file or a registration.
func TestSoakLives(t *testing.T) {
	h := newHub(t)
	before := litter(t)
	for i := range *soakLives {
		t.Run(strconv.Itoa(i), func(t *testing.T) {
			job := h.job("(sh -c 'unset RUNNER_TRACKING_ID; true & sleep 1000 &' > /dev/null 2>&1 &)")
			b := open(t, h, newRoot(t), usual())
			b.expectExit(0)
			expectResult(t, job, github.Succeeded)
			h.expectEmpty(t)
			if left := processesUnder(b.root); len(left) > 0 {
				t.Errorf("processes are left: %q", left)
			}
		})
	}
	if after := slices.DeleteFunc(litter(t), func(path string) bool { return slices.Contains(before, path) }); len(after) > 0 {
		t.Errorf("left behind: %q", after)
	}
}

// processesUnder lists the processes that work in a directory, or run a program of it.
func processesUnder(dir string) (found []string) {
	links, _ := filepath.Glob("/proc/[0-9]*/cwd")
	programs, _ := filepath.Glob("/proc/[0-9]*/exe")
	for _, link := range append(links, programs...) {
		if to, err := os.Readlink(link); err == nil && strings.HasPrefix(to, dir+"/") {
			found = append(found, link+" "+to)
		}
	}
	return found
}
