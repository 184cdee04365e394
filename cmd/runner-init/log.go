package main

import (
	"io"
	"log/slog"
	"os"

	"github.com/runner-init/runner-init/internal/config"
	"github.com/runner-init/runner-init/lifecycle"
)

// Keys of log attributes. They are part of what users rely on; docs/logs.md is made of these lines.
const (
	keyAction   = "action"   // what becomes of a spot instance: stop, terminate, hibernate
	keyAddr     = "address"  // where HTTP is served
	keyAgeless  = "ageless"  // sweep: registrations whose names tell no age
	keyChosen   = "chosen"   // sweep: registrations that were left behind
	keyBy       = "by"       // when that happens
	keyCode     = "code"     // exit code
	keyDeleted  = "deleted"  // sweep: registrations that were deleted
	keyDrain    = "drain"    // until when a running job may go on after a stop: from the stop, or the time
	keyEnd      = "end"      // when everything is over at the latest, a Docker daemon inside too: from the stop, or the time
	keyError    = "error"    // what went wrong
	keyExit     = "exit"     // when the end of the runner is over at the latest: from the stop, or the time
	keyFence    = "fence"    // when the fence is given up
	keyFile     = "file"     // diagnostic log of the runner
	keyFrom     = "from"     // phase before
	keyGhost    = "ghost"    // whether a registration may be left on GitHub
	keyGrace    = "grace"    // grace period of the platform, as RUNNER_STOP_TIMEOUT says it
	keyGroup    = "group"    // id of the group that the user of the jobs has joined
	keyHint     = "hint"     // what to do about it
	keyID       = "id"       // id of the registration
	keyJob      = "job"      // name of the job, as the runner says it
	keyKill     = "kill"     // when the runner is killed: from the stop, or the time
	keyLine     = "line"     // line of a diagnostic log
	keyMode     = "mode"     // way of registration: jit, token, ready-jit
	keyNames    = "names"    // names of processes that a job left behind
	keyPhase    = "phase"    // phase, as in lifecycle.md
	keyPlatform = "platform" // where we run, if it has told
	keyReason   = "reason"   // why
	keyResult   = "result"   // result of the job, as the runner says it, or GitHub's answer to a deletion
	keyRunner   = "runner"   // name of the runner
	keyScope    = "scope"    // place of the registration
	keySeen     = "seen"     // sweep: registrations that were looked at
	keySignal   = "signal"   // signal that we got
	keySocket   = "socket"   // where jobs find the Docker daemon
	keyStack    = "stack"    // where the supervisor crashed
	keyTail     = "tail"     // end of a diagnostic log
	keyWait     = "wait"     // how long is waited
)

// newLogger returns the logger: JSON for machines, text on a terminal, unless the configuration says otherwise.
func newLogger(c config.Config, out io.Writer) *slog.Logger {
	options := &slog.HandlerOptions{Level: c.LogLevel}
	if c.LogFormat == config.FormatText || c.LogFormat == config.FormatAuto && terminal(os.Stderr) {
		return slog.New(slog.NewTextHandler(out, options))
	}
	return slog.New(slog.NewJSONHandler(out, options))
}

// terminal reports whether a person reads along, as far as a character device tells.
func terminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// observe logs each change of phase, once, and the reason of an end as soon as it is known.
func (w *wiring) observe(before, after lifecycle.Status) {
	w.measure(before, after)
	if before.Phase == after.Phase {
		return
	}
	if after.Phase != lifecycle.Exited {
		w.phase = after.Phase
	}
	w.listened = w.listened || after.Phase == lifecycle.Listening
	w.health.Set(after.Phase.String(), after.Phase == lifecycle.Listening || after.Phase == lifecycle.Running)
	attrs := []any{slog.String(keyPhase, after.Phase.String()), slog.String(keyFrom, before.Phase.String())}
	if reason := after.Exit.Reason; reason != "" {
		attrs = append(attrs, slog.String(keyReason, reason))
	}
	w.log.Info("phase changed", attrs...)
}

// logPlan says at boot what a stop would do and when, while there is still time to change it.
func logPlan(log *slog.Logger, p lifecycle.Plan) {
	log.Info("stop plan", slog.String(keyGrace, p.Grace.String()), slog.String(keyDrain, p.Drain.String()),
		slog.String(keyKill, p.Kill.String()), slog.String(keyExit, p.Exit.String()), slog.String(keyEnd, p.End.String()))
	if warning := p.Warning(); warning != "" {
		log.Warn("grace period is short", slog.String(keyReason, warning))
	}
}

// planned says when a stop will do what, as soon as its deadline is known, and again if that comes nearer.
func (w *wiring) planned(m lifecycle.Moments) {
	w.moments = m
	w.log.Info("stop planned", slog.Time(keyFence, m.Fence), slog.Time(keyDrain, m.Drain), slog.Time(keyKill, m.Kill), slog.Time(keyExit, m.Exit), slog.Time(keyEnd, m.End))
}
