package main

import (
	"io"
	"log/slog"
	"os"

	"github.com/runner-init/runner-init/internal/config"
	"github.com/runner-init/runner-init/lifecycle"
)

// Keys of log attributes. They are part of what users rely on.
const (
	keyAddr   = "address"
	keyCode   = "code"
	keyError  = "error"
	keyFile   = "file"
	keyFrom   = "from"
	keyGhost  = "ghost"
	keyHint   = "hint"
	keyID     = "id"
	keyJob    = "job"
	keyLine   = "line"
	keyMode   = "mode"
	keyPhase  = "phase"
	keyReason = "reason"
	keyResult = "result"
	keyRunner = "runner"
	keyScope  = "scope"
	keySignal = "signal"
	keyStack  = "stack"
	keyTail   = "tail"
	keyWait   = "wait"
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
	w.health.Set(after.Phase.String(), after.Phase == lifecycle.Listening || after.Phase == lifecycle.Running)
	attrs := []any{slog.String(keyPhase, after.Phase.String()), slog.String(keyFrom, before.Phase.String())}
	if reason := after.Exit.Reason; reason != "" {
		attrs = append(attrs, slog.String(keyReason, reason))
	}
	w.log.Info("phase changed", attrs...)
}

// logPlan says at boot what a stop would do and when, while there is still time to change it.
func logPlan(log *slog.Logger, p lifecycle.Plan) {
	log.Info("stop plan", slog.String("grace", p.Grace.String()), slog.String("drain", p.Drain.String()),
		slog.String("kill", p.Kill.String()), slog.String("exit", p.Exit.String()))
	if warning := p.Warning(); warning != "" {
		log.Warn("grace period is short", slog.String(keyReason, warning))
	}
}

// planned says when a stop will do what, as soon as its deadline is known, and again if that comes nearer.
func (w *wiring) planned(m lifecycle.Moments) {
	w.log.Info("stop planned", slog.Time("fence", m.Fence), slog.Time("drain", m.Drain), slog.Time("kill", m.Kill), slog.Time("exit", m.Exit))
}
