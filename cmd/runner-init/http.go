package main

import (
	"fmt"
	"log/slog"
	"runtime"
	"time"

	"github.com/runner-init/runner-init/internal/health"
	"github.com/runner-init/runner-init/internal/metrics"
	"github.com/runner-init/runner-init/internal/platform"
	"github.com/runner-init/runner-init/lifecycle"
	"github.com/runner-init/runner-init/signals"
)

// serveHTTP serves health and metrics where that is asked for. An address that cannot be had is an error as long as
// nothing has begun; a job that took the port of a supervisor that died keeps its successor from nothing else.
func (s *supervisor) serveHTTP() error {
	if s.config.HTTPAddr == "" {
		return nil
	}
	l, err := health.ListenHTTP(string(s.config.HTTPAddr))
	switch {
	case err != nil && signals.InheritedRole() != signals.Supervisor:
		s.log.Warn("health and metrics are not served", slog.Any(keyError, err))
		return nil
	case err != nil:
		err = fmt.Errorf("cannot serve RUNNER_HTTP_ADDR: %w", err)
		s.log.Error("cannot begin", slog.Any(keyError, err),
			slog.String(keyHint, "choose an address of this container and a port that is free: the containers of a pod, of an ECS task and of a host's network share their ports"))
		return err
	}
	s.metrics = metrics.New(s.facts())
	s.log.Info("serving health and metrics", slog.String(keyAddr, l.Addr().String()))
	go health.NewServer(&s.health, s.metrics.Write).Serve(l)
	return nil
}

func (s *supervisor) facts() metrics.Facts {
	f := metrics.Facts{
		Version: releaseVersion(), Commit: releaseCommit(), GoVersion: runtime.Version(),
		Phase: s.health.Phase, Ready: s.health.Ready, Reaped: s.journal.Reaped,
	}
	f.Protection = func() string { return string(s.protection.Standing()) }
	for _, p := range platform.Standings() {
		f.Protections = append(f.Protections, string(p))
	}
	for _, p := range lifecycle.Phases() {
		f.Phases = append(f.Phases, p.String())
	}
	f.Phases = append(f.Phases, holding)
	return f
}

// measure notes what a change of the status counts for.
func (w *wiring) measure(before, after lifecycle.Status) {
	if w.metrics == nil {
		return
	}
	if after.Restarts > before.Restarts {
		w.metrics.Restarted()
	}
	if before.Phase == lifecycle.Starting && after.Phase == lifecycle.Listening {
		w.metrics.Listening(time.Since(w.journal.BeginTime())) // not ours, if somebody was there before us
	}
}
