package runner_test

import (
	"bytes"
	"context"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// process is a running listener and what it has printed.
type process struct {
	t       *testing.T
	ctx     context.Context
	command *exec.Cmd
	exited  chan struct{}

	mu       sync.Mutex
	grown    *sync.Cond
	out, err bytes.Buffer
}

type writer struct {
	p      *process
	buffer *bytes.Buffer
}

func (w writer) Write(text []byte) (int, error) {
	w.p.mu.Lock()
	defer w.p.mu.Unlock()
	defer w.p.grown.Broadcast()
	return w.buffer.Write(text)
}

func (p *process) stdout() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.out.String()
}

func (p *process) stderr() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.err.String()
}

// says waits until stdout or stderr holds the text.
func (p *process) says(text string) {
	p.t.Helper()
	p.saysTimes(text, 1)
}

// saysTimes waits until they hold it so often.
func (p *process) saysTimes(text string, times int) {
	p.t.Helper()
	defer context.AfterFunc(p.ctx, p.grown.Broadcast)()
	p.mu.Lock()
	defer p.mu.Unlock()
	for strings.Count(p.out.String()+p.err.String(), text) < times {
		if p.ctx.Err() != nil {
			p.t.Fatalf("no %q in\n%s\n%s", text, &p.out, &p.err)
		}
		p.grown.Wait()
	}
}

func (p *process) signal(sig syscall.Signal) {
	p.t.Helper()
	if err := p.command.Process.Signal(sig); err != nil {
		p.t.Fatal(err)
	}
}

// code waits for the exit code.
func (p *process) code() int {
	p.t.Helper()
	select {
	case <-p.exited:
	case <-p.ctx.Done():
		p.t.Fatalf("still running:\n%s\n%s", p.stdout(), p.stderr())
	}
	return p.command.ProcessState.ExitCode()
}

// ends checks the exit code.
func (p *process) ends(want int) {
	p.t.Helper()
	if got := p.code(); got != want {
		p.t.Fatalf("exit code %d, want %d\nstdout: %s\nstderr: %s", got, want, p.stdout(), p.stderr())
	}
}

func pidOf(p *process) string { return strconv.Itoa(p.command.Process.Pid) }
