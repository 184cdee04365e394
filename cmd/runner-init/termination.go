package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"

	"github.com/runner-init/runner-init/internal/runner"
	"github.com/runner-init/runner-init/lifecycle"
)

// defaultTermination is where Kubernetes mounts a file for the last words of a container, which it shows in the pod's
// status. Elsewhere it does not exist and is not created.
const defaultTermination = "/dev/termination-log"

// lastWords is the termination message: one line of JSON.
type lastWords struct {
	Reason   string `json:"reason"`
	ExitCode int    `json:"exitCode"`
	Phase    string `json:"phase"`
	Runner   string `json:"runner,omitempty"`
	Ghost    bool   `json:"ghost"`
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
	if err := errors.Join(f.Truncate(0), json.NewEncoder(f).Encode(words)); err != nil {
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
