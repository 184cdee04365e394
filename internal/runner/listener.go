package runner

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"
)

const (
	// flushTime is how long the output of a listener that has ended may take to reach us. Who still holds its standard
	// output then is a stray of a job, and must not keep the container alive.
	flushTime = 500 * time.Millisecond
	// updateTime is how long run-helper.sh waits for a self-update.
	updateTime = 31 * time.Second
	// tellOutdated makes the listener end with 7 when its version is too old, not with 1 like everything that a restart
	// would not mend. Setting it is what the images for Kubernetes scale sets do, too.
	tellOutdated = "ACTIONS_RUNNER_RETURN_VERSION_DEPRECATED_EXIT_CODE=1"
	// updateMark is what the update script touches when it is done.
	updateMark = "update.finished"
)

// Listener is a running `Runner.Listener run`.
type Listener struct {
	process process
	root    string
	killed  context.Context // ends with Kill, when nothing is waited for any more
	kill    context.CancelFunc
}

func (r *Runner) listener(p process) *Listener {
	if r.Since == 0 {
		r.Since, r.First = statOf(p.id()).born, p.id()
	}
	l := &Listener{process: p, root: r.Root}
	l.killed, l.kill = context.WithCancel(context.Background())
	return l
}

// process is a listener as a child of ours, or one that a supervisor before us left behind.
type process interface {
	id() int
	signal(syscall.Signal) error
}

// Launch starts the listener. Its standard output is passed on byte for byte while its lines are watched; its standard
// error is ours.
func (r *Runner) Launch(news News) (*Listener, error) {
	read, write, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("cannot start the listener: %w", err)
	}
	cmd := r.command(context.Background(), "run", nil)
	cmd.Env = append(cmd.Env, tellOutdated)
	cmd.Stdout = write
	err = r.start(cmd)
	write.Close()
	if err != nil {
		read.Close()
		return nil, err
	}
	l := r.listener(child{cmd.Process})
	go r.attend(l, cmd, read, news)
	return l, nil
}

// attend passes the output on, waits for the end, ends what is left of the listener's jobs, and reports it after the last
// line. The script of a self-update is left alone, and so is everybody else until it is over.
func (r *Runner) attend(l *Listener, cmd *exec.Cmd, read *os.File, news News) {
	flushed := make(chan struct{})
	go func() {
		defer close(flushed)
		pass(r.Stdout, &lines{news: news}, read)
	}()
	cmd.Wait() // the state says all there is to say
	end := endOf(cmd.ProcessState)
	if end.Meaning != RunnerUpdating {
		end.Strays = r.endStrays(l.killed.Done())
	}
	read.SetReadDeadline(time.Now().Add(flushTime))
	select {
	case <-flushed:
	case <-time.After(2 * flushTime): // our own standard output is stuck
	}
	read.Close()
	news.Ended(end)
}

// pass copies until the end of the input or its deadline. A reader that has gone away does not stop the copying: the
// listener must never block on its output.
func pass(out *os.File, watch *lines, in *os.File) {
	buffer := make([]byte, 16<<10)
	for {
		n, err := in.Read(buffer)
		watch.Write(buffer[:n]) // first: news must not wait for whoever reads our output
		out.Write(buffer[:n])
		if err != nil {
			return
		}
	}
}

// Interrupt asks the listener to end; a running job is cancelled and reported as such. SIGINT and not SIGTERM, which
// caps its time at 30 s and orphans a busy worker; the process and not its group, because the steps of a job that are
// signalled die by themselves and the job fails instead.
func (l *Listener) Interrupt() { l.process.signal(syscall.SIGINT) }

// Kill ends the listener, and at once what is left behind by it, its worker too.
func (l *Listener) Kill() {
	l.process.signal(syscall.SIGKILL)
	l.kill()
}

// Working reports whether a worker of this listener lives: the proof of a job that its lines only announce.
func (l *Listener) Working() bool { return len(workers(l.root, l.process.id())) > 0 }

// AwaitUpdate waits until the runner's self-update has replaced bin and externals, or half a minute, as run-helper.sh
// does, and reports whether it has. The update script marks its end in the listener's working directory.
func (r *Runner) AwaitUpdate(ctx context.Context) bool {
	root, err := os.OpenRoot(r.Root)
	if err != nil {
		return false
	}
	defer root.Close()
	ctx, cancel := context.WithTimeout(ctx, updateTime)
	defer cancel()
	for tick := time.NewTicker(time.Second); ; {
		if root.Remove(updateMark) == nil {
			return true
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return false
		}
	}
}

// child is a listener that we started.
type child struct{ *os.Process }

func (c child) id() int                       { return c.Pid }
func (c child) signal(s syscall.Signal) error { return c.Signal(s) }
