package bench

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
)

const module = "github.com/runner-init/runner-init/"

// programs are the paths of what is started.
type programs struct {
	dir                 string // where they are, and what containers complain of
	init                string // runner-init
	launch, stamp, echo string // see testdata/probe
	contenders          []contender
}

// contender is an init, or none, as a prefix of the command that it runs.
type contender struct {
	name   string
	prefix []string
}

// Names of the contenders, and titles of their columns.
const (
	ours     = "runner-init"
	noInit   = "no init"
	tini     = "tini"
	dumbInit = "dumb-init"
)

// build builds the program the way it is released, and the probes.
func build(b *testing.B) programs {
	b.Helper()
	dir := b.TempDir()
	p := programs{
		dir:    dir,
		init:   compile(b, dir, ours, "cmd/runner-init", "-s -w"),
		launch: compile(b, dir, "launch", "bench/testdata/probe", "-s -w -E main.launch"),
		stamp:  compile(b, dir, "stamp", "bench/testdata/probe", "-s -w -E main.stamp"),
		echo:   compile(b, dir, "echo", "bench/testdata/probe", "-s -w -E main.echo"),
	}
	p.contenders = []contender{{ours, []string{p.init, "exec", "--"}}, {noInit, nil}}
	for _, peer := range []string{tini, dumbInit} {
		if path, err := exec.LookPath(peer); err == nil {
			p.contenders = append(p.contenders, contender{peer, []string{path, "--"}})
		} else {
			b.Logf("%s is not installed and is left out", peer)
		}
	}
	return p
}

func compile(b *testing.B, dir, name, pkg, ldflags string) string {
	b.Helper()
	path := filepath.Join(dir, name)
	cmd := exec.CommandContext(b.Context(), "go", "build", "-trimpath", "-buildvcs=false", "-ldflags", ldflags, "-o", path, module+pkg)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		b.Fatalf("cannot build %s: %v\n%s", name, err, out)
	}
	return path
}

// with is the command line of a contender that runs a program.
func (c contender) with(argv ...string) []string { return slices.Concat(c.prefix, argv) }

// turns returns the contenders, another one first in each round, so that none always follows the same one.
func (p programs) turns(round int) []contender {
	first := round % len(p.contenders)
	return slices.Concat(p.contenders[first:], p.contenders[:first])
}
