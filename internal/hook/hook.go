// Package hook runs a program of the user's at a turn of the runner's life, with a limit on its time.
//
// It refuses to interpret anything: the program gets an environment and nothing else, its exit code is a success or a
// failure. It also refuses a program that a job could have put there, where we have more rights than a job.
package hook

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// Patience is how long a program that was told to end has until it is killed.
const Patience = 2 * time.Second

// killTime is how long the kernel has to end a program that was killed. One that waits for a disk that does not answer is
// left behind.
const killTime = 500 * time.Millisecond

// Longest is how long Run may take after the end of its context.
const Longest = Patience + killTime

// Hook is a program to run, by the absolute path of its file.
type Hook struct {
	Path string
	// Environ is all that it gets to know.
	Environ []string
	// Stdout and Stderr are where its output goes, byte for byte.
	Stdout, Stderr *os.File
}

// Run runs the program to its end, which has to be exit code 0. When ctx ends, its process group gets SIGTERM, and
// what is left of it SIGKILL, when the program has ended or after Patience. It returns soon after that, whatever the kernel says.
func (h Hook) Run(ctx context.Context) error {
	if ctx.Err() != nil {
		return fmt.Errorf("cannot run the hook %q: %w", h.Path, context.Cause(ctx))
	}
	cmd := exec.Command(h.Path)
	cmd.Dir = "/"
	cmd.Env = append([]string{}, h.Environ...) // one that is nil would be ours
	cmd.Stdout, cmd.Stderr = h.Stdout, h.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("cannot run the hook: %w", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case err := <-ended:
		return failure(h.Path, err)
	case <-ctx.Done():
	}
	syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM)
	patience := time.NewTimer(Patience)
	defer patience.Stop()
	select {
	case err := <-ended:
		ended <- err
	case <-patience.C:
	}
	syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // what it has started may have outlived it
	select {
	case <-ended:
		return fmt.Errorf("the hook %q was ended: %w", h.Path, context.Cause(ctx))
	case <-time.After(killTime):
		return fmt.Errorf("the hook %q does not end, not even when it is killed: %w", h.Path, context.Cause(ctx))
	}
}

func failure(path string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("the hook %q failed: %w", path, err)
}
