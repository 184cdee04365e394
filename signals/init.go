// Package signals is the init: PID 1 of a container, or the subreaper of a process tree. It starts one child, forwards
// every signal to it, reaps whatever dies beneath it, and ends as the child ended. It is `runner-init exec`, both
// personalities, and PID 1 under `runner-init run`.
//
// Everything that runs in PID 1 is written in Go that does without Go's runtime: no allocation, no goroutine, no map, no
// interface, no panic that could be recovered, only calls of the kernel. The program's entry point, which
// cmd/runner-init has, runs it before the runtime exists, so that PID 1 is one thread with a few pages of memory, and has none of the
// runtime's own signal handlers. TestFreestanding holds the compiled code to that. Built with the tag purego, with the
// race detector, or for an architecture that has no entry point of ours, the same code runs on top of the runtime, with
// os/signal for its ears and syscall.ForkExec for its hands (plain_linux.go says what is lost).
//
// It owns wait4(-1) and the intake of signals for the whole process. It refuses to decide what a signal means: that is
// the child's business. It signals its own descendants, and its own job when ^Z stops the child; with --all as PID 1, everybody in its namespace.
package signals

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// Process is what the kernel hands to a new process: its arguments and its environment, as C strings, in the memory
// where it put them.
type Process struct {
	Args    []*byte
	Environ []*byte

	mask signalSet // inherited; whoever is to be an init blocks every signal first
}

// reaper is an init at work.
type reaper struct {
	settings
	intake // of signals; how depends on what we are built on
	search search

	process Process
	pid     int  // ours
	deaf    bool // SIGCHLD was ignored when we came

	child     int // pid of the main child; 0 = none, or ended
	ended     bool
	alone     bool               // there was no child left when we last looked
	status    syscall.WaitStatus // of the main child, once ended
	group     int                // the main child's pid, also after its end
	terminal  bool               // standard input is our controlling terminal
	suspended bool               // the child was stopped, and we with it
	handoff   signalSet          // signals that the kernel sends for having left the terminal: not for the child

	environment, journal, door int    // descriptors, under supervise
	stopSeen                   bool   // a stop signal came, under supervise
	orphans, noted             uint64 // how many were reaped, and how many of them the journal knows of

	held [lastSignal]uint8 // signals that came before the child could take them, each once, in order
	kept int               // how many are held
	hold bool              // the child cannot take signals yet

	pending  [lastSignal + 1]int64 // when a delayed signal is due, 0 = none
	graceEnd int64                 // when what does not end is killed, 0 = not set
	waitEnd  int64                 // when the wait for the others takes its next step, 0 = not set
	waitStep int                   // how many steps it has taken: TERM, KILL, good-bye
}

// start is the whole life of an init that runs a command. It returns the exit code.
func start(p Process, s settings) int {
	r := reaper{settings: s, process: p, pid: getpid()}
	r.listen()
	r.deathNotice()
	r.adoptOrphans()
	r.leaveTerminal()
	r.reapEarlier()
	code := r.spawn()
	if !r.alive() { // it has complained
		return r.exitCode(code)
	}
	r.announce()
	r.dropExtra()
	changeToRoot()
	r.trim()
	return r.loop()
}

func (r *reaper) alive() bool { return r.child > 0 }

// deathNotice asks for a signal when our parent dies. See PR_SET_PDEATHSIG(2const).
func (r *reaper) deathNotice() {
	if r.deathSignal != 0 {
		prctl(unix.PR_SET_PDEATHSIG, uintptr(r.deathSignal))
	}
}

// adoptOrphans makes orphans below us our children, as those of its namespace are PID 1's. dumb-init does not, and tini
// on request only. See PR_SET_CHILD_SUBREAPER(2const).
func (r *reaper) adoptOrphans() {
	if r.subreaper || r.manners == ours && r.pid != 1 {
		if prctl(unix.PR_SET_CHILD_SUBREAPER, 1) == 0 {
			r.tiniSays(tiniTrace, str("Registered as child subreaper"))
		}
	}
	if r.manners == tini && r.pid != 1 && !isSubreaper() {
		r.tiniSays(tiniWarning, str("Tini is not running as PID 1 and isn't registered as a child subreaper.\n"+
			"Zombie processes will not be re-parented to Tini, so zombie reaping won't work.\n"+
			"To fix the problem, use the -s option or set the environment variable TINI_SUBREAPER to register Tini as a child subreaper, or run Tini as PID 1."))
	}
}

