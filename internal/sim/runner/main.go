// Package runner is a simulated official runner: one program that is bin/Runner.Listener and bin/Runner.Worker. It
// follows actions/runner 2.336.0 as a supervisor sees it: processes, lines, files, modes, exit codes, signals, faults
// included; where this package names a source file, it is one of that repository. It talks to internal/sim/github, and
// a job's step is a shell command. Tests shape it through a Behaviour and read what its processes were given in their
// Records; demo shows it.
//
// It refuses to be the runner: no actions, no containers, no expressions, one step per job. In one thing it is kinder:
// the real configure drops the port of --url, the simulation keeps it, since a test's server has none to spare.
package runner

import (
	"fmt"
	"os"
	"path/filepath"
)

const (
	listenerName = "Runner.Listener"
	workerName   = "Runner.Worker"
)

// IsRunner says whether a program started as argv0 is to be the simulated runner.
func IsRunner(argv0 string) bool {
	name := filepath.Base(argv0)
	return name == listenerName || name == workerName
}

// Main is the whole program: argv[0] says which, the result is the exit code. It uses the process as its own: working
// directory, environment, signals, standard streams.
func Main(argv []string) int {
	if len(argv) == 0 || !IsRunner(argv[0]) {
		fmt.Fprintf(os.Stderr, "simrunner: must be started as %s or %s\n", listenerName, workerName)
		return 64
	}
	exe, err := os.Executable()
	if err != nil {
		fmt.Fprintln(os.Stderr, "An error occurred:", err)
		return 1
	}
	surviveClosedPipes()
	home := root(filepath.Dir(filepath.Dir(exe)))
	if filepath.Base(argv[0]) == workerName {
		return workerMain(home, argv)
	}
	return listenerMain(home, argv)
}
