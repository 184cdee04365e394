// Package dockerd runs a Docker daemon for the jobs of a container: it starts one, waits until it answers, starts it again
// when it crashes, and stops it.
//
// It knows nothing of runners and jobs, never signals a daemon but to stop it, and refuses to take the place of a daemon
// that is there already.
package dockerd

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// Daemon is a Docker daemon. Its fields are set before Start or Adopt, and not changed any more.
type Daemon struct {
	// Path is a list of directories, as in PATH, in which dockerd is looked for.
	Path string
	// Init is a command that runs the one after it, and stays above what that leaves behind: what containerd starts is an
	// orphan at once, and would be everybody's. It may be empty.
	Init []string
	// Kill is the signal by which Init kills that command.
	Kill syscall.Signal
	// Settings are what the daemon is told.
	Settings
	// Pause is the time until a daemon that has crashed is started again for the first time; 0 is a second.
	Pause time.Duration
	// LongLife is after what time of its life a crash is the first one again; 0 is a minute.
	LongLife time.Duration
	// Environ is the daemon's environment.
	Environ []string
	// Socket is where the daemon listens, besides wherever Args say.
	Socket string
	// Launch starts a command. nil means its Start.
	Launch func(*exec.Cmd) error
	// Line is called with each line that the daemon prints, without its end.
	Line func(string)
	// Began is called with the id of each process that is started.
	Began func(pid int)
	// Crashed is called when the daemon has ended by itself, or did not come up again, with the time until it is started.
	Crashed func(err error, pause time.Duration)
	// Back is called when a daemon that crashed answers again.
	Back func()
	// GivenUp is called when the daemon has crashed too often to be started once more.
	GivenUp func(error)

	once     sync.Once
	stopping context.Context
	stop     context.CancelFunc

	mu      sync.Mutex
	current *process
	over    chan struct{} // closed when nobody starts the daemon again any more; nil before Start
}

// Error is a daemon that did not come up, with the last lines that it printed. One that is Late had no more time.
type Error struct {
	Err  error
	Tail []string
	Late bool
}

func (e *Error) Error() string { return "docker did not come up: " + e.Err.Error() }

func (e *Error) Unwrap() error { return e.Err }

// ErrTaken is a socket at which a daemon listens that is not ours. Whether it answers is its own affair.
var ErrTaken = errors.New("a daemon listens already")

// A daemon that crashed is started again after a pause, which doubles each time, until it is given up. One that has lived
// for long begins with the first pause again.
const (
	firstPause = time.Second
	maxCrashes = 4
	longLife   = time.Minute
	// upTime is how long a daemon that is started again may take to answer.
	upTime = time.Minute
)

// Start starts the daemon and waits until it answers. If it ends before that, or the time of ctx is over, the error is an
// *Error and the daemon is gone. If ctx was cancelled, or Stop called, the error is context.Canceled; if the place of the
// socket is not ours to take, ErrTaken or ErrInTheWay.
func (d *Daemon) Start(ctx context.Context) error {
	over, err := d.enter()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(d.stopping, cancel)()
	p, err := d.raise(ctx)
	if err != nil {
		close(over)
		return err
	}
	go d.watch(p, over)
	return nil
}

// Adopt takes over a daemon that somebody else has started, whose output is lost.
func (d *Daemon) Adopt(o Orphan) {
	over, err := d.enter()
	if err != nil {
		return
	}
	p := d.adopted(o)
	d.set(p)
	go d.watch(p, over)
}

// enter begins what Stop waits for.
func (d *Daemon) enter() (over chan struct{}, err error) {
	d.prepare()
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.stopping.Err(); err != nil {
		return nil, fmt.Errorf("docker is not started: %w", err)
	}
	d.over = make(chan struct{})
	return d.over, nil
}

func (d *Daemon) prepare() {
	d.once.Do(func() { d.stopping, d.stop = context.WithCancel(context.Background()) })
}

// killTime is how long a daemon that did not come up has to end by itself, and one that was killed to be gone.
const killTime = 2 * time.Second

// raise starts the daemon once and waits until it answers.
func (d *Daemon) raise(ctx context.Context) (*process, error) {
	if listened(d.Socket) {
		return nil, fmt.Errorf("cannot start docker: %w at %s", ErrTaken, d.Socket)
	}
	if err := d.clear(); err != nil {
		return nil, err
	}
	p, err := d.spawn()
	if err != nil {
		return nil, &Error{Err: err}
	}
	if err = p.await(ctx, d.Socket); err == nil {
		return p, nil
	}
	over, cancel := context.WithTimeout(context.Background(), killTime)
	defer cancel()
	p.end(over)
	if errors.Is(ctx.Err(), context.Canceled) {
		return nil, fmt.Errorf("docker was not waited for: %w", ctx.Err())
	}
	return nil, &Error{Err: err, Tail: p.lines.last(), Late: ctx.Err() != nil}
}

func (d *Daemon) spawn() (*process, error) {
	program, err := LookUp(d.Path)
	if err != nil {
		return nil, err
	}
	argv := append(append(append([]string{}, d.Init...), program), d.Arguments(d.Socket)...)
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Dir, cmd.Env = "/", append([]string{}, d.Environ...) // one that is nil would be ours
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}     // no signal of a group or a terminal reaches it
	p, err := d.start(cmd)
	if err != nil {
		return nil, err
	}
	d.set(p)
	d.Began(cmd.Process.Pid)
	return p, nil
}

// LookUp finds the daemon's program in a list of directories, as PATH is one.
func LookUp(path string) (string, error) {
	for _, dir := range filepath.SplitList(path) {
		program := filepath.Join(dir, "dockerd")
		if info, err := os.Stat(program); err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
			return program, nil
		}
	}
	return "", fmt.Errorf("cannot find dockerd in %q: %w", path, fs.ErrNotExist)
}

func (d *Daemon) set(p *process) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.current = p
}

// watch starts the daemon again whenever it ends, until it is to stop. A job that used it fails by itself; the next step,
// or the next job, finds it again.
func (d *Daemon) watch(p *process, over chan struct{}) {
	defer close(over)
	for crashes := 0; p != nil; {
		select {
		case <-p.ended:
		case <-d.stopping.Done():
			return
		}
		if time.Since(p.began) > cmp.Or(d.LongLife, longLife) {
			crashes = 0
		}
		p, crashes = d.revive(p.err, crashes)
	}
}

// revive starts a daemon that has crashed again, or returns none: it is to stop, or has crashed too often.
func (d *Daemon) revive(err error, crashes int) (*process, int) {
	for ; crashes < maxCrashes; crashes++ {
		pause := cmp.Or(d.Pause, firstPause) << crashes
		d.Crashed(err, pause)
		if !sleep(d.stopping, pause) {
			return nil, crashes
		}
		var p *process
		if p, err = d.again(); err == nil {
			d.Back()
			return p, crashes + 1
		}
	}
	if d.stopping.Err() == nil {
		d.GivenUp(err)
	}
	return nil, crashes
}

func (d *Daemon) again() (*process, error) {
	ctx, cancel := context.WithTimeout(d.stopping, upTime)
	defer cancel()
	return d.raise(ctx)
}

// Stop asks the daemon to end, which ends its containers first, and kills it when ctx ends before it has. It returns
// whether there was no need to. A Daemon that was never started has nothing to stop.
func (d *Daemon) Stop(ctx context.Context) (gently bool) {
	d.prepare()
	d.stop()
	d.mu.Lock()
	p, over := d.current, d.over
	d.mu.Unlock()
	if over == nil {
		return true
	}
	gently = p == nil || p.end(ctx)
	<-over
	return gently
}

func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
