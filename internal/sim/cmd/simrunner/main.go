// Command simrunner is the simulated official runner as a program of its own: tests install it as bin/Runner.Listener
// and bin/Runner.Worker. It does nothing under any other name.
package main

import (
	"os"

	"github.com/runner-init/runner-init/internal/sim/runner"
)

func main() { os.Exit(runner.Main(os.Args)) }
