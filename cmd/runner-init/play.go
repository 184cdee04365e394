//go:build !nodemo

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// play is one runner-init of the demo.
type play struct {
	command *exec.Cmd
	init    int // its process id, as seen from here
	root    string
	line    *timeline
	readers sync.WaitGroup
}

// namespaces are the ways to become PID 1, best first: as root, then in a user namespace of our own.
var namespaces = [][]string{
	{"unshare", "--pid", "--fork", "--mount-proc", "--kill-child"},
	{"unshare", "--user", "--map-root-user", "--pid", "--fork", "--mount-proc", "--kill-child"},
}

// namespace returns the first way that this machine allows, or none: then the demo's runners are subreapers.
func namespace() []string {
	for _, ns := range namespaces {
		if exec.Command(ns[0], append(ns[1:], "true")...).Run() == nil {
			return ns
		}
	}
	return nil
}

// begin starts runner-init as PID 1 where the machine allows it.
func begin(ctx context.Context, exe, root string, environ []string, line *timeline) (*play, error) {
	argv := append(namespace(), exe, "run")
	p := &play{command: exec.CommandContext(ctx, argv[0], argv[1:]...), root: root, line: line}
	p.command.Env = environ
	stdout, outErr := p.command.StdoutPipe()
	stderr, errErr := p.command.StderrPipe()
	if err := errors.Join(outErr, errErr, p.command.Start()); err != nil {
		return nil, err
	}
	p.readers.Go(func() { line.listener(stdout) })
	p.readers.Go(func() { line.logs(stderr) })
	p.init = p.command.Process.Pid
	place := "a subreaper: this machine allows no PID namespace"
	if len(argv) > 2 {
		if p.init = firstChild(ctx, p.init); p.init == 0 {
			return nil, errors.Join(errors.New("the namespace has no process"), p.command.Wait())
		}
		place = "PID 1 of a namespace of its own"
	}
	line.note("you", "docker run: runner-init is "+place)
	return p, nil
}

// firstChild waits for the first child of a process, unshare's only one, and returns 0 if there will be none.
func firstChild(ctx context.Context, pid int) int {
	path := fmt.Sprintf("/proc/%d/task/%d/children", pid, pid)
	for pause(ctx, time.Millisecond) {
		text, err := os.ReadFile(path)
		if child, _ := strconv.Atoi(strings.TrimSpace(string(text))); child != 0 || err != nil {
			return child
		}
	}
	return 0
}

// ended waits for the end, and is an error unless it was a clean one.
func (p *play) ended() error {
	p.readers.Wait()
	err := p.command.Wait()
	p.line.processes(p.root)
	p.line.note("you", fmt.Sprintf("container ended with exit code %d", p.command.ProcessState.ExitCode()))
	if err != nil {
		return fmt.Errorf("the container did not end well: %w", err)
	}
	return nil
}

func (p *play) kill() {
	syscall.Kill(p.init, syscall.SIGKILL)
	p.ended()
}
