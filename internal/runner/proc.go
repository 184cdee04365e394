package runner

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Names of the runner's processes as the kernel keeps them: at most 15 bytes, which both fit.
const (
	listenerName = "Runner.Listener"
	workerName   = "Runner.Worker"
)

// workers returns the workers that a listener started, and those of this root that outlived theirs.
func workers(root string, listener int) []int {
	return processes(func(pid int) bool {
		if nameOf(pid) != workerName {
			return false
		}
		return parentOf(pid) == listener || filepath.Dir(argument(pid, 0)) == filepath.Join(root, "bin")
	})
}

// listeners returns the listeners of this root that were started with a verb.
func listeners(root, verb string) []int {
	return processes(func(pid int) bool {
		return nameOf(pid) == listenerName && argument(pid, 0) == filepath.Join(root, listenerPath) && argument(pid, 1) == verb
	})
}

// awaitPause is how often AwaitConfigure looks whether it is still wanted.
const awaitPause = 100 * time.Millisecond

// AwaitConfigure waits for a configure that an earlier supervisor left behind: until it has ended, nobody can say
// whether a registration exists. One that outlasts ctx is interrupted.
func (r *Runner) AwaitConfigure(ctx context.Context) {
	for _, pid := range listeners(r.Root, "configure") {
		fd, err := unix.PidfdOpen(pid, 0)
		if err != nil {
			continue
		}
		for ctx.Err() == nil && !awaitEnd(fd, awaitPause) {
		}
		if ctx.Err() != nil {
			unix.PidfdSendSignal(fd, unix.SIGINT, nil, 0)
			awaitEnd(fd, time.Second)
		}
		unix.Close(fd)
	}
}

// processes returns the ids of the processes that match; a machine whose /proc cannot be read has none.
func processes(match func(pid int) bool) []int {
	dir, err := os.Open("/proc")
	if err != nil {
		return nil
	}
	defer dir.Close()
	names, _ := dir.Readdirnames(-1)
	var pids []int
	for _, name := range names {
		if pid, err := strconv.Atoi(name); err == nil && match(pid) {
			pids = append(pids, pid)
		}
	}
	return pids
}

func nameOf(pid int) string { return strings.TrimSuffix(string(procFile(pid, "comm")), "\n") }

func parentOf(pid int) int { return statOf(pid).parent }

// argument returns one argument of a process, or nothing: a zombie has none.
func argument(pid, n int) string {
	arguments := bytes.Split(procFile(pid, "cmdline"), []byte{0})
	if n >= len(arguments) {
		return ""
	}
	return string(arguments[n])
}

func procFile(pid int, name string) []byte {
	text, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/" + name)
	return text
}
