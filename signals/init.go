// Package signals is the init: PID 1 of a container, or the subreaper of a process tree. It starts one child, forwards
// every signal to it, reaps whatever dies beneath it, and says how the child ended.
//
// It owns wait4(-1) and the intake of signals for the whole process, so nothing else in the process may start or wait
// for children: no os/exec, no os.StartProcess, no os/signal. It refuses to decide anything: what a signal means, when to
// stop and what to start next is the business of the child and of the caller. It never signals anyone but its child, and
// it knows nothing of what runs in it.
//
// The Go runtime keeps five signals to itself, whoever sends them: SIGPROF, SIGURG (its scheduler's) and 32 to 34 (the
// C libraries'). They are not forwarded.
package signals

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"
)

// Arrivals waiting for the loop, which may be held up while a program is being loaded from a slow disk. os/signal drops
// what does not fit; equal signals were merged by the kernel long before.
const backlog = 4096

// The first and last signal number of Linux on every architecture Go supports.
const (
	firstSignal = syscall.Signal(1)
	lastSignal  = syscall.Signal(64)
)

// Init forwards signals to one child at a time and reaps everything. Make one per process, with New.
type Init struct {
	arrivals chan os.Signal

	// mu is held over fork, over wait4 and over kill. So a child is known before its death can be noticed, and no signal
	// goes to a pid that was reaped and may belong to somebody else by now.
	mu       sync.Mutex
	child    int  // pid of the running child; 0 = none
	released bool // the child may be signalled (see Command.Ready)
	kept     []syscall.Signal
	ended    chan syscall.WaitStatus
}

// Command is a program to start, with what it gets from us.
type Command struct {
	Path  string     // program; searched in the PATH of Env, like execvp(3), when it has no slash
	Args  []string   // argv, including argv[0]; Path alone when empty
	Env   []string   // verbatim, duplicates included; nil is an empty environment
	Files []*os.File // the child's descriptors 3, 4, …; 0, 1 and 2 are ours

	// Ready is the read end of a pipe, as os.Pipe makes it. When set, signals are kept until the other side writes a byte or
	// closes it: a child that needs a moment before it can be signalled loses none. It stays the caller's to close.
	Ready *os.File

	// Drop lists files that Run closes once the child has its own copies: the write end of the Ready pipe, so that only
	// the child holds it.
	Drop []*os.File
}

// New makes the process an init and is the first thing it does. From here on every signal is kept for the child to come;
// inherited descriptors from 3 up will not pass to any child; orphans below us become ours to reap, and are.
func New() *Init {
	in := &Init{arrivals: make(chan os.Signal, backlog)}
	signal.Notify(in.arrivals, intake()...)
	outlastRuntime()
	restoreDispositions()
	keepDescriptors()
	if os.Getpid() != 1 {
		becomeSubreaper()
	}
	go in.loop()
	return in
}

// Run starts the child and returns when it has ended and everything else that was dead by then is reaped. Signals that
// arrived since New or since the last child ended go to this one first, in the order they came in. A program that cannot
// be started is an *ExecError, and loses none of them either.
func (in *Init) Run(c Command) (Status, error) {
	if err := watchable(c.Ready); err != nil {
		closeAll(c.Drop)
		return Status{}, err
	}
	child, err := in.start(c)
	if err != nil {
		return Status{}, err
	}
	stop := in.watch(c.Ready)
	ws := <-child.ended
	stop()
	if child.foreground {
		reclaimTerminal(child.pid)
	}
	return Status{wait: ws}, nil
}

// intake lists what os/signal is asked for: everything but SIGURG, which the Go scheduler sends to its own threads all
// the time and which cannot be told apart from one that was meant for the child.
func intake() []os.Signal {
	var all []os.Signal
	for sig := firstSignal; sig <= lastSignal; sig++ {
		if sig != syscall.SIGURG {
			all = append(all, sig)
		}
	}
	return all
}

// loop is the only reader of signals. It lives as long as the process, also between children, and sleeps unless a
// signal comes.
func (in *Init) loop() {
	in.collect() // what died before we listened for SIGCHLD, left behind by who exec'd us
	for sig := range in.arrivals {
		if sig == syscall.SIGCHLD {
			in.collect()
		} else {
			in.forward(sig.(syscall.Signal))
		}
	}
}

// watchable refuses a Ready that could not be given up when the child ends early.
func watchable(ready *os.File) error {
	if ready == nil {
		return nil
	}
	if err := ready.SetReadDeadline(time.Time{}); err != nil {
		return fmt.Errorf("cannot watch %q for readiness: %w", ready.Name(), err)
	}
	return nil
}

// errBusy is what a second Run gets while the first has not returned.
var errBusy = errors.New("another child is running")
