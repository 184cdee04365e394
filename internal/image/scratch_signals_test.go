package image_test

import (
	"testing"
	"time"
)

// family is a shell and another process in its group, which says which signal it got. The shell then ends with 5, but not
// before the other one: it would wait in vain if only it were signalled.
const family = `(for s in TERM INT USR1; do trap "echo the other got $s; exit" $s; done; echo ready; while :; do sleep 0.1; done) &
trap 'wait; exit 5' TERM INT USR1; wait`

// deaf does not listen to what docker stop sends.
const deaf = `trap "" TERM; echo ready; while :; do sleep 0.1; done`

// handles ends by itself with a code of its own.
const handles = `trap "exit 7" TERM; echo ready; while :; do sleep 0.1; done`

// loop ends by the signal, like any program that has no opinion.
const loop = `echo ready; while :; do sleep 0.1; done`

// soon is far less than docker stop's patience here, and much for a slow machine.
const soon = 8 * time.Second

func testStop(t *testing.T, images scratch) {
	for name, c := range map[string]struct {
		image   string
		command []string
		code    int
	}{
		"default":              {"exec", sh(loop), 143},
		"handled":              {"exec", sh(handles), 7},
		"group":                {"exec", with(sh(family), "-g"), 5},
		"all":                  {"exec", with(sh(family), "--all"), 5},
		"session":              {"exec", with(sh(family), "--setsid"), 5},
		"grace":                {"exec", with(sh(deaf), "--grace=500ms"), 137},
		"everybody":            {"exec", with(sh(`(`+deaf+`) & wait`), "-g", "--wait=300ms"), 143},
		"rewritten":            {"exec", with(sh(family), "-g", "-r", "TERM:USR1"), 5},
		"remapped":             {"exec", with(sh(loop), "-e", "143"), 0},
		"tini":                 {"tini", sh(loop), 143},
		"dumb-init":            {"dumb-init", sh(family), 5},
		"under another's init": {"init", with(sh(family), "-g"), 5},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			image, options := c.image, []string(nil)
			if image == "init" {
				image, options = "exec", []string{"--init"}
			}
			b := launch(t, images[image], options, c.command...)
			b.expect("ready")
			b.stop(soon)
			b.checkCode(c.code)
		})
	}
}

// testKill sends what the init must pass on, one after the other, and at last one that nobody handles.
func testKill(t *testing.T, images scratch) {
	const handler = `for s in HUP USR1 PROF URG WINCH 40 64; do trap "echo got $s" $s; done; echo ready; while :; do sleep 0.1; done`
	for _, entrypoint := range []string{"exec", "tini", "dumb-init"} {
		t.Run(entrypoint, func(t *testing.T) {
			t.Parallel()
			b := launch(t, images[entrypoint], nil, sh(handler)...)
			b.expect("ready")
			for _, signal := range []string{"HUP", "USR1", "PROF", "URG", "WINCH", "40", "64"} {
				b.kill(signal)
				b.expect("got " + signal)
			}
			b.kill("USR2")
			b.checkCode(140)
		})
	}
}

// testHostOthers is as dangerous as its subject: with --pid=host the init sees every process of the machine, and
// --all must not mean them. The user is one who may not signal anybody but the bystander.
func testHostOthers(t *testing.T, images scratch) {
	nobody := []string{"--user=65534:65534", "--cap-drop=ALL"}
	bystander := launch(t, images["exec"], nobody, sh(`trap "echo hit; exit 1" TERM INT USR1; `+loop)...)
	bystander.expect("ready")
	b := launch(t, images["exec"], append(nobody, "--pid=host"), with(sh(`(`+deaf+`) & `+deaf), "--all", "--grace=500ms", "--wait=300ms")...)
	b.expect("ready")
	b.expect("ready")
	b.stop(soon)
	b.checkCode(137)
	if got := bounded(t, "inspect", "--format={{.State.Running}}", bystander.name); got != "true" {
		t.Error("a process of the host that is not its own was signalled")
	}
	bystander.kill("KILL")
	bystander.checkCode(137)
}
