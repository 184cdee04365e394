package signals

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// process is a role at work.
type process struct {
	t     *testing.T
	where place
	cmd   *exec.Cmd
	stdin *os.File
	out   *bufio.Reader
	err   bytes.Buffer
}

// begin starts a role with a pipe to its standard input and one from its output.
func begin(t *testing.T, where place, role string, args ...string) *process {
	t.Helper()
	p := newProcess(t, where, role, args...)
	inR, inW := pipe(t)
	outR, outW := pipe(t)
	p.cmd.Stdin, p.cmd.Stdout = inR, outW
	p.start(inW, outR)
	inR.Close()
	outW.Close()
	return p
}

func newProcess(t *testing.T, where place, role string, args ...string) *process {
	t.Helper()
	argv := slices.Concat(where.prefix, []string{self(t), "role:" + role}, args)
	p := &process{t: t, where: where, cmd: exec.Command(argv[0], argv[1:]...)}
	p.cmd.Stderr = &p.err
	p.cmd.Env = append(os.Environ(), "GORACE=atexit_sleep_ms=0") // or each role takes a second to exit
	p.cmd.WaitDelay = deadline
	return p
}

func (p *process) start(stdin, out *os.File) {
	p.t.Helper()
	if err := p.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { p.cmd.Process.Kill() })
	p.stdin, p.out = stdin, bufio.NewReader(out)
}

func self(t *testing.T) string {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func pipe(t *testing.T) (r, w *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close(); w.Close() })
	return r, w
}

// pid is the init's, as seen from here. In a namespace it is known once the role has said something.
func (p *process) pid() int {
	p.t.Helper()
	if len(p.where.prefix) == 0 {
		return p.cmd.Process.Pid
	}
	below := children(p.cmd.Process.Pid)
	if len(below) != 1 {
		p.t.Fatalf("unshare has children %v, want one", below)
	}
	return below[0]
}

func (p *process) kill(sig syscall.Signal) {
	p.t.Helper()
	if err := syscall.Kill(p.pid(), sig); err != nil {
		p.t.Fatal(err)
	}
}

func (p *process) line() string {
	p.t.Helper()
	line, err := p.out.ReadString('\n')
	if err != nil {
		p.t.Fatalf("no line: %v\n%s", err, &p.err)
	}
	return strings.TrimSuffix(line, "\n")
}

func (p *process) expect(want string) {
	p.t.Helper()
	if got := p.line(); got != want {
		p.t.Fatalf("got line %q, want %q", got, want)
	}
}

// rest closes the role's stdin and returns what else it says, and its exit code.
func (p *process) rest() (string, int) {
	p.t.Helper()
	if p.stdin != nil {
		p.stdin.Close()
	}
	var out bytes.Buffer
	if _, err := out.ReadFrom(p.out); err != nil {
		p.t.Fatal(err)
	}
	_ = p.cmd.Wait()
	return out.String(), p.cmd.ProcessState.ExitCode()
}

// end is rest for roles that must succeed.
func (p *process) end() string {
	p.t.Helper()
	out, code := p.rest()
	if code != 0 {
		p.t.Fatalf("exit code %d, want 0\n%s%s", code, out, &p.err)
	}
	return out
}

// children lists the children of a process, of all its threads.
func children(pid int) []int {
	var pids []int
	lists, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, list := range lists {
		text, _ := os.ReadFile(list)
		for word := range strings.FieldsSeq(string(text)) {
			child, _ := strconv.Atoi(word)
			pids = append(pids, child)
		}
	}
	return pids
}

// state is the letter of proc_pid_stat(5), 0 for a process that is no more.
func state(pid int) byte {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	return stat[bytes.LastIndexByte(stat, ')')+2]
}

func zombies(pid int) []int {
	return slices.DeleteFunc(children(pid), func(child int) bool { return state(child) != 'Z' })
}
