package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// hunter is a workflow job that looks for secrets wherever a process can look: this binary, executed in a step with
// role:hunter and the path of its quarry. It knows each secret in a disguise only, and tells where it found one, not what:
// otherwise it would find itself, in its own memory and in that of everybody who passes its output on.
type hunter struct {
	quarry []masked
	found  map[string]bool // "name place", each told once
}

// masked is a secret with every bit of it turned over.
type masked struct {
	Name string
	Text []byte
}

func disguise(text []byte) []byte {
	turned := make([]byte, len(text))
	for i := range text {
		turned[i] = ^text[i]
	}
	return turned
}

// control is the name of a secret that the hunter hides itself, to see that it finds what can be found.
const control = "control"

// The places where a secret may lie.
const (
	inEnvironment = "environment"
	inArguments   = "arguments"
	inMemory      = "memory"
	inDescriptor  = "descriptor"
	inFile        = "file"
	inSocket      = "socket"
)

// hunt is the role. It prints a line "found NAME PLACE" for each pair, "power WHAT" for what it could do to a process of
// ours, and "hunted" at the end.
func hunt(args []string) int {
	h := &hunter{found: map[string]bool{}}
	text, err := os.ReadFile(args[0])
	if err == nil {
		err = json.Unmarshal(text, &h.quarry)
	}
	if err != nil {
		fmt.Println(err)
		return 1
	}
	if len(args) > 1 && args[1] == "kill" {
		h.killSupervisor()
	}
	hidden, err := h.hide()
	if err != nil {
		fmt.Println(err)
		return 1
	}
	defer hidden.end()
	h.search(inEnvironment, []byte(strings.Join(os.Environ(), "\n")), "own")
	h.inherited()
	for _, pid := range otherProcesses() {
		h.process(pid)
	}
	for _, dir := range append([]string{filepath.Dir(args[0])}, "/tmp", "/dev/shm", "/run", "/var/tmp") {
		h.tree(dir)
	}
	h.sockets()
	fmt.Println("hunted")
	return 0
}

// search tells which of the quarry is in a text.
func (h *hunter) search(place string, text []byte, where string) {
	for _, m := range h.quarry {
		if key := m.Name + " " + place; !h.found[key] && m.in(text) {
			h.found[key] = true
			fmt.Printf("found %s %s (%s)\n", m.Name, place, where)
		}
	}
}

func (m masked) in(text []byte) bool {
	first := ^m.Text[0]
	for {
		at := bytes.IndexByte(text, first)
		if at < 0 || len(text)-at < len(m.Text) {
			return false
		}
		if text = text[at:]; m.begins(text) {
			return true
		}
		text = text[1:]
	}
}

func (m masked) begins(text []byte) bool {
	for i, b := range m.Text {
		if text[i] != ^b {
			return false
		}
	}
	return true
}

// mouthful is how much is read at once.
const mouthful = 1 << 20

// stream searches what is read from an offset on, at most so much of it.
func (h *hunter) stream(place string, from io.ReaderAt, begin, length int64, where string) {
	longest := int64(0)
	for _, m := range h.quarry {
		longest = max(longest, int64(len(m.Text)))
	}
	buffer := make([]byte, mouthful)
	for at := begin; at < begin+length; at += mouthful - longest {
		n, err := from.ReadAt(buffer[:min(mouthful, begin+length-at)], at)
		h.search(place, buffer[:max(n, 0)], where)
		if err != nil {
			return
		}
	}
}

// largestFile is more than what anybody hides a secret in, and less than a runner's programs.
const largestFile = 8 << 20

// file searches a regular file: others may keep a reader waiting.
func (h *hunter) file(place, path string) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.Mode().IsRegular() && info.Size() <= largestFile {
		h.stream(place, f, 0, largestFile, path)
	}
}

// tree searches every file below a directory, but for the runner's programs and what the simulated runner notes about itself.
func (h *hunter) tree(dir string) {
	filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() && !strings.HasSuffix(path, "/_diag/sim.jsonl") {
			h.file(inFile, path)
		}
		return nil
	})
}

// inherited looks at descriptors that came from who started the job: those that go on to what the job starts.
func (h *hunter) inherited() {
	for fd := 3; fd < 256; fd++ {
		if flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err != nil || flags&unix.FD_CLOEXEC != 0 {
			continue
		}
		path := fmt.Sprint("/proc/self/fd/", fd)
		what, _ := os.Readlink(path)
		if fd <= 4 && strings.HasPrefix(what, "pipe:") { // by which the worker talks with its listener
			continue
		}
		fmt.Printf("power inherited %d %s\n", fd, what)
		h.file(inDescriptor, path)
	}
}