// announce says that the child is there.
func (r *reaper) announce() {
	r.dumbInitSays(str("Child spawned with PID "), num(r.child), str(".\n"))
	if r.manners == tini {
		r.tiniSays(tiniInfo, str("Spawned child process '"), str(text(r.command[0])), str("' with pid '"), num(r.child), str("'"))
	}
	if r.manners == ours && len(r.command) > 0 {
		r.say(tiniInfo, str("started "), str(text(r.command[0])), str(" as pid "), num(r.child))
	}
}

// say prints a message of our own.
func (r *reaper) say(level int, parts ...part) {
	if r.manners != ours || level > r.verbosity {
		return
	}
	var line [12]part
	line[0] = str(ourName + ": ")
	n := 1 + join(line[1:len(line)-1], parts)
	line[n] = str("\n")
	tell(2, line[:n+1]...)
}

// loop takes one signal after the other, and sleeps in between for as long as nothing is due.
func (r *reaper) loop() int {
	for {
		sig, timeout := 0, r.timeout()
		if timeout != 0 { // what is due comes before further signals, which may never end
			sig = r.next(timeout)
		}
		switch sig {
		case child:
			r.hear(sig)
		case 0:
			r.expire()
		default:
			r.take(sig)
			if r.manners != tini { // which looks for the dead after each signal, and says so
				continue
			}
		}
		r.reap()
		r.noteOrphans()
		if r.finished() {
			return r.leave()
		}
		r.release()
	}
}

// finished says whether there is nobody left to wait for.
func (r *reaper) finished() bool {
	switch {
	case !r.ended:
		return false
	case !r.wait || r.waitStep > lastStep:
		return true
	}
	return r.alone
}

// leave says good-bye and returns the exit code.
func (r *reaper) leave() int {
	code := statusCode(r.status)
	if r.manners == dumbInit {
		r.forward(terminate) // to what is left of the group; when we are PID 1, the kernel does worse at once
		r.dumbInitSays(str("Child exited with status "), num(code), str(". Goodbye.\n"))
		return code
	}
	r.tiniSays(tiniTrace, str("Exiting: child has exited"))
	r.reclaimTerminal()
	final := r.exitCode(code)
	if r.report || r.verbosity >= tiniInfo && r.manners == ours {
		r.reportEnd(code, final)
	}
	return final
}

// exitCode applies what the user wants to have remapped.
func (r *reaper) exitCode(code int) int {
	if code &= 0xff; r.remapped[code] {
		return 0
	}
	return code
}

func (r *reaper) reportEnd(code, final int) {
	tell(2, str(ourName+": "), str(base(text(r.command[0]))), str(" (pid "), num(r.group), str(") "))
	r.putEnd()
	if r.status.Signaled() || final != code {
		tell(2, str(", exit code "), num(final))
	}
	tell(2, str("\n"))
}

// putEnd tells how the main child ended.
func (r *reaper) putEnd() {
	if !r.status.Signaled() {
		tell(2, str("exited with code "), num(r.status.ExitStatus()))
		return
	}
	sig := int(r.status.Signal())
	name, offset := signalName(sig)
	tell(2, str("was killed by "), name, offset, str(" (signal "), num(sig), str(")"))
	if r.status.CoreDump() {
		tell(2, str(" and left a core dump"))
	}
}

// statusCode is the exit code of a child, or 128+n when signal n killed it, as shells report it.
func statusCode(status syscall.WaitStatus) int {
	if status.Signaled() {
		return 128 + int(status.Signal())
	}
	return status.ExitStatus()
}
