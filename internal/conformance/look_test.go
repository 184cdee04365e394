package conformance

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// pid returns the process id of the init, as seen from here, once launch has become it.
func (p *process) pid() int {
	p.t.Helper()
	pid := p.outer.Pid
	if p.place == beside {
		pid = p.first(pid)
	}
	if p.parented {
		pid = p.only(pid)
	}
	p.eventually("init", func() bool {
		path, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", pid))
		return err == nil && !strings.HasSuffix(path, "/launch")
	})
	return pid
}

// parent returns the process id of the parent in between. It ends when it is sent TERM.
func (p *process) parent() int {
	p.t.Helper()
	return p.only(p.outer.Pid)
}

// child returns the process id of the only child of the init, once it has one.
func (p *process) child() int {
	p.t.Helper()
	return p.only(p.pid())
}

// first returns the oldest child of a process, once it has one: orphans come later.
func (p *process) first(pid int) (child int) {
	p.t.Helper()
	p.eventually(fmt.Sprintf("child of %d", pid), func() bool {
		all := children(pid)
		if len(all) > 0 {
			child = all[0]
		}
		return len(all) > 0
	})
	return child
}

// only returns the only child of a process, once it has one.
func (p *process) only(pid int) (child int) {
	p.t.Helper()
	p.eventually(fmt.Sprintf("single child of %d", pid), func() bool {
		all := children(pid)
		if len(all) == 1 {
			child = all[0]
		}
		return len(all) == 1
	})
	return child
}

// children returns the children of a process, of all its threads.
func children(pid int) (all []int) {
	threads, _ := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
	for _, thread := range threads {
		text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%s/children", pid, thread.Name()))
		for field := range strings.FieldsSeq(string(text)) {
			if n, err := strconv.Atoi(field); err == nil {
				all = append(all, n)
			}
		}
	}
	return all
}

// status returns a line of /proc/PID/status, and "" if there is no such process.
func status(pid int, key string) string {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	for line := range strings.Lines(string(text)) {
		if value, found := strings.CutPrefix(line, key+":"); found {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// signal sends a signal to the init.
func (p *process) signal(sig syscall.Signal) {
	p.t.Helper()
	send(p.t, p.pid(), sig)
}

func send(t *testing.T, pid int, sig syscall.Signal) {
	t.Helper()
	if err := syscall.Kill(pid, sig); err != nil {
		t.Fatalf("cannot send %v to %d: %v", sig, pid, err)
	}
}

// report is what `probe report` says of itself.
type report struct {
	t    *testing.T
	text string
}

// report runs `probe report` below a contender.
func (c contender) report(t *testing.T, s setup, options ...string) report {
	t.Helper()
	o := c.run(t, s, append(options, probe(t), "report")...)
	if o.code != 0 || o.stderr != "" {
		t.Fatalf("%v: exit code %d, want 0; it said %q", c, o.code, o.stderr)
	}
	return report{t, o.stdout}
}

// all returns every value of a key.
func (r report) all(key string) (values []string) {
	for record := range strings.SplitSeq(r.text, "\x00") {
		if value, found := strings.CutPrefix(record, key+"="); found {
			values = append(values, value)
		}
	}
	return values
}

// get returns the value of a key that is there once.
func (r report) get(key string) string {
	r.t.Helper()
	values := r.all(key)
	if len(values) != 1 {
		r.t.Fatalf("%d times %s in %q", len(values), key, r.text)
	}
	return values[0]
}

// number returns the value of a key that is a decimal number.
func (r report) number(key string) int {
	r.t.Helper()
	n, err := strconv.Atoi(r.get(key))
	if err != nil {
		r.t.Fatal(err)
	}
	return n
}

// signals returns the value of a key that is a set of signals.
func (r report) signals(key string) (set []syscall.Signal) {
	r.t.Helper()
	mask, err := strconv.ParseUint(r.get(key), 16, 64)
	if err != nil {
		r.t.Fatal(err)
	}
	for sig := range syscall.Signal(64) {
		if mask>>sig&1 != 0 {
			set = append(set, sig+1)
		}
	}
	return set
}
