package main

import (
	"fmt"

	"github.com/runner-init/runner-init/internal/health"
)

// healthcheckCommand is what is left of healthcheck for the ordinary program: a command line that makes no sense. roleOf
// knows the others.
func healthcheckCommand(args []string) int {
	return usageError(fmt.Sprintf("healthcheck: cannot understand %q", args), "runner-init healthcheck ["+readyFlag+"]")
}

// answerHealth begins to answer health checks, at the door that PID 1 keeps open, before anything can take time or fail. A
// runner does its work without.
func (s *supervisor) answerHealth() error {
	l, err := health.Listen(s.journal.Door)
	if err == nil {
		go s.health.Answer(l)
	}
	return err
}
