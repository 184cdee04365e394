package runner

import (
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// inputPrefix starts every variable from which the listener takes an argument (Runner.Listener CommandSettings.cs). It
// removes them from what its children see.
const inputPrefix = "ACTIONS_RUNNER_INPUT_"

// Runner is one runner directory and how its programs are started.
type Runner struct {
	// Root is the absolute path of the runner directory.
	Root string
	// Work is the work directory, relative to Root or absolute; empty means _work.
	Work string
	// User is whom the programs run as; nil means as ourselves.
	User *User
	// Environ is the environment of the listener and so of every job: it holds no secret, and no variable from which the
	// runner takes arguments, for those come from us.
	Environ []string
	// CoreLimit is the soft limit on core files of the programs, in bytes; nil means ours.
	CoreLimit *uint64
	// Stdout and Stderr are where the programs' output goes, byte for byte.
	Stdout, Stderr *os.File
	// Init is the process that adopts orphans: what a listener leaves behind below it is ended. 0 leaves it alone.
	Init int
	// Since is when the first listener was born (see Birth), and First its number; they are filled in when there is one. What
	// is older than it is nobody's stray.
	Since uint64
	First int
	// Spared is a process that a supervisor before us has started, and that is nobody's stray, nor is what descends from it;
	// 0 is none.
	Spared int
}

// command returns a listener command with the given arguments for it passed as environment, where no other process can
// read them off the command line.
func (r *Runner) command(ctx context.Context, verb string, inputs map[string]string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, filepath.Join(r.Root, listenerPath), verb)
	cmd.Dir = r.Root
	cmd.Env = withHome(append([]string{}, r.User.environ(r.Environ)...), r.Root) // one that is nil would be ours
	for name, value := range inputs {
		cmd.Env = append(cmd.Env, inputPrefix+name+"="+value)
	}
	cmd.Stdout, cmd.Stderr = r.Stdout, r.Stderr
	// A process group of its own: a signal to ours, or ^C on a terminal, must not reach a job.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: r.User.credential()}
	return cmd
}

// StartError is a program of the runner that could not be started at all.
type StartError struct{ Err error }

func (e *StartError) Error() string { return "cannot start the runner: " + e.Err.Error() }

func (e *StartError) Unwrap() error { return e.Err }

// start starts a command, or returns a *StartError.
func (r *Runner) start(cmd *exec.Cmd) error {
	if err := r.Start(cmd); err != nil {
		return &StartError{err}
	}
	return nil
}

// Start starts any command with the limits that the runner's programs get, and no more capabilities than its user has.
func (r *Runner) Start(cmd *exec.Cmd) error {
	return r.withCores(func() error { return startPlain(cmd) })
}

// startPlain starts a command without the inheritable and ambient capabilities that some runtimes (sysbox among them) fill
// for PID 1. Capabilities belong to a thread, and a child gets those of the thread that forks it: so one thread is
// stripped, used once and thrown away, which is what the runtime does when a locked goroutine ends.
func startPlain(cmd *exec.Cmd) error {
	if os.Getuid() != 0 {
		return cmd.Start()
	}
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		if err := dropInheritable(); err != nil {
			started <- err
			return
		}
		started <- cmd.Start()
	}()
	return <-started
}

// dropInheritable empties the inheritable set of this thread; the kernel empties the ambient set with it
// (capabilities(7): a capability can only be ambient while it is inheritable).
func dropInheritable() error {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	if err := unix.Capget(&header, &data[0]); err != nil {
		return os.NewSyscallError("capget", err)
	}
	data[0].Inheritable, data[1].Inheritable = 0, 0
	return os.NewSyscallError("capset", unix.Capset(&header, &data[0]))
}

// tail keeps the end of what is written to it.
type tail struct{ kept []byte }

const tailSize = 4 << 10

func (t *tail) Write(p []byte) (int, error) {
	t.kept = append(t.kept, p...)
	if over := len(t.kept) - tailSize; over > 0 {
		t.kept = append(t.kept[:0], t.kept[over:]...)
	}
	return len(p), nil
}

// lines returns the kept lines that are not blank.
func (t *tail) lines() []string {
	return strings.FieldsFunc(string(t.kept), func(r rune) bool { return r == '\n' || r == '\r' })
}

// keep returns a writer that passes on to w and keeps the end.
func keep(w io.Writer) (io.Writer, *tail) {
	t := new(tail)
	return io.MultiWriter(w, t), t
}
