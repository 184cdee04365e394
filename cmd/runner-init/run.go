package main

import (
	"fmt"
	"path/filepath"

	"github.com/runner-init/runner-init/internal/runner"
	"github.com/runner-init/runner-init/signals"
)

// playRole is the whole life of a process that our init has started, if this is one. It returns the exit code.
func playRole(argv []string) (code int, ok bool) {
	switch signals.InheritedRole() {
	case signals.Supervisor:
		return superviseCommand(runArguments(signals.RoleArguments(argv))), true
	case signals.Keeper:
		return keepCommand(runArguments(signals.RoleArguments(argv))), true
	case signals.Recovery:
		return recoverCommand(runArguments(signals.RoleArguments(argv))), true
	case signals.Witness:
		return witnessCommand(), true
	}
	return 0, false
}

// runArguments are those of `run`, whether the word was given or not.
func runArguments(args []string) []string {
	if len(args) > 0 && args[0] == "run" {
		return args[1:]
	}
	return args
}

// checkArguments refuses what is not a command of existing images that runs a runner.
func checkArguments(args []string) error {
	if len(args) == 0 {
		return nil
	}
	if _, ok := runner.RootOf(args[0]); !ok {
		return fmt.Errorf("run: cannot understand %q", args[0])
	}
	if filepath.Base(args[0]) == "Runner.Listener" && len(args) > 1 && args[1] != "run" {
		return fmt.Errorf("run: the listener is not started for %q here", args[1])
	}
	return nil
}
