package runner

import (
	"errors"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Adopt takes over the listener that a supervisor before us left behind. Whoever started it is gone, and with it the end
// of the pipe that its lines went to: the end of its job is seen by the end of its worker, its own end without its exit
// code. Where it has ended already, what it has left behind is ended. Adopt returns nil if no listener has ever been started.
func (r *Runner) Adopt(news News) *Listener {
	for _, pid := range listeners(r.Root, "run") {
		fd, err := unix.PidfdOpen(pid, 0)
		if err != nil {
			continue
		}
		if nameOf(pid) != listenerName { // ended, or the number is somebody else's by now
			unix.Close(fd)
			continue
		}
		l := r.listener(stranger{pid: pid, fd: fd})
		go r.follow(l, fd, workers(r.Root, pid), news)
		return l
	}
	if r.Since == 0 {
		return nil
	}
	l := r.listener(departed{})
	go func() { news.Ended(r.unseen(l)) }()
	return l
}

// follow waits for the ends of the workers and then for that of the listener.
func (r *Runner) follow(l *Listener, fd int, workers []int, news News) {
	for _, pid := range workers {
		if worker, err := unix.PidfdOpen(pid, 0); err == nil {
			awaitEnd(worker, forever)
			unix.Close(worker)
			news.JobEnded("", "")
		}
	}
	awaitEnd(fd, forever)
	end := r.unseen(l)
	if code, known := r.WorkerCode(); known && len(workers) > 0 {
		end.Result = resultOf(code)
	}
	news.Ended(end)
}

// unseen is the end of a listener that was not our child.
func (r *Runner) unseen(l *Listener) End {
	return End{Code: -1, Meaning: Unseen, Strays: r.endStrays(l.killed.Done())}
}

// forever is a patience without end.
const forever time.Duration = -1

// awaitEnd blocks until the process behind a pidfd has ended, and reports whether it did while patience lasted: a pidfd
// becomes readable at the end of its process (pidfd_open(2)).
func awaitEnd(fd int, patience time.Duration) bool {
	until := time.Now().Add(patience)
	for {
		wait := -1
		if patience >= 0 {
			wait = int(max(0, time.Until(until)).Milliseconds())
		}
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, wait)
		if !errors.Is(err, unix.EINTR) {
			return n > 0
		}
	}
}

// Orphan is a process that a supervisor before us has started, told from one that has its number by now.
type Orphan struct {
	stranger
}

// Birth tells a living process from every other one of its number: when it was born, in clock ticks since the machine was
// booted. It is 0 of a process that is gone.
func Birth(pid int) uint64 { return statOf(pid).born }

// Overtake finds a living process by its number and its Birth.
func Overtake(pid int, born uint64) (Orphan, bool) {
	if born == 0 {
		return Orphan{}, false
	}
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return Orphan{}, false
	}
	if now := statOf(pid); now.born != born || !now.alive() {
		unix.Close(fd)
		return Orphan{}, false
	}
	return Orphan{stranger{pid: pid, fd: fd}}, true
}

// Wait returns at the end of the process.
func (o Orphan) Wait() { awaitEnd(o.fd, forever) }

// Signal signals the process, and nobody else.
func (o Orphan) Signal(sig syscall.Signal) error { return o.signal(sig) }

// stranger is a process that is not our child, held by a pidfd so that its number cannot become somebody else's.
type stranger struct{ pid, fd int }

func (s stranger) id() int { return s.pid }

func (s stranger) signal(sig syscall.Signal) error {
	return os.NewSyscallError("pidfd_send_signal", unix.PidfdSendSignal(s.fd, sig, nil, 0))
}

// departed is a listener that had ended before we came.
type departed struct{}

func (departed) id() int                     { return 0 }
func (departed) signal(syscall.Signal) error { return os.ErrProcessDone }
