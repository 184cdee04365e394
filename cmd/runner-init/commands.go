package main

import (
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strings"

	"github.com/runner-init/runner-init/lifecycle"
)

// command is one word of the command line.
type command struct {
	name     string
	synopsis string
	does     string
	run      func(args []string) int // nil for those that are an init: roleOf knows them
}

func commands() []command {
	return []command{
		{"run", "run [PATH/run.sh | PATH/Runner.Listener …]", "register, run and deregister one runner (the default)", nil},
		{"exec", "exec [FLAGS] [--] CMD [ARG…]", "be the init of CMD: forward signals, reap, exit with its code", nil},
		{"config", "config [--output json]", "print the configuration and where each value comes from", configCommand},
		{"doctor", "doctor [--output json]", "check all that a runner needs; registers nothing", doctorCommand},
		{"healthcheck", "healthcheck [--ready]", "ask the runner of this container: exit 0 if it lives, or can take jobs", healthcheckCommand},
		{"sweep", "sweep [--apply] [--older-than 1h] [--prefix P]", "delete registrations that killed containers left behind", sweepCommand},
		{"demo", "demo", "the whole lifecycle against a simulated GitHub; needs no account", demoCommand},
		{"version", "version", "print version, commit and Go version", versionCommand},
		{"help", "help", "print this", helpCommand},
	}
}

// dispatch finds the command that the arguments mean and returns its exit code.
func dispatch(argv []string) int {
	if len(argv) == 0 { // kernels before 5.18 allow it
		return usageError("no arguments, not even a name", "")
	}
	if code, ok := playRole(argv); ok {
		return code
	}
	if code, ok := simulated(argv); ok {
		return code
	}
	if code, ok := credentialHelper(argv); ok {
		return code
	}
	word, args := "", []string(nil)
	if len(argv) > 1 {
		word, args = argv[1], argv[2:]
	}
	switch word {
	case "-h", "--help":
		word = "help"
	case "--version":
		word = "version"
	}
	for _, c := range append(commands(), crashCommands()...) {
		if c.name != word || c.run == nil {
			continue
		}
		if len(args) == 1 && (args[0] == "-h" || args[0] == "--help") {
			fmt.Printf("runner-init %s\n%s\n", c.synopsis, c.does)
			return int(lifecycle.OK)
		}
		return c.perform(args)
	}
	return usageError(fmt.Sprintf("unknown command %q", word), "to be the init of any program: runner-init exec -- "+strings.Join(argv[1:], " "))
}

// perform runs a command, and reports what it dies of.
func (c command) perform(args []string) (code int) {
	defer func() {
		if cause := recover(); cause != nil {
			code = crashed(cause, debug.Stack())
		}
	}()
	return c.run(args)
}

func helpCommand([]string) int {
	usage(os.Stdout)
	return int(lifecycle.OK)
}

func usage(w io.Writer) {
	fmt.Fprint(w, "runner-init is PID 1 for a GitHub Actions self-hosted runner.\n\nUsage:\n")
	for _, c := range commands() {
		fmt.Fprintf(w, "  runner-init %-52s %s\n", c.synopsis, c.does)
	}
	fmt.Fprint(w, "\nThe runner is configured by environment variables; `runner-init config` lists them.\n"+
		"Called dumb-init, tini or docker-credential-ecr-login, the program is that one.\n")
}
