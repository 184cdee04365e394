package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/runner-init/runner-init/internal/config"
	"github.com/runner-init/runner-init/lifecycle"
)

// report leaves the last word: in the journal, so that PID 1 knows that nobody has to take over, in the log and in the
// platform's termination message.
func (s *supervisor) report(exit lifecycle.Exit) {
	left := s.journal.read()
	hint := s.hint(exit)
	if s.journal.HandedOver && exit.Code == lifecycle.GhostLeft {
		exit.Reason += ": " + droppedReason
	}
	err := s.journal.Finished()
	words := lastWords{
		Reason: s.mask.String(exit.Reason), ExitCode: int(s.exitCode(exit)), Phase: s.phase.String(), Runner: left.Name,
		Job: s.lastJob(), Ghost: exit.Code == lifecycle.GhostLeft, Hint: s.mask.String(hint),
	}
	if err = errors.Join(err, writeTermination(s.config.TerminationLog, words)); err != nil {
		s.log.Warn("cannot report the end", slog.Any(keyError, err))
	}
	s.hold(exit)
	s.showDiag(exit)
	level, attrs := slog.LevelInfo, words.attrs()
	if exit.Code != lifecycle.OK {
		level = slog.LevelError
	}
	last := newLogger(s.config, s.mask.Writer(s.outlet.last())).Handler().WithAttrs(s.place.Attrs)
	slog.New(last).LogAttrs(context.Background(), level, "exited", attrs...)
}

// attrs are what the last line of the log says.
func (w lastWords) attrs() []slog.Attr {
	attrs := []slog.Attr{
		slog.Int(keyCode, w.ExitCode), slog.String(keyReason, w.Reason), slog.String(keyPhase, w.Phase), slog.String(keyRunner, w.Runner),
		slog.Bool(keyGhost, w.Ghost),
	}
	if w.Job != nil {
		attrs = append(attrs, slog.String(keyJob, w.Job.Name), slog.String(keyResult, w.Job.Result))
	}
	if w.Hint != "" {
		attrs = append(attrs, slog.String(keyHint, w.Hint))
	}
	return attrs
}

// lastJob is the last job of the runner, masked: its name is somebody else's choice.
func (s *supervisor) lastJob() *served {
	if s.listener == nil {
		return nil
	}
	j := s.listener.job.Load()
	if j == nil {
		return nil
	}
	return &served{Name: s.mask.String(j.Name), Result: s.mask.String(j.Result)}
}

// invalid is the end for want of a configuration: its reason is the first of the problems that were printed.
func (s *supervisor) invalid(err error) lifecycle.Exit {
	reason, hint := "the configuration is invalid", ""
	if e, ok := errors.AsType[*config.Invalid](err); ok && len(e.Problems) > 0 {
		reason += ": " + e.Problems[0].Error()
		hint = e.Problems[0].Hint
		if more := len(e.Problems) - 1; more > 0 {
			reason += fmt.Sprintf(" (and %d more)", more)
		}
	}
	s.judged.Store(&judgement{reason, hint})
	return lifecycle.Exit{Code: misconfigured(err), Reason: reason}
}
