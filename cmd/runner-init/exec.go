package main

import (
	"errors"

	"github.com/runner-init/runner-init/lifecycle"
	"github.com/runner-init/runner-init/signals"
)

// execCommand is the init alone: no configuration, no GitHub, the environment passed on as it is.
func execCommand(args []string) int {
	in := signals.New()
	if len(args) > 0 && args[0] == "--" {
		args = args[1:]
	}
	if len(args) == 0 {
		return usageError("exec: no command", "runner-init exec -- CMD [ARG…]")
	}
	status, err := in.Run(signals.Command{Path: args[0], Args: args, Env: signals.Environ()})
	if err != nil {
		complain(err.Error(), "")
		return startFailure(err)
	}
	return status.Code()
}

// startFailure returns the exit code of an init whose child could not be started, as a shell gives it.
func startFailure(err error) int {
	if failed, ok := errors.AsType[*signals.ExecError](err); ok {
		return failed.Code()
	}
	return int(lifecycle.RunnerFailed)
}
