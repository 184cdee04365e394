package main

import (
	"log/slog"

	"github.com/runner-init/runner-init/internal/config"
	"github.com/runner-init/runner-init/internal/runner"
	"github.com/runner-init/runner-init/lifecycle"
)

// manyLines is how many lines of diagnostic logs are on their way at a time: they must not take the room of our own.
const manyLines = 128

// followDiag has every line of the runner's diagnostic logs in ours, from now to showDiag.
func (l *listener) followDiag() {
	if !l.follow || l.follower != nil {
		return
	}
	var err error
	lines, read := 0, true
	l.follower, err = l.runner.Follow(func(name, line string) {
		l.log.Info("diagnostics", slog.String(keyFile, name), slog.String(keyLine, line))
		if lines++; lines%manyLines == 0 && l.flushLog != nil && read {
			read = l.flushLog() // who does not read is not waited for twice
		}
	})
	if err != nil {
		l.log.Warn("cannot show the diagnostic logs", slog.Any(keyError, err))
	}
}

// showDiag shows how the diagnostic logs end, where the runner failed and they were not shown all along.
func (s *supervisor) showDiag(exit lifecycle.Exit) {
	l := s.listener
	if l == nil {
		return
	}
	if l.follower != nil {
		l.follower.Close()
		return
	}
	if s.config.Diag != config.DiagTail || exit.Code == lifecycle.OK || !l.failed.Load() {
		return
	}
	programs := []string{runner.ListenerLog}
	if job := l.job.Load(); job != nil && job.Result == "" {
		programs = append(programs, runner.WorkerLog)
	}
	for _, program := range programs {
		name, text, err := l.runner.Tail(program)
		if err != nil {
			s.log.Warn("cannot show the diagnostic logs", slog.Any(keyError, err))
			continue
		}
		s.log.Error("diagnostics", slog.String(keyFile, name), slog.String(keyTail, text))
	}
}
