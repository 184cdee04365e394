package main

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"strings"

	"github.com/runner-init/runner-init/internal/dockerd"
	"github.com/runner-init/runner-init/internal/runner"
	"github.com/runner-init/runner-init/lifecycle"
	"github.com/runner-init/runner-init/registration"
)

// judge says how an error of a step ends the program, and whether a registration may be left in spite of it. The error
// is logged here, once, with its hint; the exit carries its text. A step that we interrupted ourselves is no news.
func (w *wiring) judge(err error) (exit lifecycle.Exit, ghost bool) {
	if errors.Is(err, errStopping) {
		return lifecycle.Exit{}, false
	}
	code, hint := verdict(err)
	_, ghost = errors.AsType[ghostError](err)
	level := slog.LevelError
	if interrupted(err) {
		level = slog.LevelDebug
	}
	w.judged.Store(&judgement{reason: err.Error(), hint: hint})
	if _, configuring := errors.AsType[*runner.ConfigureError](err); configuring {
		w.listener.failed.Store(true)
	}
	w.log.Log(context.Background(), level, "step failed", slog.Any(keyError, err), slog.String(keyHint, hint))
	return lifecycle.Exit{Code: code, Reason: err.Error()}, ghost
}

// judgement is an error that may be the reason of the end, and what to do about it.
type judgement struct{ reason, hint string }

// hint says what to do about an end: about the error that it came of, or else about its exit code.
func (s *supervisor) hint(exit lifecycle.Exit) string {
	if j := s.judged.Load(); j != nil && j.hint != "" && j.reason == exit.Reason {
		return j.hint
	}
	for _, m := range lifecycle.Meanings() {
		if m.Code == exit.Code && m.Code != lifecycle.OK {
			return strings.ReplaceAll(m.Do, "`", "")
		}
	}
	return ""
}

func interrupted(err error) bool {
	if e, ok := errors.AsType[*registration.Error](err); ok {
		return e.Reason == registration.Interrupted
	}
	return errors.Is(err, context.Canceled)
}

// verdict returns the exit code that an error stands for, and what to do about it.
func verdict(err error) (lifecycle.Code, string) {
	if e, ok := errors.AsType[hostError](err); ok {
		return lifecycle.Misconfigured, e.hint
	}
	if e, ok := errors.AsType[*registration.Error](err); ok {
		return refusals[e.Reason], e.Hint
	}
	if e, ok := errors.AsType[*runner.ConfigureError](err); ok {
		return configureVerdict(e)
	}
	if e, ok := errors.AsType[*runner.StartError](err); ok {
		return startVerdict(e)
	}
	if e, ok := errors.AsType[*dockerd.Error](err); ok {
		return lifecycle.DockerDown, dockerHint(e)
	}
	if e, ok := errors.AsType[hookError](err); ok {
		return hookVerdict(e)
	}
	if errors.Is(err, errTaken) {
		return lifecycle.Conflicted, "a JIT configuration is for one runner only"
	}
	return lifecycle.RunnerFailed, ""
}

// refusals gives each reason of a failed call its exit code.
var refusals = map[registration.Reason]lifecycle.Code{
	registration.Unauthorized: lifecycle.Refused,
	registration.Forbidden:    lifecycle.Refused,
	registration.NotFound:     lifecycle.Refused,
	registration.Conflict:     lifecycle.Conflicted,
	registration.Invalid:      lifecycle.Misconfigured,
	registration.Moved:        lifecycle.Misconfigured,
	registration.Refused:      lifecycle.Refused,
	registration.Throttled:    lifecycle.Unreachable,
	registration.Unreachable:  lifecycle.Unreachable,
	registration.Interrupted:  lifecycle.Unreachable,
}

// startVerdict is what a shell says of a program that it cannot start.
func startVerdict(e *runner.StartError) (lifecycle.Code, string) {
	if errors.Is(e, fs.ErrNotExist) {
		return lifecycle.NotFound, "the runner's directory is incomplete; is it the release for this platform?"
	}
	return lifecycle.CannotExecute, "check the mode of the runner's files, noexec mounts and the architecture"
}

func configureVerdict(e *runner.ConfigureError) (lifecycle.Code, string) {
	switch {
	case e.Conflict():
		return lifecycle.Conflicted, "give each runner its own RUNNER_NAME, or leave it out"
	case e.Refused():
		return lifecycle.Refused, "the registration token is wrong or older than an hour; set GITHUB_TOKEN and let us ask for a fresh one"
	}
	return lifecycle.RunnerFailed, "the runner's own words are above"
}

// ghostError is an error after which GitHub may know a registration all the same.
type ghostError struct{ error }

func (e ghostError) Unwrap() error { return e.error }
