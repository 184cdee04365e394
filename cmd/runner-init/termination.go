package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"

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
	flags := os.O_WRONLY | os.O_TRUNC | os.O_CREATE
	if path == "" {
		path, flags = defaultTermination, os.O_WRONLY|os.O_TRUNC
	}
	// A job may have put anything there: a link, or a pipe that nobody reads.
	f, err := os.OpenFile(path, flags|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0o644)
	if err != nil {
		if path == defaultTermination && errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return errors.Join(err, fmt.Errorf("cannot write the termination message: %q is no regular file", path))
	}
	if err := json.NewEncoder(f).Encode(words); err != nil {
		return err
	}
	return f.Close()
}

// exitCode is the code that the program ends with. Some orchestrators want to see the signal after a clean stop.
func (s *supervisor) exitCode(exit lifecycle.Exit) lifecycle.Code {
	if signal := s.stopSignal.Load(); exit.Code == lifecycle.OK && s.config.ExitOnSignal && signal != 0 {
		return lifecycle.Code(128 + signal)
	}
	return exit.Code
}
