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
type occupied struct{ fds, threads, rss, anonymous int } // memory in kB

func measure(t *testing.T, pid int) (u occupied) {
	t.Helper()
	fds, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	if err != nil {
		t.Fatal(err)
	}
	u.fds = len(fds)
	for _, from := range []string{"status", "smaps_rollup"} {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", pid, from))
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			key, value, _ := strings.Cut(line, ":")
			number, _, _ := strings.Cut(strings.TrimSpace(value), " ")
			switch key {
			case "Threads":
				u.threads, _ = strconv.Atoi(number)
			case "Rss":
				u.rss, _ = strconv.Atoi(number)
			case "Anonymous":
				u.anonymous, _ = strconv.Atoi(number)
			}
		}
	}
	return u
}

// What a process may grow by after it has warmed up. Go's runtime starts a thread when it sees fit, and collects nothing
// before 4 MB of garbage have come together: that none of it is kept is for TestSoakHeap to say.
var growth = map[string]occupied{"PID 1": {0, 0, 16, 16}, "supervisor": {1, 4, 4 << 10, 4 << 10}}

func (u occupied) within(was, most occupied) bool {
	return u.fds <= was.fds+most.fds && u.threads <= was.threads+most.threads &&
		u.rss <= was.rss+most.rss && u.anonymous <= was.anonymous+most.anonymous
}

// worker is one runner that takes one job after the other, each of which leaves orphans behind.
type worker struct {
	*box
	done int
}

func newWorker(t *testing.T, program string) *worker {
	t.Helper()
	h := newHub(t)
	w := &worker{box: openProgram(t, program, h, newRoot(t), usual("RUNNER_EPHEMERAL=false"), "run")}
	h.listening(t, w.box)
	return w
}

// work has it do so many jobs in all, and waits until it listens again.
func (w *worker) work(jobs int) {
	w.t.Helper()
	for ; w.done < jobs; w.done++ {
		job := w.hub.job("(sh -c 'unset RUNNER_TRACKING_ID; true & true & sleep 0.01 &' > /dev/null 2>&1 &)")
		ctx, cancel := context.WithTimeout(w.t.Context(), testTime)
		if got := job.Wait(ctx); got != github.Succeeded {
			w.t.Fatalf("job %d ended as %q", w.done, got)
		}
		cancel()
	}
	w.eventually("rest", func() bool { return strings.Count(w.stderr.String(), `"phase":"listening","from":"running"`) == jobs })
}

func (w *worker) leave() {
	w.t.Helper()
	w.signal(syscall.SIGTERM)
	w.expectExit(0)
	w.hub.expectEmpty(w.t)
}

// One runner with many jobs: neither PID 1 nor the supervisor grows, and not one zombie stays.
func TestSoakJobs(t *testing.T) {
	need.Root(t) // to look into processes that cannot be looked into
	w := newWorker(t, need.Program(t, "cmd/runner-init"))
	pids := map[string]int{"PID 1": w.pid, "supervisor": w.supervisor()}
	look := func(jobs int) map[string]occupied {
		w.work(jobs)
		all := map[string]occupied{}
		for name, pid := range pids {
			all[name] = measure(t, pid)
		}
		t.Logf("after %d jobs: %+v", jobs, all)
		return all
	}
	look(0)
	before := look(max(2, *soakLives/10))
	look(*soakLives / 2)
	for name, after := range look(*soakLives) {
		if was := before[name]; !after.within(was, growth[name]) {
			t.Errorf("%s has grown from %+v to %+v", name, was, after)
		}
	}
	w.leave()
}

// keeps is what may stay in the heap of a supervisor that has warmed up, in bytes, however many jobs it does.
const keeps = 16 << 10

// One runner with many jobs, in a build that tells what is live in the heap of its supervisor: nothing of a job is kept
// there, and no goroutine is left of it.
func TestSoakHeap(t *testing.T) {
	need.Root(t) // to signal the supervisor past PID 1
	w := newWorker(t, need.Program(t, "cmd/runner-init", "crashtest"))
	pid, looks := w.supervisor(), 0
	look := func(jobs int) (bytes, goroutines int) {
		w.work(jobs)
		if err := syscall.Kill(pid, syscall.SIGWINCH); err != nil {
			t.Fatal(err)
		}
		var said []map[string]any
		w.eventually("word of the heap", func() bool {
			said = records(w.stderr.String(), "heap")
			return len(said) > looks
		})
		t.Logf("after %d jobs: %v bytes, %v objects, %v goroutines", jobs, said[looks]["bytes"], said[looks]["objects"], said[looks]["goroutines"])
		bytes, goroutines = int(said[looks]["bytes"].(float64)), int(said[looks]["goroutines"].(float64))
		looks++
		return bytes, goroutines
	}
	bytes, goroutines := look(*soakLives / 2)
	if now, all := look(*soakLives); now > bytes+keeps || all > goroutines {
		t.Errorf("%d bytes and %d goroutines have become %d and %d", bytes, goroutines, now, all)
	}
	w.leave()
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
