//go:build !(amd64 || arm64) || purego || race || msan || asan

package signals

import (
	"os"
	"os/signal"
	"runtime"
	"strconv"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// This is the init on top of Go's runtime, for builds that have no entry point of ours. It differs in what the runtime
// does before us or keeps for itself: SIGPROF, SIGURG and 32 to 34 are not forwarded, equal real-time signals that wait
// may be merged, signals that wait together are taken by number and not as they came, and the child starts with an empty signal
// mask and nothing ignored but HUP and INT, whatever was inherited. It is larger and slower.

// Freestanding says that the init of this build does without Go's runtime.
const Freestanding = false

// syscall6 calls the kernel. The result is its own, with errors as small negative numbers.
//
//go:uintptrescapes
func syscall6(number, a, b, c, d, e, f uintptr) uintptr {
	r, _, err := syscall.RawSyscall6(number, a, b, c, d, e, f)
	if err != 0 {
		return -uintptr(err)
	}
	return r
}

// ThisProcess is what the kernel handed to this process, in the memory where it put it, if that is found.
func ThisProcess() Process {
	return Process{Args: cStrings(os.Args), Environ: environ()}
}

// cStrings makes C's of Go's. A nil follows.
func cStrings(list []string) []*byte {
	all := make([]*byte, len(list)+1)
	for i, s := range list {
		all[i] = &append([]byte(s), 0)[0]
	}
	return all[:len(list)]
}

// intake is the signals that os/signal has for us.
type intake struct {
	arrivals chan os.Signal
	extra    []int // inherited descriptors
	attr     *syscall.ProcAttr
}

// Arrivals waiting for the loop, which may be held up while a program is being loaded from a slow disk. os/signal drops
// what does not fit; equal signals were merged by the kernel long before.
const backlog = 4096

// listen asks for everything but SIGURG, which the Go scheduler sends to its own threads all the time and which cannot be
// told apart from one that was meant for the child.
func (r *reaper) listen() {
	r.extra = openDescriptors()
	r.arrivals = make(chan os.Signal, backlog)
	for sig := 1; sig <= lastSignal; sig++ {
		switch number := syscall.Signal(sig); {
		case number == syscall.SIGURG || signal.Ignored(number):
		case r.manners != tini || !isFault(sig):
			signal.Notify(r.arrivals, number)
		case r.pid == 1:
			signal.Notify(make(chan os.Signal, 1), number) // nobody listens: as PID 1 tini does not notice
		}
	}
	outlastRuntime()
	for _, sig := range [...]int{32, 33} { // what glibc's posix_spawn, as in GNU make, leaves ignored
		if disposed(sig) == ignored {
			dispose(sig, byDefault)
		}
	}
}

// isFault says which signals stand for faults of a program; tini leaves them to their fate.
func isFault(sig int) bool {
	switch sig {
	case floating, illegal, segmentation, bus, abort, trap, badCall:
		return true
	}
	return false
}

// outlastRuntime returns once no thread is inside the Go runtime's own handler any more. A signal that arrived before we
// had asked for it makes that handler end the process with code 2, but not at once: on a busy machine the thread may stop
// on the way for long enough that a child could be started, and it would die in the middle of its work.
//
// A system call on all threads is carried out by each in a signal handler, which cannot begin in a thread that is still
// in another: so either the call returns, and nothing was on its way, or the process ends first. With cgo there is no
// such call; released programs are built without.
func outlastRuntime() { _, _, _ = syscall.AllThreadsSyscall(syscall.SYS_GETPID, 0, 0, 0) }

// next waits for a signal, at most so many nanoseconds unless that is negative. 0 is none.
func (r *reaper) next(timeout int64) int {
	var late <-chan time.Time
	if timeout >= 0 {
		timer := time.NewTimer(time.Duration(timeout))
		defer timer.Stop()
		late = timer.C
	}
	select {
	case sig := <-r.arrivals:
		return int(sig.(syscall.Signal))
	case <-late:
		return 0
	}
}

// trim has nothing to give back that the runtime would not take again.
func (r *reaper) trim() {}

// forgetPipe cannot take a signal back from os/signal.
func forgetPipe() {}

// swallow lets the next such signal, which is our own, pass unnoticed.
func (r *reaper) swallow(sig int) { r.handoff |= 1 << (sig - 1) }

// giveTerminal puts a group into the terminal's foreground. From the background that takes having SIGTTOU blocked.
func giveTerminal(group int) errno {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer setMask(setMask(everySignal &^ everySignal.without(terminalOutput)))
	return setTerminalGroup(group)
}

// spawn starts the command. The result is the exit code if it failed.
func (r *reaper) spawn() int {
	_, err := terminalGroup()
	r.terminal = err == 0 && !r.session && r.manners != dumbInit
	r.prepareSearch()
	r.attr = &syscall.ProcAttr{Env: goStrings(r.search.environ), Files: r.descriptors(), Sys: r.isolation(ownTerminal())}
	if err := r.execute(); err == syscall.EAGAIN || err == syscall.ENOMEM {
		return r.cannotFork(err)
	} else if err != 0 {
		return r.cannotExecute(r.search.name, err)
	}
	if r.session {
		r.dumbInitSays(str("setsid complete.\n"))
	}
	return 0
}

// isolation is what the child is to be apart from: nothing under dumb-init -c.
func (r *reaper) isolation(mine bool) *syscall.SysProcAttr {
	switch {
	case r.session:
		return &syscall.SysProcAttr{Setsid: true, Setctty: r.handoff != 0}
	case r.manners == dumbInit:
		return &syscall.SysProcAttr{}
	}
	return &syscall.SysProcAttr{Setpgid: true, Foreground: r.terminal && (mine || r.manners == tini)}
}

// exec starts a program. ForkExec has the semantics of vfork: it returns after the child has called exec, so that no
// signal can reach it while it still has our handlers, where it would be lost.
func (r *reaper) exec(file *byte, argv **byte) errno {
	if err := stat(file); err != 0 {
		return err // costs no fork
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer setMask(setMask(0)) // the child gets the mask of the thread that forks
	pid, err := syscall.ForkExec(text(file), goStrings(argv), r.attr)
	r.child, r.group = pid, pid
	number, _ := err.(syscall.Errno)
	return number
}

func stat(file *byte) errno {
	var st syscall.Stat_t
	err, _ := syscall.Stat(text(file), &st).(syscall.Errno)
	return err
}

// goStrings makes Go's of C's.
func goStrings(first **byte) []string {
	list := []string{}
	for _, p := range unsafe.Slice(first, length(first)) {
		list = append(list, text(p))
	}
	return list
}

// descriptors is the child's table: everything that we inherited, in its place.
func (r *reaper) descriptors() []uintptr {
	table := []uintptr{0, 1, 2}
	for _, fd := range r.extra {
		for len(table) < fd {
			table = append(table, ^uintptr(0))
		}
		table = append(table, uintptr(fd))
	}
	return table
}

// dropExtra closes what we inherited besides the standard streams, now that the child has it.
func (r *reaper) dropExtra() {
	for _, fd := range r.extra {
		closeFile(fd)
	}
	r.extra = nil
}

// openDescriptors lists our inheritable descriptors from 3 up, in order: the runtime's own are close-on-exec.
func openDescriptors() (fds []int) {
	entries, _ := os.ReadDir("/proc/self/fd")
	for _, entry := range entries {
		fd, err := strconv.Atoi(entry.Name())
		if err != nil || fd < firstExtra {
			continue
		}
		if flags, err := call(unix.SYS_FCNTL, uintptr(fd), unix.F_GETFD, 0); err == 0 && flags&unix.FD_CLOEXEC == 0 {
			fds = append(fds, fd)
		}
	}
	return fds
}
