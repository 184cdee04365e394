package main

import (
	"log/slog"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/runner-init/runner-init/lifecycle"
)

// holding is the phase, as health checks see it, of a failure that is held back.
const holding = "holding"

// repeating are the ends that a restart would only repeat, at the cost of GitHub's patience with everybody who uses the
// same credential.
var repeating = []lifecycle.Code{
	lifecycle.OutdatedRunner, lifecycle.Usage, lifecycle.Refused, lifecycle.Misconfigured, lifecycle.Conflicted, lifecycle.CannotExecute, lifecycle.NotFound,
}

// repeats reports whether an end is one of those. A runner that fails before it has ever listened lacks something in its
// image, and would be registered for nothing again.
func (s *supervisor) repeats(exit lifecycle.Exit) bool {
	return slices.Contains(repeating, exit.Code) || exit.Code == lifecycle.RunnerFailed && !s.listened
}

// hold keeps such an end from an orchestrator that restarts us at once. A stop ends it, also one that came before; it is
// a stop of the container, which then gets the exit code that it would have had.
func (s *supervisor) hold(exit lifecycle.Exit) {
	if s.config.FailureHold <= 0 || !s.repeats(exit) || s.stopping.Err() != nil {
		return
	}
	wait := s.around(s.config.FailureHold)
	s.health.Set(holding, false)
	s.log.Warn("failure is held back, since a restart would only repeat it",
		slog.String(keyWait, wait.Round(time.Millisecond).String()), slog.Int(keyCode, int(exit.Code)), slog.String(keyReason, exit.Reason))
	over := time.NewTimer(wait)
	defer over.Stop()
	select {
	case <-over.C:
	case <-s.stopping.Done():
	case <-s.wishes: // nobody heeds them when the configuration is invalid
	}
}

// around is a time within a quarter of d, so that runners that failed together do not come back together.
func (s *supervisor) around(d time.Duration) time.Duration {
	chance := rand.N[time.Duration]
	if s.chance != nil {
		chance = s.chance
	}
	return d - d/4 + chance(d/2+1)
}
