package bench

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// footprint is what a process occupies.
type footprint struct {
	rss, pss, anonymous int // kB, of smaps_rollup: proc_pid_smaps(5)
	threads             int
	switches            int // voluntary ones, each of them a time that it had woken up, of all threads, since their start
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
		f.switches += status["voluntary_ctxt_switches"]
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

// childrenOf lists the children of a process, dead or alive. The kernel lists each with the thread that has it.
func childrenOf(pid int) (children []int, err error) {
	lists, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, list := range lists {
		text, failed := os.ReadFile(list)
		err = errors.Join(err, failed)
		for field := range strings.FieldsSeq(string(text)) {
			child, failed := strconv.Atoi(field)
			children, err = append(children, child), errors.Join(err, failed)
		}
	}
	return children, err
}

// cpuTime is what all threads of a process have ever computed, in the kernel and outside, in nanoseconds where
// /proc/PID/stat has ticks: the clock of another process, whose number clock_getcpuclockid(3) makes in this way.
func cpuTime(pid int) (time.Duration, error) {
	const whole = 2 // CPUCLOCK_SCHED of all threads
	var ts unix.Timespec
	err := unix.ClockGettime(int32(^pid<<3|whole), &ts)
	return time.Duration(ts.Nano()), err
}

func (f footprint) memory() string { return fmt.Sprintf("%d/%d/%d", f.rss, f.pss, f.anonymous) }

func TestLook(t *testing.T) {
	f, err := look(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	if f.rss < f.pss || f.pss < 100 || f.anonymous < 100 || f.anonymous > f.rss || f.threads < 2 || f.switches < 1 {
		t.Errorf("this process: %+v", f)
	}
}

func TestChildrenOf(t *testing.T) {
	child := exec.Command("cat")
	input, err := child.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	during, err := childrenOf(os.Getpid())
	if err != nil || !slices.Contains(during, child.Process.Pid) {
		t.Errorf("children while %d lives: %v, %v", child.Process.Pid, during, err)
	}
	input.Close()
	if err := child.Wait(); err != nil {
		t.Fatal(err)
	}
	if after, err := childrenOf(os.Getpid()); err != nil || slices.Contains(after, child.Process.Pid) {
		t.Errorf("children after the end of %d: %v, %v", child.Process.Pid, after, err)
	}
}

func TestCPUTime(t *testing.T) {
	before, err := cpuTime(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	for begin := now(); now().since(begin) < 10*time.Millisecond; {
	}
	if after, err := cpuTime(os.Getpid()); err != nil || after <= before {
		t.Errorf("computed %v, and %v after more work (%v)", before, after, err)
	}
	if spent, err := cpuTime(1 << 28); err == nil {
		t.Errorf("a process that is not there has computed for %v", spent)
	}
}
