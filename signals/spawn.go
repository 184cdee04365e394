package signals

import (
	"fmt"
	"os"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// running is what Run has to know of the child it waits for.
type running struct {
	pid        int
	ended      <-chan syscall.WaitStatus
	foreground bool // it was given the terminal
}

// start forks and registers the child under one lock. ForkExec has the semantics of vfork: it returns after the child
// has called exec, so that no signal can reach it while it still has our handlers, where it would be lost.
func (in *Init) start(c Command) (running, error) {
	in.mu.Lock()
	defer in.mu.Unlock()
	defer closeAll(c.Drop)
	if in.child != 0 {
		return running{}, fmt.Errorf("cannot start %q: %w", c.Path, errBusy)
	}
	foreground := ownTerminal()
	pid, err := spawn(c, foreground)
	if err != nil {
		return running{}, err
	}
	in.child, in.released = pid, c.Ready == nil
	in.ended = make(chan syscall.WaitStatus, 1) // the reaper must never wait for Run
	in.flush()
	return running{pid, in.ended, foreground}, nil
}

// spawn starts the program in a process group of its own, in the foreground of the terminal if it is ours to give.
func spawn(c Command, foreground bool) (int, error) {
	args := c.Args
	if len(args) == 0 {
		args = []string{c.Path}
	}
	attr := &syscall.ProcAttr{
		Env:   c.Env,
		Files: descriptors(c.Files),
		Sys:   &syscall.SysProcAttr{Setpgid: true, Foreground: foreground, Ctty: 0},
	}
	pid, file, err := search(c.Path, c.Env, func(path string) (int, error) {
		return execute(path, args, attr)
	})
	runtime.KeepAlive(c.Files)
	if err != nil {
		return 0, &ExecError{Path: c.Path, Err: err, cause: explain(c.Path, file, err)}
	}
	return pid, nil
}

// execute starts one file as execvp(3) does: one that the kernel does not know is a shell script without #! line. A
// program for another machine is not: a shell would only choke on it.
func execute(path string, args []string, attr *syscall.ProcAttr) (int, error) {
	pid, err := forkExec(path, args, attr)
	if err != syscall.ENOEXEC || isELF(path) {
		return pid, err
	}
	return forkExec(shell, append([]string{shell, path}, args[1:]...), attr)
}

// forkExec starts a program with an empty signal mask: the child gets the mask of the thread that forks, in which the
// runtime keeps what our own parent had blocked. Dispositions need nothing: exec resets every signal that has a
// handler, and Notify has installed one for each, inherited ignores included.
func forkExec(path string, args []string, attr *syscall.ProcAttr) (int, error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var none, ours unix.Sigset_t
	if err := unix.PthreadSigmask(unix.SIG_SETMASK, &none, &ours); err != nil {
		return 0, err
	}
	defer unix.PthreadSigmask(unix.SIG_SETMASK, &ours, nil)
	return syscall.ForkExec(path, args, attr)
}

// descriptors is the child's table: our standard streams, then files. A nil file is a closed descriptor.
func descriptors(files []*os.File) []uintptr {
	table := []uintptr{0, 1, 2}
	for _, f := range files {
		table = append(table, f.Fd())
	}
	return table
}

func closeAll(files []*os.File) {
	for _, f := range files {
		f.Close()
	}
}
