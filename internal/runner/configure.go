package runner

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"
)

// How long a program of the runner that talks to GitHub is given to end after we lost interest. One that is cut off
// may have created a registration of which nobody knows.
const (
	finishTime = 5 * time.Second
	killTime   = 8 * time.Second
)

// Configuration is what `configure` is told.
type Configuration struct {
	URL, Name, Group, Token string
	Labels                  []string
	Ephemeral               bool
	DisableUpdate           bool
	NoDefaultLabels         bool
}

// inputs returns the configuration as the listener reads it from its environment. Values are passed there and not as
// arguments because arguments are public and because the listener drops values that begin with a dash.
func (c Configuration) inputs(work string) map[string]string {
	inputs := map[string]string{"UNATTENDED": "true", "URL": c.URL, "TOKEN": c.Token, "NAME": c.Name}
	for name, value := range map[string]string{
		"LABELS": strings.Join(c.Labels, ","), "RUNNERGROUP": c.Group, "WORK": work,
	} {
		if value != "" {
			inputs[name] = value
		}
	}
	for name, set := range map[string]bool{
		"EPHEMERAL": c.Ephemeral, "DISABLEUPDATE": c.DisableUpdate, "NO-DEFAULT-LABELS": c.NoDefaultLabels,
	} {
		if set {
			inputs[name] = "true"
		}
	}
	return inputs
}

// ConfigureError is a configure that failed: the runner tells why in words only.
type ConfigureError struct {
	Err error
	// Said are the last lines that the runner printed on standard error.
	Said []string
}

func (e *ConfigureError) Error() string {
	if len(e.Said) == 0 {
		return "cannot configure the runner: " + e.Err.Error()
	}
	return fmt.Sprintf("cannot configure the runner: %v: %s", e.Err, strings.Join(e.Said, "; "))
}

func (e *ConfigureError) Unwrap() error { return e.Err }

// Conflict reports whether the name is taken.
func (e *ConfigureError) Conflict() bool { return e.said("A runner exists with the same name") }

// Refused reports whether GitHub did not accept the token: it answers 404 to a bad or expired one.
func (e *ConfigureError) Refused() bool {
	return e.said("404 (Not Found)") || e.said("401 (Unauthorized)")
}

func (e *ConfigureError) said(text string) bool {
	for _, line := range e.Said {
		if strings.Contains(line, text) {
			return true
		}
	}
	return false
}

// Configure registers the runner with a registration token and returns its identity. When ctx ends, configure is given
// a few seconds to finish, because it may have registered already.
func (r *Runner) Configure(ctx context.Context, c Configuration) (Identity, error) {
	cmd := r.command(ctx, "configure", c.inputs(r.Work))
	said, err := r.talk(cmd)
	if failed, ok := errors.AsType[*StartError](err); ok {
		return Identity{}, failed
	}
	if err != nil {
		return Identity{}, &ConfigureError{Err: err, Said: said.lines()}
	}
	return r.Identity()
}

// talk runs a program of the runner that talks to GitHub, passes its output on and keeps the end of what it said on
// standard error.
func (r *Runner) talk(cmd *exec.Cmd) (*tail, error) {
	stderr, said := keep(r.Stderr)
	cmd.Stderr = stderr
	cmd.WaitDelay = killTime
	cmd.Cancel = func() error {
		time.AfterFunc(finishTime, func() { cmd.Process.Signal(os.Interrupt) })
		return nil
	}
	if err := r.start(cmd); err != nil {
		return said, err
	}
	err := cmd.Wait()
	if cmd.ProcessState != nil && cmd.ProcessState.Success() {
		return said, nil // also if ctx has ended: it finished in the time it was given
	}
	return said, err
}
