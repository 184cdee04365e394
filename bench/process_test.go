package bench

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// footprint is what a process occupies.
type footprint struct {
	rss, pss, anonymous int // kB, of smaps_rollup: proc_pid_smaps(5)
	threads             int
	switches            int // voluntary and not, of all threads, since their start
}

// look reads the footprint of a process.
func look(pid int) (f footprint, err error) {
	proc := "/proc/" + strconv.Itoa(pid)
	memory, err := fields(proc + "/smaps_rollup")
	if err != nil {
		return f, err
	}
	f.rss, f.pss, f.anonymous = memory["Rss"], memory["Pss"], memory["Anonymous"]
	tasks, err := filepath.Glob(proc + "/task/*/status")
	f.threads = len(tasks)
	for _, path := range tasks {
		status, failed := fields(path)
		err = errors.Join(err, failed)
		f.switches += status["voluntary_ctxt_switches"] + status["nonvoluntary_ctxt_switches"]
	}
	return f, err
}

// fields reads a file of lines such as "Rss:   1328 kB" and keeps those whose value is a number.
func fields(path string) (map[string]int, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	values := map[string]int{}
	for line := range strings.Lines(string(text)) {
		key, rest, _ := strings.Cut(line, ":")
		number, _, _ := strings.Cut(strings.TrimSpace(rest), " ")
		if n, err := strconv.Atoi(number); err == nil {
			values[key] = n
		}
	}
	return values, nil
}

// onlyChild returns the child of a process that has one. The kernel lists it with the thread that forked it.
func onlyChild(pid int) (int, error) {
	lists, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	if err != nil {
		return 0, err
	}
	var all []byte
	for _, list := range lists {
		children, err := os.ReadFile(list)
		if err != nil {
			return 0, err
		}
		all = append(all, children...)
	}
	return strconv.Atoi(strings.TrimSpace(string(all)))
}

func (f footprint) memory() string   { return fmt.Sprintf("%d/%d/%d", f.rss, f.pss, f.anonymous) }
func (f footprint) activity() string { return fmt.Sprintf("%d/%d", f.threads, f.switches) }

func TestLook(t *testing.T) {
	f, err := look(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	if f.rss < f.pss || f.pss < 100 || f.anonymous < 100 || f.anonymous > f.rss || f.threads < 2 || f.switches < 1 {
		t.Errorf("this process: %+v", f)
	}
}
