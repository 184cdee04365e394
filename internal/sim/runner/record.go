package runner

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Record is one thing that happened to a process of the simulated runner.
type Record struct {
	Time   time.Time
	Event  string // "start", "signal", "act" (of a Behaviour), "exit"
	Detail string // the signal's name, the arrow, the exit code
	Role   string // "listener" or "worker"
	PID    int
	Given  *Given `json:",omitempty"` // at "start": what the process was given
}

// Given is what a process got from whoever started it, read before it did anything itself.
type Given struct {
	Argv    []string
	Environ []string
	Dir     string
	PPID    int
	PGID    int
	SID     int
	UID     int
	GID     int
	Groups  []int
	Umask   string            // octal, as in /proc/self/status
	Files   map[int]string    // open descriptors and what they are
	Status  map[string]string // /proc/thread-self/status: capabilities, blocked signals; of ignored ones only HUP and INT, since Go handles all others
}

// recordFile is where the records lie below the runner's root.
const recordFile = "_diag/sim.jsonl"

// Records returns what has happened below root so far, oldest first.
func Records(root string) ([]Record, error) {
	f, err := os.Open(root + "/" + recordFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var records []Record
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 4<<20)
	for lines.Scan() {
		var r Record
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			return records, fmt.Errorf("cannot read record: %w", err)
		}
		records = append(records, r)
	}
	return records, lines.Err()
}

// record appends one record, in one write, so that processes do not mix theirs. A process that may not write leaves
// none: the simulation must not fail where the runner would not.
func (p *process) record(event, detail string) { p.append(Record{Event: event, Detail: detail}) }

func (p *process) append(r Record) {
	r.Time, r.Role, r.PID = time.Now(), p.role, os.Getpid()
	text, err := json.Marshal(r)
	if err != nil {
		return
	}
	f, err := os.OpenFile(p.root.path(recordFile), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o666)
	if err != nil {
		return
	}
	defer f.Close()
	f.Write(append(text, '\n'))
}

// given looks at the own process. It comes first in every process, before anything is opened or changed.
func given(argv []string) *Given {
	files := openFiles()
	g := &Given{
		Argv: argv, Environ: os.Environ(), Files: files, Status: processStatus(),
		PPID: os.Getppid(), PGID: syscall.Getpgrp(), UID: os.Getuid(), GID: os.Getgid(),
	}
	g.Dir, _ = os.Getwd()
	g.SID, _ = strconv.Atoi(g.Status["NSsid"])
	g.Groups, _ = os.Getgroups()
	g.Umask = g.Status["Umask"]
	return g
}

// openFiles names the descriptors that came through exec: those without close-on-exec, which all of the Go runtime's
// own have. It asks about each number, because reading /proc/self/fd would open one more.
func openFiles() map[int]string {
	files := map[int]string{}
	for fd := range 256 {
		flags, _, errno := syscall.Syscall(syscall.SYS_FCNTL, uintptr(fd), syscall.F_GETFD, 0)
		if errno != 0 || flags&syscall.FD_CLOEXEC != 0 {
			continue
		}
		buffer := make([]byte, 4096)
		if n, err := syscall.Readlink("/proc/self/fd/"+strconv.Itoa(fd), buffer); err == nil {
			files[fd] = string(buffer[:n])
		}
	}
	return files
}

// processStatus reads the status of the calling thread: the main one may just be starting another, with all signals
// blocked.
func processStatus() map[string]string {
	status := map[string]string{}
	text, err := os.ReadFile("/proc/thread-self/status")
	if err != nil {
		return status
	}
	for line := range strings.Lines(string(text)) {
		if key, value, ok := strings.Cut(line, ":"); ok {
			status[key] = strings.TrimSpace(value)
		}
	}
	return status
}
