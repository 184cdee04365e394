package conformance

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/runner-init/runner-init/internal/need"
)

// patience bounds everything that is waited for.
const patience = 20 * time.Second

// process is an init that was started, with its namespace.
type process struct {
	t              *testing.T
	name           string
	place          place
	parented       bool
	outer          *os.Process        // PID 1: the init, or what it runs beside
	stdout, stderr *output            // what everything in the namespace prints
	status         syscall.WaitStatus // of the init; read after ended
	ended          chan struct{}      // the init has ended
	over           chan struct{}      // PID 1 has ended, and with it everyone
}

// start starts a contender.
func (c contender) start(t *testing.T, s setup, args ...string) *process {
	t.Helper()
	need.PIDNamespace(t)
	p := &process{t: t, name: fmt.Sprintf("%v %q", c, args), place: c.place, parented: s.parent,
		stdout: new(output), stderr: new(output), ended: make(chan struct{}), over: make(chan struct{})}
	r, w := pipe(t)
	env := s.env
	if env == nil {
		env = []string{usualPath}
	}
	launch := need.CProgram(t, "testdata/launch.c")
	argv := s.argv(t, c, 3+len(s.files), args)
	files := slices.Concat(s.standard(t, p.stdout, p.stderr), s.files, []*os.File{w})
	// Not exec.Cmd, which removes duplicates from the environment.
	outer, err := os.StartProcess(launch, argv, &os.ProcAttr{Dir: s.dir, Env: env, Files: files, Sys: &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWPID, Unshareflags: syscall.CLONE_NEWNS, Pdeathsig: syscall.SIGKILL}})
	if err != nil {
		t.Fatal(err)
	}
	p.outer = outer
	w.Close()
	p.stdout.closeWriter()
	p.stderr.closeWriter()
	go p.watch(r)
	t.Cleanup(p.close)
	return p
}

// run runs a contender to its end.
func (c contender) run(t *testing.T, s setup, args ...string) observed {
	t.Helper()
	return c.start(t, s, args...).wait()
}

// watch waits for both ends: that of the init, which launch reports when it is PID 1, and that of PID 1.
func (p *process) watch(report io.Reader) {
	defer close(p.over)
	if p.place == beside {
		text, _ := io.ReadAll(report) // nothing, if launch failed or was killed
		if status, err := strconv.Atoi(strings.TrimSpace(string(text))); err == nil {
			p.status = syscall.WaitStatus(status)
			close(p.ended)
			p.outer.Wait()
			return
		}
	}
	if state, err := p.outer.Wait(); err == nil {
		p.status = state.Sys().(syscall.WaitStatus)
	}
	close(p.ended)
}

// observed is what can be seen of an init that has ended.
type observed struct {
	stdout, stderr string
	code           int // minus the signal, if one killed it
}

// awaitEnd waits until the init has ended, and returns its exit code, or minus the signal that killed it. Beside PID 1
// whatever it has left goes on.
func (p *process) awaitEnd() int {
	p.t.Helper()
	select {
	case <-p.ended:
	case <-time.After(patience):
		p.t.Fatalf("%s has not ended%s", p.name, p.said())
	}
	if p.status.Signaled() {
		return -int(p.status.Signal())
	}
	return p.status.ExitStatus()
}

// wait waits until the init has ended, ends what it has left, and returns what was seen.
func (p *process) wait() observed {
	p.t.Helper()
	code := p.awaitEnd()
	p.kill()
	return observed{p.stdout.all(), p.stderr.all(), code}
}

// expectExit waits for the end and wants this exit code, or minus this signal.
func (p *process) expectExit(want int) {
	p.t.Helper()
	if o := p.wait(); o.code != want {
		p.t.Errorf("%s: exit code %d, want %d%s", p.name, o.code, want, p.said())
	}
}

// kill ends the whole namespace.
func (p *process) kill() {
	p.outer.Kill() // fails if it is over
	<-p.over
}

func (p *process) close() {
	p.kill()
	if p.t.Failed() {
		p.t.Logf("%s%s", p.name, p.said())
	}
}

func (p *process) said() string {
	return fmt.Sprintf("\nstandard output: %.2000q\nstandard error: %.2000q", p.stdout.String(), p.stderr.String())
}

// expect waits until a text is on standard output.
func (p *process) expect(text string) {
	p.t.Helper()
	p.eventually(fmt.Sprintf("%q on standard output", text), func() bool { return strings.Contains(p.stdout.String(), text) })
}

// eventually polls, for what leaves no trace that one could wait on.
func (p *process) eventually(what string, done func() bool) {
	p.t.Helper()
	deadline := time.Now().Add(patience)
	for tick := time.NewTicker(500 * time.Microsecond); !done(); <-tick.C {
		if p.isOver() {
			p.stdout.all() // the last words may still be on their way
			p.stderr.all()
			if done() {
				return
			}
			p.t.Fatalf("%s: no %s until the end%s", p.name, what, p.said())
		}
		if time.Now().After(deadline) {
			p.t.Fatalf("%s: no %s%s", p.name, what, p.said())
		}
	}
}

func (p *process) isOver() bool {
	select {
	case <-p.over:
		return true
	default:
		return false
	}
}

// output is what comes out of a pipe, until everyone has closed it.
type output struct {
	w    *os.File
	mu   sync.Mutex
	text []byte
	done chan struct{}
}

// open makes the pipe and returns the end to write into.
func (o *output) open(t *testing.T) *os.File {
	t.Helper()
	r, w := pipe(t)
	o.w, o.done = w, make(chan struct{})
	go func() {
		defer close(o.done)
		io.Copy(o, r)
	}()
	return w
}

func (o *output) closeWriter() {
	if o.w != nil {
		o.w.Close()
	}
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.text = append(o.text, b...)
	return len(b), nil
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return string(o.text)
}

// all returns everything, once nobody can add to it.
func (o *output) all() string {
	if o.done != nil {
		<-o.done
	}
	return o.String()
}
