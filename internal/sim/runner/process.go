package runner

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"syscall"
	"time"
	"unsafe"
)

// process is what a listener and a worker have in common.
type process struct {
	root      root
	role      string
	behaviour Behaviour
}

// newProcess records the start before it touches anything.
func newProcess(home root, role string, argv []string) (*process, error) {
	p := &process{root: home, role: role}
	start := given(argv)
	os.MkdirAll(home.path("_diag", "pages"), 0o777) // where it may not, the runner goes on without a log
	p.append(Record{Event: "start", Given: start})
	var err error
	p.behaviour, err = readBehaviour(home)
	return p, err
}

// exit ends the process from wherever it is.
func (p *process) exit(code int) {
	p.record("exit", strconv.Itoa(code))
	os.Exit(code)
}

// note records the signals of a channel on their way to another.
func (p *process) note(sig os.Signal) syscall.Signal {
	number := sig.(syscall.Signal)
	p.record("signal", signalName(number))
	return number
}

func signalName(sig syscall.Signal) string {
	switch sig {
	case syscall.SIGINT:
		return "SIGINT"
	case syscall.SIGQUIT:
		return "SIGQUIT"
	case syscall.SIGTERM:
		return "SIGTERM"
	}
	return fmt.Sprintf("signal %d", int(sig))
}

// surviveClosedPipes makes writes to a closed stdout fail with EPIPE instead of killing the process, as .NET does. A
// handler, unlike an ignored signal, is not inherited by children.
func surviveClosedPipes() { signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE) }

// dieOf ends the process by a signal, as a crash does: the kernel's own action, not that of the Go runtime, which would
// print all goroutines and exit with 2.
func dieOf(sig syscall.Signal) {
	syscall.Setrlimit(syscall.RLIMIT_CORE, &syscall.Rlimit{}) // a simulated crash leaves no core behind
	var byDefault [64]byte                                    // struct sigaction of zeros: SIG_DFL
	const maskSize = 8
	syscall.RawSyscall6(syscall.SYS_RT_SIGACTION, uintptr(sig), uintptr(unsafe.Pointer(&byDefault)), 0, maskSize, 0, 0)
	syscall.Kill(os.Getpid(), sig)
	select {}
}

// holdOpen leaves a child behind that holds stdout and stderr open.
func holdOpen(d time.Duration) {
	child := exec.Command("sleep", fmt.Sprintf("%.3f", d.Seconds()))
	child.Stdout, child.Stderr = os.Stdout, os.Stderr
	if err := child.Start(); err == nil {
		child.Process.Release() // nobody waits for it
	}
}

// eat takes memory, and uses it, for ever.
func eat() {
	const piece = 4 << 20
	for eaten := [][]byte{}; ; {
		eaten = append(eaten, bytes.Repeat([]byte{1}, piece))
	}
}
