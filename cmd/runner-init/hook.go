package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/runner-init/runner-init/internal/config"
	"github.com/runner-init/runner-init/internal/hook"
	"github.com/runner-init/runner-init/internal/runner"
	"github.com/runner-init/runner-init/lifecycle"
)

// The variables of the hooks, by which errors name them.
const (
	preStart = "RUNNER_HOOK_PRE_START"
	postStop = "RUNNER_HOOK_POST_STOP"
)

// Why a hook has to end.
var (
	errHookSlow = errors.New("it took longer than RUNNER_HOOK_TIMEOUT")
	errNoTime   = errors.New("the grace period leaves no more time")
)

// hooks are the user's programs at the two ends of a runner's life.
type hooks struct {
	config config.Config
	runner *runner.Runner
}

// vet refuses programs that a job could have put there, as soon as it is known whom jobs run as.
func (h hooks) vet() error {
	for variable, path := range map[string]string{preStart: h.config.HookPreStart, postStop: h.config.HookPostStop} {
		if err := h.vetOne(path); err != nil {
			return hostError{fmt.Errorf("cannot use %s: %w", variable, err), "put it where only root may write, and let no directory or link on the way to it be the runner's"}
		}
	}
	return nil
}

// vetOne: where we are no more than a job is, there is nothing to gain from a hook.
func (h hooks) vetOne(path string) error {
	if path == "" || h.runner.User == nil {
		return nil
	}
	return hook.Vet(path, hook.User{UID: h.runner.User.UID, Groups: h.runner.User.Groups})
}

// preStart runs the first of the two.
func (h hooks) preStart(ctx context.Context) error {
	if h.config.HookPreStart == "" {
		return nil
	}
	ctx, cancel := context.WithTimeoutCause(ctx, h.config.HookTimeout, errHookSlow)
	defer cancel()
	if err := h.run(ctx, h.config.HookPreStart, "RUNNER_INIT_HOOK=pre-start"); err != nil {
		return hookError{fmt.Errorf("%s: %w", preStart, err)}
	}
	return nil
}

// run runs a hook with what a job would see of our environment, and some facts.
func (h hooks) run(ctx context.Context, path string, facts ...string) error {
	if err := h.vetOne(path); err != nil {
		return err
	}
	environ := append(append([]string{}, h.runner.Environ...), facts...)
	return hook.Hook{Path: path, Environ: environ, Stdout: os.Stdout, Stderr: os.Stderr}.Run(ctx)
}

// hookError is a hook that failed.
type hookError struct{ error }

func (e hookError) Unwrap() error { return e.error }

// hookVerdict: a program that cannot even be started is a mistake of the image's, and is the same the next time.
func hookVerdict(e hookError) (lifecycle.Code, string) {
	_, unable := errors.AsType[*fs.PathError](e)
	switch {
	case errors.Is(e, syscall.ENOEXEC):
		return lifecycle.Misconfigured, "begin a script with a line such as #!/bin/sh; a program has to be built for this machine"
	case errors.Is(e, fs.ErrNotExist):
		return lifecycle.Misconfigured, "put the interpreter that its first line names, or the loader of the program, into the image"
	case unable:
		return lifecycle.Misconfigured, "it, the interpreter that its first line names, and their file systems have to allow that they are executed"
	}
	return lifecycle.RunnerFailed, "what the hook printed is above"
}

// postStop runs the second of the two, whatever the end is like. It cannot change the end. What was never found needs no
// cleaning up, and nobody knows whom its jobs would have run as.
func (w *wiring) postStop(exit lifecycle.Exit) {
	if w.config.HookPostStop == "" || w.runner.Root == "" {
		return
	}
	ctx, cancel := w.hookTime()
	defer cancel()
	if err := w.host.hooks.run(ctx, w.config.HookPostStop, w.facts(exit)...); err != nil {
		failed := hookError{fmt.Errorf("%s: %w", postStop, err)}
		_, hint := hookVerdict(failed)
		w.log.Warn("hook failed", slog.Any(keyError, failed), slog.String(keyHint, hint))
	}
}

// facts are what a hook learns of the end.
func (w *wiring) facts(exit lifecycle.Exit) []string {
	known := []string{
		"RUNNER_INIT_HOOK=post-stop",
		"RUNNER_INIT_EXIT_CODE=" + strconv.Itoa(int(w.exitCode(exit))),
		"RUNNER_INIT_PHASE=" + w.phase.String(), // the last one
	}
	var job served
	if last := w.listener.job.Load(); last != nil {
		job = *last
	}
	for name, value := range map[string]string{
		"EXIT_REASON": exit.Reason, "RUNNER": w.journal.read().Name, "JOB": job.Name, "JOB_RESULT": job.Result,
	} {
		if value != "" {
			known = append(known, "RUNNER_INIT_"+name+"="+strings.ReplaceAll(w.config.Redact(value), "\x00", ""))
		}
	}
	return known
}

// hookTime is how long the last hook has: RUNNER_HOOK_TIMEOUT, and no longer than the stop allows that led to the end, or
// that comes during the hook.
func (w *wiring) hookTime() (context.Context, context.CancelFunc) {
	ctx, end := context.WithCancelCause(context.Background())
	slow := time.AfterFunc(w.config.HookTimeout, func() { end(errHookSlow) })
	bound := func(exit time.Time) {
		if left := time.Until(exit) - hook.Longest; left > 0 {
			time.AfterFunc(left, func() { end(errNoTime) })
		} else {
			end(errNoTime)
		}
	}
	if exit := w.moments.Exit; !exit.IsZero() {
		bound(exit)
	}
	unbound := context.AfterFunc(w.stopping, func() { bound(w.journal.StopTime().Add(w.plan.Exit)) })
	return ctx, func() { slow.Stop(); unbound(); end(nil) }
}
