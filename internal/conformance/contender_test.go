package conformance

import (
	"slices"
	"testing"

	"github.com/runner-init/runner-init/internal/need"
)

// A kind is a command line and a model of how to treat a child.
type kind string

const (
	execMode kind = "exec"      // runner-init exec
	dumbInit kind = "dumb-init" // that program, and runner-init under its name
	tini     kind = "tini"      // that program, and runner-init under its name
)

// A build is a program that offers a kind.
type build string

const (
	native build = "native" // runner-init as it is released
	purego build = "purego" // runner-init without assembly
	peer   build = "peer"   // the real dumb-init or tini
)

// A place is where an init runs. Both are in a PID namespace of their own, with which everything ends that was started.
type place string

const (
	pid1   place = "pid 1"
	beside place = "beside" // an ordinary process, PID 2, whose parent is PID 1 and reaps what is left
)

// A contender is an init in its place.
type contender struct {
	kind  kind
	build build
	place place
}

func (c contender) String() string {
	return string(c.kind) + " " + string(c.build) + " " + string(c.place)
}

var (
	everyKind  = []kind{execMode, dumbInit, tini}
	everyPlace = []place{pid1, beside}
	everyBuild = []build{peer, native, purego}
)

// contenders returns all inits that offer one of these kinds, in all places. The peers come first.
func contenders(kinds ...kind) (all []contender) {
	for _, b := range everyBuild {
		for _, k := range kinds {
			for _, p := range everyPlace {
				if b != peer || k != execMode {
					all = append(all, contender{k, b, p})
				}
			}
		}
	}
	return all
}

// each runs a test for each contender that all conditions let pass, side by side.
func each(t *testing.T, all []contender, test func(*testing.T, contender), conditions ...func(contender) bool) {
	t.Helper()
	for _, c := range all {
		if slices.ContainsFunc(conditions, func(holds func(contender) bool) bool { return !holds(c) }) {
			continue
		}
		t.Run(c.String(), func(t *testing.T) {
			t.Parallel()
			test(t, c)
		})
	}
}

// Conditions for each.
func notPurego(c contender) bool { return c.build != purego }
func isPID1(c contender) bool    { return c.place == pid1 }
func isBeside(c contender) bool  { return c.place == beside }

// program returns the path of the contender, the name it is called by, and the arguments that come before all others.
func (c contender) program(t *testing.T) (path, argv0 string, args []string) {
	t.Helper()
	argv0 = string(c.kind)
	if c.kind == execMode {
		argv0, args = "runner-init", []string{"exec"}
	}
	switch c.build {
	case peer:
		path = need.Installed(t, string(c.kind))
	case native:
		path = need.Program(t, "cmd/runner-init")
	case purego:
		path = need.Program(t, "cmd/runner-init", "purego")
	}
	return path, argv0, args
}
