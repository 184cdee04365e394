package dockerd

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"sync"
	"syscall"
	"time"
)

// process is one life of a daemon.
type process struct {
	signal func(syscall.Signal)
	killer syscall.Signal
	began  time.Time
	lines  tail
	ended  chan struct{}
	err    error // how it ended, once it has
}

// Orphan is a process that is no child of ours.
type Orphan interface {
	// Wait returns at its end.
	Wait()
	Signal(syscall.Signal) error
}

// drainTime is how long a line may take to reach us whose daemon has ended: what it has started may hold its output.
const drainTime = 200 * time.Millisecond

func (d *Daemon) start(cmd *exec.Cmd) (*process, error) {
	read, write, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("cannot start %s: %w", cmd.Path, err)
	}
	defer write.Close()
	cmd.Stdout, cmd.Stderr = write, write
	launch := d.Launch
	if launch == nil {
		launch = (*exec.Cmd).Start
	}
	if err := launch(cmd); err != nil {
		read.Close()
		return nil, fmt.Errorf("cannot start %s: %w", cmd.Path, err)
	}
	p := &process{began: time.Now(), ended: make(chan struct{}), killer: d.killer()}
	p.signal = func(s syscall.Signal) { cmd.Process.Signal(s) }
	passed := make(chan struct{})
	go func() {
		defer close(passed)
		p.pass(read, d.Line)
	}()
	go func() {
		cmd.Wait() // the state says all there is to say
		read.SetReadDeadline(time.Now().Add(drainTime))
		<-passed
		read.Close()
		p.err = fmt.Errorf("dockerd ended by itself: %s", cmd.ProcessState)
		close(p.ended)
	}()
	return p, nil
}

// killer is what kills a daemon for good: behind an init, a signal that the init turns into SIGKILL.
func (d *Daemon) killer() syscall.Signal {
	if len(d.Init) > 0 {
		return d.Kill
	}
	return syscall.SIGKILL
}

func (d *Daemon) adopted(o Orphan) *process {
	p := &process{began: time.Now(), ended: make(chan struct{}), killer: d.killer()}
	p.signal = func(s syscall.Signal) { o.Signal(s) }
	go func() {
		o.Wait()
		p.err = errors.New("dockerd ended by itself")
		close(p.ended)
	}()
	return p
}

// end asks the process to end, and kills it when ctx ends first. It reports whether it has ended by itself. One that the
// kernel does not let go of is not waited for.
func (p *process) end(ctx context.Context) (gently bool) {
	p.signal(syscall.SIGTERM)
	select {
	case <-p.ended:
		return true
	case <-ctx.Done():
	}
	p.signal(p.killer)
	select {
	case <-p.ended:
	case <-time.After(killTime):
	}
	return false
}

// maxLine is the longest line that is passed on, in bytes; the rest of a longer one is dropped.
const maxLine = 8 << 10

// pass hands on the lines of a daemon until the end of its output, or the deadline.
func (p *process) pass(from io.Reader, line func(string)) {
	lines := bufio.NewReaderSize(from, maxLine)
	for {
		text, more, err := lines.ReadLine()
		if len(text) > 0 {
			said := string(bytes.ToValidUTF8(text, []byte("\uFFFD")))
			p.lines.add(said)
			line(said)
		}
		for more && err == nil {
			_, more, err = lines.ReadLine()
		}
		if err != nil {
			return
		}
	}
}

// tail keeps the last lines.
type tail struct {
	mu   sync.Mutex
	kept []string
}

const tailLines = 4

func (t *tail) add(line string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.kept = append(t.kept, line)
	t.kept = t.kept[max(0, len(t.kept)-tailLines):]
}

func (t *tail) last() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.kept)
}
