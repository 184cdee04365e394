package runner

import (
	"bytes"
	"errors"
	"os"
	"slices"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// strayGrace is what a process that a job left behind has to end by itself.
	strayGrace = 2 * time.Second
	// workerGrace is what the worker of a listener that died has: it gives its step up to 10 s (Runner.Sdk
	// ProcessInvoker.cs), and then reports the job, which would else be one of those with which GitHub lost communication.
	workerGrace = 15 * time.Second
	// strayEnd is how long those that were killed are looked for: a process that forks faster than it is killed, or that
	// the kernel does not let go of, must not keep the container alive.
	strayEnd = time.Second
	// strayPause is how often it is looked whether they have ended, which is while there are some only.
	strayPause = 20 * time.Millisecond
)

// Stray is a process that outlived the listener: a daemon of a job, or the worker of a listener that died.
type Stray struct {
	PID  int
	Name string // the kernel's, 15 bytes at most

	born uint64
}

// family is how strays are told from everybody else.
type family struct {
	init   int    // who adopts orphans; only what descends from it is ours to end
	own    int    // whose descendants are in use: ours
	spared int    // the same, of somebody before us
	since  uint64 // when the first listener was born; what is older is no job's
	first  int    // that listener
}

// endStrays ends what the listeners of this runner left behind: by SIGTERM, and after a while, or once hurry is closed,
// by SIGKILL. It returns whom it found. They are the init's to reap.
func (r *Runner) endStrays(hurry <-chan struct{}) []Stray {
	if r.Init == 0 || r.Since == 0 {
		return nil
	}
	f := family{init: r.Init, own: os.Getpid(), spared: r.Spared, since: r.Since, first: r.First}
	found := f.find()
	if len(found) == 0 {
		return nil
	}
	grace := strayGrace
	for _, s := range found {
		s.signal(syscall.SIGTERM)
		s.signal(syscall.SIGCONT) // who is stopped does not see the other one
		if s.Name == workerName {
			grace = workerGrace
		}
	}
	await(found, grace, hurry)
	// Again and again: what was found may have had children meanwhile. It is ended itself wherever it now is.
	for until := time.Now().Add(strayEnd); time.Now().Before(until); {
		rest := f.find()
		for _, s := range found {
			if s.lives() && !slices.Contains(rest, s) {
				rest = append(rest, s)
			}
		}
		if len(rest) == 0 {
			break
		}
		for _, s := range rest {
			s.signal(syscall.SIGKILL)
		}
		await(rest, strayPause, nil)
	}
	return found
}

// find returns the strays that live: descendants of the init in whatever session, group or user, but not who came into a
// container from outside (docker exec), whom nobody in it has started.
func (f family) find() (found []Stray) {
	all := map[int]stat{}
	for _, pid := range processes(func(int) bool { return true }) {
		all[pid] = statOf(pid)
	}
	for pid, s := range all {
		if f.isYounger(pid, s) && s.alive() && f.owns(pid, all) {
			found = append(found, Stray{PID: pid, Name: nameOf(pid), born: s.born})
		}
	}
	return found
}

// isYounger reports whether a process was born after the first listener. Of those of one clock tick, which is long, their
// numbers tell.
func (f family) isYounger(pid int, s stat) bool {
	return s.born > f.since || s.born == f.since && pid > f.first
}

// owns reports whether a process descends from the init, and not from us.
func (f family) owns(pid int, all map[int]stat) bool {
	for range len(all) { // the snapshot is not of one moment, and might have a circle in it
		parent := all[pid].parent
		switch {
		case pid == f.own, pid == f.spared, parent == 0:
			return false
		case parent == f.init:
			return true
		}
		pid = parent
	}
	return false
}

// await waits until all have ended, for some time at most.
func await(strays []Stray, patience time.Duration, hurry <-chan struct{}) {
	over := time.After(patience)
	tick := time.NewTicker(strayPause)
	defer tick.Stop()
	for _, s := range strays {
		for s.lives() {
			select {
			case <-tick.C:
			case <-over:
				return
			case <-hurry:
				return
			}
		}
	}
}

func (s Stray) lives() bool {
	now := statOf(s.PID)
	return now.born == s.born && now.alive()
}

// signal sends a signal, by a pidfd, so that it cannot hit who got the number meanwhile. Kernels before 5.3 have none.
func (s Stray) signal(sig syscall.Signal) {
	fd, err := unix.PidfdOpen(s.PID, 0)
	switch {
	case errors.Is(err, unix.ENOSYS) && s.lives():
		syscall.Kill(s.PID, sig)
	case err == nil:
		if s.lives() {
			unix.PidfdSendSignal(fd, sig, nil, 0)
		}
		unix.Close(fd)
	}
}

// stat is what counts here of /proc/PID/stat (proc_pid_stat(5)). The zero value is a process that is gone.
type stat struct {
	state  byte
	parent int
	born   uint64 // in clock ticks since the machine was booted
}

// alive is false of zombies as well.
func (s stat) alive() bool { return s.state != 0 && s.state != 'Z' && s.state != 'X' }

// statOf reads past the second field, which is in parentheses and may hold anything.
func statOf(pid int) (s stat) {
	text := procFile(pid, "stat")
	fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
	const state, parent, born = 0, 1, 19 // proc(5) counts from 1, and two fields are behind us
	if len(fields) <= born {
		return stat{}
	}
	s.state = fields[state][0]
	s.parent, _ = strconv.Atoi(string(fields[parent]))
	s.born, _ = strconv.ParseUint(string(fields[born]), 10, 64)
	return s
}
