package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/runner-init/runner-init/internal/runner"
	"github.com/runner-init/runner-init/lifecycle"
	"github.com/runner-init/runner-init/signals"
)

// The roles that `run` starts, as PID 1's child. The second one takes over where the first one died.
const (
	superviseRole = "supervise"
	recoverRole   = "recover"
)

// self is the program file itself, whatever became of its path.
const self = "/proc/self/exe"

// runCommand is PID 1 of a runner's container: the same init as in exec, with ourselves as the child. It knows nothing
// of runners. What it does for the supervisor is to keep secrets out of every environment block, to hold signals back
// until the supervisor can take them, and to start it once more if it dies without having finished.
func runCommand(args []string) int {
	in := signals.New()
	if err := checkArguments(args); err != nil {
		return usageError(err.Error(), "runner-init run [PATH/run.sh | PATH/Runner.Listener run …]")
	}
	environment, err := concealEnvironment()
	if err != nil {
		complain(err.Error(), "")
		return int(lifecycle.RunnerFailed)
	}
	shared, err := newJournal()
	if err != nil {
		complain(err.Error(), "")
		return int(lifecycle.RunnerFailed)
	}
	status, err := startRole(in, superviseRole, args, environment, shared)
	if err != nil {
		complain(err.Error(), "")
		return startFailure(err)
	}
	if shared.read().Finished {
		return status.Code()
	}
	complain("the supervisor died ("+status.String()+"); recovering", "")
	status, err = startRole(in, recoverRole, args, environment, shared)
	if err != nil || !shared.read().Finished {
		complain(fmt.Sprintf("the recovery failed (%v, %v): a registration may be left on GitHub", status, err), "")
		return int(lifecycle.GhostLeft)
	}
	return status.Code()
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

// concealEnvironment moves the environment into a file in memory that only a role can read, and wipes it where
// /proc/PID/environ would show it. PID 1 does not judge what of it is secret.
func concealEnvironment() (*os.File, error) {
	if err := signals.Undumpable(); err != nil {
		return nil, err
	}
	block, err := signals.EncodeEnviron(signals.Environ())
	if err != nil {
		return nil, err
	}
	environment, err := signals.SealedFile("environment", block)
	if err != nil {
		return nil, err
	}
	return environment, signals.EraseEnviron()
}

// startRole runs ourselves in a role, with a bare environment, until it ends. The recovery is started while a job may be
// running, which may even have brought it about: so nobody may look into it between its exec and its first line.
func startRole(in *signals.Init, role string, args []string, environment *os.File, shared journal) (signals.Status, error) {
	ready, tell, err := os.Pipe()
	if err != nil {
		return signals.Status{}, err
	}
	defer ready.Close()
	path := self
	if role == recoverRole {
		if program, err := signals.OwnProgram(); err == nil {
			defer program.Close()
			path = signals.PathOf(program)
		} else { // a registration that is left is certain, a job that lies in wait is not
			complain(err.Error(), "")
		}
	}
	return in.Run(signals.Command{
		Path: path, Args: append([]string{"runner-init", role}, args...),
		Files: []*os.File{environment, shared.file, tell},
		Ready: ready, Drop: []*os.File{tell},
	})
}
