package main

import (
	"github.com/runner-init/runner-init/internal/health"
	"github.com/runner-init/runner-init/lifecycle"
	"github.com/runner-init/runner-init/signals"
)

// role is which init a process of ours is, if any. It is decided by the command line before anything else happens, so
// that an init is one from its first instruction on, and a helper never becomes one.
type role int

const (
	noInit role = iota
	execRole
	dumbInitRole
	tiniRole
	runRole
	probeRole // no init, but as light as one: it runs beside every job, again and again
)

// The functions of this file are part of the init: they do without Go's runtime, like all that they call of the signals
// package.

func roleOf(p signals.Process) role {
	switch p.Name() {
	case "dumb-init":
		return dumbInitRole
	case "tini", "tini-static", "docker-init": // what its release and Docker's engine call it
		return tiniRole
	case "Runner.Listener", "Runner.Worker", // the demo's
		"docker-credential-ecr-login":
		return noInit
	}
	switch word := p.Arg(1); {
	case endsIn(p.Name(), ".test"): // of this package, not the program
		return noInit
	case len(p.Args) == 1, word == "run", isRunner(word):
		return runRole
	case word == "exec":
		return execRole
	case word == "healthcheck" && (len(p.Args) == 2 || len(p.Args) == 3 && p.Arg(2) == readyFlag):
		return probeRole
	}
	return noInit
}

// readyFlag makes healthcheck ask for more than life.
const readyFlag = "--ready"

// isRunner recognizes the commands of existing images that run a runner.
func isRunner(word string) bool {
	return word == "run.sh" || word == "Runner.Listener" || endsIn(word, "/run.sh") || endsIn(word, "/Runner.Listener")
}

func endsIn(word, end string) bool {
	return len(word) >= len(end) && word[len(word)-len(end):] == end
}

// beInit is the whole life of an init, or of a probe. It returns the exit code.
func beInit(r role, p signals.Process) int {
	switch r {
	case dumbInitRole:
		return signals.DumbInit(p)
	case tiniRole:
		return signals.Tini(p)
	case probeRole:
		return health.Ask(p.Arg(2) == readyFlag)
	}
	name := version
	if name == "" {
		name = "(development build)"
	}
	return signals.Exec(p.From(1), name)
}

// initCodes are the exit codes of a PID 1 whose supervisor cannot report one.
func initCodes() signals.Codes {
	return signals.Codes{Failed: int(lifecycle.RunnerFailed), Ghost: int(lifecycle.GhostLeft)}
}

// healthDoor is where the roles answer health checks.
func healthDoor() (d signals.Door) {
	d.Length = health.Name(&d.Name)
	return d
}
