package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"syscall"

	"github.com/runner-init/runner-init/internal/runner"
	"github.com/runner-init/runner-init/lifecycle"
)

// defaultTermination is where Kubernetes mounts a file for the last words of a container, which it shows in the pod's
// status. Elsewhere it does not exist and is not created.
const defaultTermination = "/dev/termination-log"

// lastWords is the termination message: one line of JSON.
type lastWords struct {
	Reason   string  `json:"reason"`           // why we ended; empty after a clean end
	ExitCode int     `json:"exitCode"`         // with which code
	Phase    string  `json:"phase"`            // in which phase, the last one before the end
	Runner   string  `json:"runner,omitempty"` // its name, if there was one
	Job      *served `json:"job,omitempty"`    // the last one, if there was one
	Ghost    bool    `json:"ghost"`            // whether a registration may be left on GitHub
	Hint     string  `json:"hint,omitempty"`   // what to do about it
}

// maxTermination is how many bytes of a termination message Kubernetes takes:
// https://kubernetes.io/docs/tasks/debug/debug-application/determine-reason-pod-failure/
const maxTermination = 4096

// line is the message, its texts cut as far as it takes.
func (w lastWords) line() []byte {
	for limit := maxTermination / 2; ; limit /= 2 {
		var line bytes.Buffer
		e := json.NewEncoder(&line)
		e.SetEscapeHTML(false)
		if err := e.Encode(w.cut(limit)); err != nil || line.Len() <= maxTermination {
			return line.Bytes()
		}
	}
}

// cut bounds each text, in bytes.
func (w lastWords) cut(limit int) lastWords {
	w.Reason, w.Hint, w.Runner = cut(w.Reason, limit), cut(w.Hint, limit), cut(w.Runner, limit)
	if w.Job != nil {
		w.Job = &served{Name: cut(w.Job.Name, limit), Result: cut(w.Job.Result, limit)}
	}
	return w
}

func cut(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	return strings.ToValidUTF8(text[:limit], "") + "…"
}

func writeTermination(path string, words lastWords) error {
	flags := os.O_WRONLY | os.O_CREATE
	if path == "" {
		path, flags = defaultTermination, os.O_WRONLY
	}
	f, err := openTermination(path, flags)
	if err != nil {
		if path == defaultTermination && errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	}
	defer f.Close()
	if err := f.Truncate(0); err != nil {
		return err
	}
	if _, err := f.Write(words.line()); err != nil {
		return err
	}
	return f.Close()
}

// openTermination opens a file in a place where a job may have put anything: a link, a second name of somebody else's file,
// or a pipe that nobody reads.
func openTermination(path string, flags int) (*os.File, error) {
	const cannot = "cannot write the termination message: "
	if os.Getuid() == 0 { // nobody else can write where a job cannot
		if err := runner.RefuseLinks(path); err != nil {
			return nil, fmt.Errorf(cannot+"%w", err)
		}
	}
	f, err := os.OpenFile(path, flags|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0o644)
	if err != nil {
		return nil, err
	}
	var stat syscall.Stat_t
	switch err = syscall.Fstat(int(f.Fd()), &stat); {
	case err != nil:
	case stat.Mode&syscall.S_IFMT != syscall.S_IFREG:
		err = fmt.Errorf(cannot+"%q is no regular file", path)
	case stat.Nlink > 1:
		err = fmt.Errorf(cannot+"%q is another name of some file", path)
	default:
		return f, nil
	}
	f.Close()
	return nil, err
}

// exitCode is the code that the program ends with. Some orchestrators want to see the signal after a clean stop.
func (s *supervisor) exitCode(exit lifecycle.Exit) lifecycle.Code {
	if signal := s.stopSignal.Load(); exit.Code == lifecycle.OK && s.config.ExitOnSignal && signal != 0 {
		return lifecycle.Code(128 + signal)
	}
	return exit.Code
}
