package runner

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Names of the runner's processes as the kernel keeps them: at most 15 bytes, which both fit.
const (
	listenerName = "Runner.Listener"
	workerName   = "Runner.Worker"
)

// workers returns the workers that a listener started, and those of this root that outlived theirs.
func workers(root string, listener int) []int {
	return processes(func(pid int) bool {
		return nameOf(pid) == workerName && (parentOf(pid) == listener || runsIn(root, pid))
	})
}

// listeners returns the listeners of this root.
func listeners(root string) []int {
	return processes(func(pid int) bool { return nameOf(pid) == listenerName && runsIn(root, pid) })
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

// parentOf reads the fourth field of stat; the second one is in parentheses and may hold anything.
func parentOf(pid int) int {
	stat := procFile(pid, "stat")
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	if len(fields) < 2 {
		return 0
	}
	ppid, _ := strconv.Atoi(string(fields[1]))
	return ppid
}

// runsIn reports whether a process was started as a program of this runner root. A zombie has no command line.
func runsIn(root string, pid int) bool {
	program, _, _ := bytes.Cut(procFile(pid, "cmdline"), []byte{0})
	return filepath.Dir(string(program)) == filepath.Join(root, "bin")
}

func procFile(pid int, name string) []byte {
	text, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/" + name)
	return text
}
