package runner

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// update is the self-update: a script that outlives the listener does the rest once that is gone from /proc. Whoever
// supervises must reap the listener, leave the script alone and start the listener again.
func (s *service) update(body string) (code int, ends bool) {
	var m struct {
		Version string `json:"target_version"`
	}
	if err := json.Unmarshal([]byte(body), &m); err != nil || s.set.DisableUpdate {
		return 0, false
	}
	s.term.line("Runner update in progress, do not shutdown runner.")
	s.term.line("Downloading %s runner", m.Version)
	s.term.line("Waiting for current job finish running.")
	if s.job != nil {
		select {
		case <-s.job.finished.Done():
		case <-s.stopped.Done():
			return 0, false
		}
	}
	s.term.line("Generate and execute update script.")
	s.closeSession()
	if err := s.startUpdate(); err != nil {
		s.term.fail("Runner update failed: %s", err)
		code, ok := s.connect()
		return code, !ok
	}
	s.term.line("Runner will exit shortly for update, should be back online within 10 seconds.")
	s.term.line("Runner update process finished.")
	if s.once {
		return onceUpdating, true
	}
	return updating, true
}

// startUpdate writes _work/_update.sh and starts it, without waiting for it. The script says it is done by a file in
// its working directory, which is the listener's.
func (s *service) startUpdate() error {
	script := filepath.Join(s.workDir(), "_update.sh")
	text := fmt.Sprintf("#!/bin/bash\nwhile [ -e /proc/%d ]; do sleep %.3f; done\ntouch update.finished\n",
		os.Getpid(), s.behaviour.UpdatePoll.Seconds())
	if err := os.WriteFile(script, []byte(text), 0o755); err != nil {
		return err
	}
	shell := exec.Command(shellPath(), script)
	shell.Stdout, shell.Stderr = os.Stdout, os.Stderr
	if err := shell.Start(); err != nil {
		return err
	}
	return shell.Process.Release()
}
