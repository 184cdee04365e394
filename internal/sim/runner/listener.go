package runner

import (
	"fmt"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"
)

// The listener's exit codes (Constants.cs).
const (
	success           = 0
	terminated        = 1
	retryable         = 2
	updating          = 3
	onceUpdating      = 4
	sessionConflict   = 5
	versionDeprecated = 7
)

// listener is the process bin/Runner.Listener, whatever its command.
type listener struct {
	*process
	args   *arguments
	term   *terminal
	client *client
	stops  chan syscall.Signal // SIGINT, SIGQUIT, SIGTERM, recorded

	termed sync.Once
}

func listenerMain(home root, argv []string) int {
	p, err := newProcess(home, "listener", argv)
	if err != nil {
		fmt.Fprintln(os.Stderr, "An error occurred:", err)
		return terminated
	}
	home.loadEnv()
	l := &listener{process: p, args: parseArguments(argv[1:]), client: newClient(p.behaviour.Version)}
	l.term = openTerminal(home, "RUNNER", "Runner")
	l.watchSignals()
	code := l.execute()
	p.record("exit", fmt.Sprint(code))
	return code
}

// watchSignals takes the three signals from the first moment on. Nothing but run and the short commands reads them.
func (l *listener) watchSignals() {
	l.stops = make(chan syscall.Signal, 16)
	raw := make(chan os.Signal, 16)
	signal.Notify(raw, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGTERM)
	go func() {
		for sig := range raw {
			l.stops <- l.note(sig)
		}
	}()
}

func (l *listener) execute() int {
	if strange := l.args.unknown(); len(strange) > 0 {
		l.complain(strange)
	}
	switch {
	case l.args.flag("help"):
		l.term.line("%s", usage)
		return success
	case l.args.flag("version"):
		l.term.line("%s", l.behaviour.Version)
		return success
	case l.args.flag("commit"):
		l.term.line("0000000000000000000000000000000000000000")
		return success
	}
	l.at(AtStart)
	switch l.args.command {
	case "configure":
		return l.short(l.configure)
	case "remove":
		return l.short(l.remove)
	case "run":
		return l.run()
	case "warmup":
		return success
	}
	l.term.line("%s", usage)
	return success
}

// short runs a command that ends at once when a signal comes: SIGINT with a line and 1, SIGTERM with .NET's 143.
func (l *listener) short(command func() int) int {
	done := make(chan int, 1)
	go func() { done <- command() }()
	select {
	case code := <-done:
		return code
	case sig := <-l.stops:
		if sig == syscall.SIGTERM {
			return l.termCode()
		}
		l.term.line("Exiting...")
		return terminated
	}
}

// termCode is what a process ends with after SIGTERM: 143, or 0 when Main wins the race against the runtime.
func (l *listener) termCode() int {
	if l.behaviour.TermExit != nil {
		return *l.behaviour.TermExit
	}
	return 128 + int(syscall.SIGTERM)
}

func (l *listener) complain(strange []string) {
	list := strings.Join(strange, ", ")
	const hint = `For usage refer to: .\config.cmd --help or ./config.sh --help`
	if _, ok := known[l.args.command]; ok {
		l.term.fail("Unrecognized command-line input arguments for command %s: '%s'. %s", l.args.command, list, hint)
		return
	}
	l.term.fail("This command does not recognize the command-line input arguments: '%s'. %s", list, hint)
}

const usage = `
Commands:
 ./config.sh         Configures the runner
 ./config.sh remove  Unconfigures the runner
 ./run.sh            Runs the runner interactively

Options:
 --help     Prints the help for each command
 --version  Prints the runner version
 --commit   Prints the runner commit`

// capUnload ends the process a while after the first SIGTERM, wherever it then is: .NET waits no longer for its Main.
func (l *listener) capUnload() {
	l.termed.Do(func() {
		time.AfterFunc(l.behaviour.UnloadTimeout, func() { l.exit(l.termCode()) })
	})
}
