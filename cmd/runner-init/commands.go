package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/runner-init/runner-init/internal/runner"
	"github.com/runner-init/runner-init/lifecycle"
)

// command is one word of the command line.
type command struct {
	name     string
	synopsis string
	does     string // empty for the roles that only we start
	run      func(args []string) int
}

// commands returns the table. Roles are decided by it before anything else happens, so a helper never becomes an init.
func commands() []command {
	return []command{
		{"run", "run [PATH/run.sh | PATH/Runner.Listener …]", "register, run and deregister one runner (the default)", runCommand},
		{"exec", "exec [--] CMD [ARG…]", "be the init of CMD: forward signals, reap, exit with its code", execCommand},
		{"config", "config [--output json]", "print the configuration and where each value comes from", configCommand},
		{"demo", "demo", "the whole lifecycle against a simulated GitHub; needs no account", demoCommand},
		{"version", "version", "print version, commit and Go version", versionCommand},
		{"help", "help", "print this", helpCommand},
		{superviseRole, "", "", superviseCommand},
		{recoverRole, "", "", recoverCommand},
	}
}

// dispatch finds the command that the arguments mean and returns its exit code.
func dispatch(argv []string) int {
	if code, ok := simulated(argv); ok {
		return code
	}
	if len(argv) < 2 {
		return runCommand(nil)
	}
	word, args := argv[1], argv[2:]
	switch word {
	case "-h", "--help":
		word = "help"
	case "--version":
		word = "version"
	}
	for _, c := range commands() {
		if c.name == word {
			return c.run(args)
		}
	}
	if _, ok := runner.RootOf(word); ok {
		return runCommand(argv[1:])
	}
	return usageError(fmt.Sprintf("unknown command %q", word), "to be the init of any program: runner-init exec -- "+strings.Join(argv[1:], " "))
}

func helpCommand([]string) int {
	usage(os.Stdout)
	return int(lifecycle.OK)
}

func usage(w io.Writer) {
	fmt.Fprint(w, "runner-init is PID 1 for a GitHub Actions self-hosted runner.\n\nUsage:\n")
	for _, c := range commands() {
		if c.does != "" {
			fmt.Fprintf(w, "  runner-init %-44s %s\n", c.synopsis, c.does)
		}
	}
	fmt.Fprint(w, "\nThe runner is configured by environment variables; `runner-init config` lists them.\n")
}
