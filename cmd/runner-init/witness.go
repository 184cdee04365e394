package main

import (
	"os"
	"os/signal"
	"time"

	"github.com/runner-init/runner-init/internal/config"
	"github.com/runner-init/runner-init/lifecycle"
)

// witnessCommand reports the end of a runner whose supervisor has died, and its recovery too. It touches nothing: what has
// killed two of us may kill a third, and this one has words to pass on.
func witnessCommand() int {
	signal.Notify(make(chan os.Signal, 1)) // nobody reads it: it ends at once in any case
	s := &supervisor{began: time.Now(), phase: lifecycle.Stopping}
	if err := s.inherit(); err != nil {
		complain(err.Error(), "")
		return int(lifecycle.GhostLeft)
	}
	s.outlet = newOutlet(os.Stderr)
	defer s.outlet.flush()
	s.config = config.Reload(s.environ)
	s.guard()
	s.listener = &listener{journal: s.journal}
	s.listener.resume()
	exit := lifecycle.Exit{Code: lifecycle.GhostLeft, Reason: s.death("the supervisor died, and then its recovery")}
	if s.journal.read().Name == "" { // GitHub was not asked for one
		exit.Code = lifecycle.RunnerFailed
	}
	s.report(exit)
	return int(exit.Code)
}
