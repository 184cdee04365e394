package runner

import (
	"encoding/binary"
	"fmt"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Follower passes on what the runner's programs add to their diagnostic logs. The kernel tells it when there is something
// (inotify(7)): while nobody writes, it sleeps.
type Follower struct {
	tell   func(name, line string)
	diag   *os.Root
	notify *os.File
	logs   map[string]*growing // the newest log of each program
	ending chan struct{}       // closed when Close begins
	over   chan struct{}       // closed when the goroutine has ended
}

// Limits of what is passed on: a job can write faster than anybody reads, or make a log of any length in no time.
const (
	maxBehind = 1 << 20   // bytes; who is further behind goes on near the end
	perSecond = 1 << 20   // bytes
	burst     = 64 << 10  // bytes that are passed on without a rest
	atTheEnd  = 256 << 10 // bytes of each log that Close passes on
)

// Follow calls tell, from a goroutine of its own, with every line that is added to the diagnostic logs from now on, until
// Close. What there is too much of is left out, and how much.
func (r *Runner) Follow(tell func(name, line string)) (*Follower, error) {
	diag, err := r.openDiag()
	if err != nil {
		return nil, err
	}
	f := &Follower{tell: tell, diag: diag, logs: map[string]*growing{}, ending: make(chan struct{}), over: make(chan struct{})}
	if f.notify, err = watch(diag); err != nil {
		diag.Close()
		return nil, fmt.Errorf("cannot follow the runner's diagnostic logs: %w", err)
	}
	for _, program := range []string{ListenerLog, WorkerLog} {
		if name, err := newestLog(diag, program); err == nil {
			f.turnTo(name)
			if g := f.logs[program]; g != nil {
				g.at = g.size()
			}
		}
	}
	go f.run()
	return f, nil
}

// watch has the kernel tell of what happens in a directory, by its descriptor: its path may lead elsewhere by now.
func watch(diag *os.Root) (*os.File, error) {
	dir, err := diag.Open(".")
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	if err != nil {
		return nil, os.NewSyscallError("inotify_init1", err)
	}
	const what = unix.IN_CREATE | unix.IN_MODIFY | unix.IN_MOVED_TO | unix.IN_ONLYDIR
	if _, err := unix.InotifyAddWatch(fd, fmt.Sprintf("/proc/self/fd/%d", dir.Fd()), what); err != nil {
		unix.Close(fd)
		return nil, os.NewSyscallError("inotify_add_watch", err)
	}
	return os.NewFile(uintptr(fd), "inotify"), nil
}

// Close passes on what is left, and ends.
func (f *Follower) Close() {
	close(f.ending)
	f.notify.Close()
	<-f.over
	for _, program := range []string{ListenerLog, WorkerLog} { // one that is new may not have been told of
		if name, err := newestLog(f.diag, program); err == nil {
			f.turnTo(name)
		}
	}
	for _, g := range f.logs {
		g.pass(f.tell, atTheEnd)
		g.close(f.tell)
	}
	f.diag.Close()
}

func (f *Follower) run() {
	defer close(f.over)
	buffer := make([]byte, 4<<10)
	for {
		n, err := f.notify.Read(buffer)
		if err != nil {
			return
		}
		for events := buffer[:n]; len(events) >= unix.SizeofInotifyEvent; {
			length := binary.NativeEndian.Uint32(events[12:]) // of the name, the last field; see inotify(7)
			end := unix.SizeofInotifyEvent + int(length)
			f.changed(strings.TrimRight(string(events[unix.SizeofInotifyEvent:end]), "\x00"))
			events = events[end:]
		}
	}
}

// changed follows a change of one file, or of any where the kernel had too many to name them.
func (f *Follower) changed(name string) {
	if name == "" {
		for _, g := range f.logs {
			f.read(g)
		}
		return
	}
	f.turnTo(name)
	if g := f.logs[logOf(name)]; g != nil && g.name == name {
		f.read(g)
	}
}

// turnTo goes on with a newer log of a program.
func (f *Follower) turnTo(name string) {
	program := logOf(name)
	old := f.logs[program]
	if program == "" || old != nil && name <= old.name {
		return
	}
	file, _, err := openLog(f.diag, name)
	if err != nil {
		return
	}
	if old != nil {
		f.read(old)
		old.close(f.tell)
	}
	f.logs[program] = &growing{name: name, file: file}
}

// read passes on what was added to a log, and rests for as long as that much may take.
func (f *Follower) read(g *growing) {
	n := g.pass(f.tell, maxBehind)
	if n <= burst {
		return
	}
	rest := time.NewTimer(time.Duration(n) * time.Second / perSecond)
	defer rest.Stop()
	select {
	case <-rest.C:
	case <-f.ending:
	}
}
