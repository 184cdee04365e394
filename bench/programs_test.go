package bench

import (
	"errors"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/runner-init/runner-init/internal/need"
)

const module = "github.com/runner-init/runner-init/"

// programs are the paths of what is started.
type programs struct {
	dir        string // where they are, and what containers complain of
	runner     string // runner-init as a whole runner
	worn       string // the same, for one that has many jobs
	contenders []contender
	absent     []string // contenders that are left out, and why

	launch, ringer, stamp, echo, storm string // see testdata/probe
}

// contender is an init, or none, as a prefix of the command that it runs.
type contender struct {
	name     string
	prefix   []string
	weathers bool // it takes part in storms, which take long
}

// Names of the contenders, and titles of their columns.
const (
	ours       = "runner-init"
	asTini     = "as tini"
	asDumbInit = "as dumb-init"
	fallback   = "purego"
	tini       = "tini"
	dumbInit   = "dumb-init"
	noInit     = "no init"
)

// everyone is the order of the columns.
var everyone = []string{ours, asTini, asDumbInit, fallback, tini, dumbInit, noInit}

// build builds the program the way it is released, and the probes. Each contender has a file of its own.
func build(b *testing.B) programs {
	b.Helper()
	dir := b.TempDir()
	p := programs{
		dir:    dir,
		launch: probe(b, dir, "launch"), ringer: probe(b, dir, "ring"),
		stamp: probe(b, dir, "stamp"), echo: probe(b, dir, "echo"), storm: probe(b, dir, "storm"),
	}
	built := filepath.Join(dir, "built")
	if err := compileReleased(b, built); err != nil {
		b.Fatal(err)
	}
	p.runner = p.install(b, built, "run/runner-init")
	p.worn = p.install(b, built, "worn/runner-init")
	p.enter(ours, true, p.install(b, built, "runner-init"), "exec", "--")
	p.enter(asTini, false, p.install(b, built, "as/tini"), "--")
	p.enter(asDumbInit, false, p.install(b, built, "as/dumb-init"), "--")
	p.enter(noInit, false)
	if err := compileReleased(b, built+"-purego", "TAGS=purego,nethttpomithttp2"); err != nil {
		p.absent = append(p.absent, fallback+" does not build")
	} else {
		p.enter(fallback, false, p.install(b, built+"-purego", "purego"), "exec", "--")
	}
	for _, peer := range []string{tini, dumbInit} {
		if path, err := exec.LookPath(peer); err == nil {
			p.enter(peer, true, path, "--")
		} else {
			p.absent = append(p.absent, peer+" is not installed")
		}
	}
	return p
}

// enter admits a contender that can run a program.
func (p *programs) enter(name string, weathers bool, prefix ...string) {
	one := contender{name, prefix, weathers}
	argv := one.with(p.stamp)
	if err := exec.Command(argv[0], argv[1:]...).Run(); err != nil {
		p.absent = append(p.absent, name+" runs no program: "+err.Error())
		return
	}
	p.contenders = append(p.contenders, one)
}

// probe builds the probe of that name and returns its path.
func probe(b *testing.B, dir, name string) string {
	b.Helper()
	path := filepath.Join(dir, name)
	if err := compile(b, path, "bench/testdata/probe", "-ldflags", "-s -w -E main."+name); err != nil {
		b.Fatal(err)
	}
	return path
}

func compile(b *testing.B, path, pkg string, flags ...string) error {
	b.Helper()
	args := slices.Concat([]string{"build", "-trimpath", "-buildvcs=false", "-o", path}, flags, []string{module + pkg})
	cmd := exec.CommandContext(b.Context(), "go", args...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	return succeed(b, path, cmd)
}

// compileReleased has the program built by whom it is released by, with what the Makefile says of flags.
func compileReleased(b *testing.B, path string, variables ...string) error {
	b.Helper()
	args := append([]string{"-C", "..", "build", "BIN=" + path}, variables...)
	return succeed(b, path, exec.CommandContext(b.Context(), need.Installed(b, "make"), args...))
}

func succeed(b *testing.B, path string, cmd *exec.Cmd) error {
	b.Helper()
	out, err := cmd.CombinedOutput()
	if err != nil {
		b.Logf("cannot build %s: %v\n%s", path, err, out)
	}
	return err
}

// install copies a program to a file for one contender alone: pages that several processes map from the same file count
// as shared. It writes as little at once as container engines do when they unpack an image: from a single long write
// the kernel makes pages of 2 MB, which count as resident as a whole.
func (p programs) install(b *testing.B, from, name string) string {
	b.Helper()
	content, err := os.ReadFile(from)
	if err != nil {
		b.Fatal(err)
	}
	path := filepath.Join(p.dir, name)
	err = os.MkdirAll(filepath.Dir(path), 0o755)
	file, failed := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o755)
	if err := errors.Join(err, failed); err != nil {
		b.Fatal(err)
	}
	for piece := range slices.Chunk(content, 32<<10) {
		_, failed := file.Write(piece)
		err = errors.Join(err, failed)
	}
	if err := errors.Join(err, file.Close()); err != nil {
		b.Fatal(err)
	}
	return path
}

// with is the command line of a contender that runs a program.
func (c contender) with(argv ...string) []string { return slices.Concat(c.prefix, argv) }

// turns returns the contenders in an order of that round, so that none always follows the same one.
func (p programs) turns(round int) []contender {
	order := slices.Clone(p.contenders)
	rand.New(rand.NewPCG(1, uint64(round))).Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	return order
}
