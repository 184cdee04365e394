package conformance

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/runner-init/runner-init/internal/need"
)

// A shell is an interactive one on a console, whose jobs are inits.
type shell struct {
	*process
	*console
	init string // the command line of a contender, options included
}

const prompt = "ready> "

// interactive starts one, in which the contender is a command.
func (m mode) interactive(t *testing.T, program ...string) shell {
	t.Helper()
	c := openConsole(t)
	env := []string{usualPath, "PS1=" + prompt, "HISTFILE=", "HOME=/nowhere", "TERM=dumb"}
	p := m.start(t, setup{bare: true, terminal: c.slave, env: env}, program...)
	path, argv0, first := m.program(t)
	named := filepath.Join(t.TempDir(), argv0)
	if err := os.Symlink(path, named); err != nil {
		t.Fatal(err)
	}
	c.expect(prompt)
	return shell{p, c, strings.Join(append(append(append([]string{named}, first...), m.options...), "--"), " ")}
}

// eachShell runs a test in both kinds of shell that people have.
func eachShell(t *testing.T, test func(t *testing.T, sh shell), conditions ...func(mode) bool) {
	t.Helper()
	for _, program := range [][]string{{"bash", "--norc", "--noprofile", "--noediting", "-i"}, {"busybox", "ash", "-i"}} {
		t.Run(program[0], func(t *testing.T) {
			need.Installed(t, program[0])
			eachMode(t, modes(everyKind...), func(t *testing.T, m mode) {
				test(t, m.interactive(t, program...))
			}, append(conditions, func(m mode) bool { return m.place == beside && m.inOrder() })...)
		})
	}
}

// suspendable leaves out the real tini, at which a shell hangs, and the real dumb-init -c, which once in a while stops a
// second time when it shall go on.
func suspendable(m mode) bool { return m.build != peer || m.isolates() }

// job is a command line of a shell script below the contender. It stands in a file, so that a console that shows what is
// typed does not show what the script says.
func (s shell) job(script string) string {
	t := s.console.t
	t.Helper()
	path := filepath.Join(t.TempDir(), "job")
	if err := os.WriteFile(path, []byte(script), 0o600); err != nil {
		t.Fatal(err)
	}
	return s.init + " " + need.Installed(t, "busybox") + " sh " + path
}

// echoing tells what was typed, which only the foreground may read.
const echoing = "echo begun.; while read x; do echo got $x.; done; exit 3"

// wantCode asks the shell for its last command's exit code.
func (s shell) wantCode(code int) {
	s.console.t.Helper()
	s.typed("echo code=$?.\n")
	s.console.expect(fmt.Sprintf("code=%d.", code))
	s.console.expect(prompt)
}

func (s shell) say(word string) {
	s.console.t.Helper()
	s.typed(word + "\n")
	s.console.expect("got " + word + ".")
}

func TestShellSuspendAndResume(t *testing.T) {
	eachShell(t, func(t *testing.T, s shell) {
		s.typed(s.job(echoing) + "\n")
		s.console.expect("begun.")
		s.say("one")
		for _, word := range []string{"two", "three"} {
			s.typed(control('Z'))
			s.console.expect("topped")
			s.console.expect(prompt)
			s.typed("fg\n")
			s.say(word)
		}
		s.typed(control('D'))
		s.console.expect(prompt)
		s.wantCode(3)
	}, suspendable)
}

func TestShellBackground(t *testing.T) {
	eachShell(t, func(t *testing.T, s shell) {
		s.typed(s.job("trap 'echo ended.; exit 4' TERM; echo begun.; while :; do sleep 0.05; done") + "\n")
		s.console.expect("begun.")
		s.typed(control('Z'))
		s.console.expect("topped")
		s.console.expect(prompt)
		s.typed("bg\n")
		s.console.expect(prompt)
		s.typed("kill %1; wait %1; echo code=$?.\n")
		s.console.expect("ended.")
		s.console.expect("code=4.")
	}, suspendable, func(m mode) bool { return m.build != peer || m.kind != dumbInit }) // below the real dumb-init a process that the script had just forked stayed stopped, and the script waited for it
}

// From outside, kill does what keys do.
func TestShellStoppedFromOutside(t *testing.T) {
	eachShell(t, func(t *testing.T, s shell) {
		s.typed(s.job(echoing) + "\n")
		s.console.expect("begun.")
		init := s.only(s.process.pid())
		for _, word := range []string{"one", "two"} {
			send(t, init, syscall.SIGSTOP)
			s.console.expect("topped")
			s.console.expect(prompt)
			s.typed("fg\n")
			s.say(word)
		}
		s.typed(control('D'))
		s.console.expect(prompt)
		s.wantCode(3)
	}, suspendable, func(m mode) bool { return !m.isolates() }) // there the child goes on, and would compete for the keys
}

func TestShellInterrupt(t *testing.T) {
	eachShell(t, func(t *testing.T, s shell) {
		s.typed(s.init + " " + probe(t) + " hold\n")
		s.console.expect("ready\r\n")
		s.typed(control('C'))
		s.console.expect(prompt)
		s.wantCode(130)
		s.typed(s.init + " " + probe(t) + " hold\n")
		s.console.expect("ready\r\n")
		s.typed(control('Z'))
		s.console.expect("topped")
		s.console.expect(prompt)
		send(t, s.only(s.process.pid()), syscall.SIGTERM)
		s.typed("fg\n")
		s.console.expect(prompt)
		s.wantCode(143)
	}, suspendable)
}

// A job that was begun in the background gets the keys once it is brought to the front. The real tini, and ours, put
// themselves there.
func TestShellForeground(t *testing.T) {
	notTini := func(m mode) bool { return m.kind != tini }
	eachShell(t, func(t *testing.T, s shell) {
		s.typed(s.init + " " + probe(t) + " count 15 6 &\n")
		s.console.expect("ready\r\n")
		s.typed("fg\n")
		s.eventually("shell in the background", func() bool { return stat(s.process.pid(), 5) != stat(s.process.pid(), 8) })
		s.typed(control('C'))
		s.console.expect("2\r\n")
		send(t, s.only(s.process.pid()), syscall.SIGTERM)
		s.console.expect("15\r\n")
		s.console.expect(prompt)
		s.wantCode(6)
	}, notTini)
}

// One that reads there is stopped by the terminal, and with it the init, until it is brought to the front.
func TestShellReadsInBackground(t *testing.T) {
	eachShell(t, func(t *testing.T, s shell) {
		s.typed(s.job(`echo begun.; exec busybox awk '{ print "got " $0 "."; fflush() }'`) + " &\n")
		s.console.expect("begun.")
		s.awaitState(s.only(s.process.pid()), "T")
		s.typed("fg\n")
		s.say("one")
		s.typed(control('D'))
		s.console.expect(prompt)
		s.wantCode(0)
	}, func(m mode) bool { return m.kind == execMode && !m.isolates() })
}

// A script has no job control: its terminal is taken back for it when the child has ended. Nobody else would.
func TestScriptHasTerminalBack(t *testing.T) {
	eachMode(t, modes(everyKind...), func(t *testing.T, m mode) {
		c := openConsole(t)
		path, argv0, first := m.program(t)
		named := filepath.Join(t.TempDir(), argv0)
		if err := os.Symlink(path, named); err != nil {
			t.Fatal(err)
		}
		init := strings.Join(append(append([]string{named}, first...), m.options...), " ")
		p := m.start(t, setup{bare: true, terminal: c.slave}, sh(t, "%s -- %s exit 0; echo over; read x || exit 2; echo got $x.; exit 5", init, probe(t))...)
		c.expect("over")
		c.typed("hello\n")
		c.expect("got hello.")
		p.expectExit(5)
	}, func(m mode) bool { return m.kind != tini || m.build != peer })
}

// stat returns a field of proc_pid_stat(5) behind the name.
func stat(pid, field int) string {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	_, rest, _ := strings.Cut(string(text), ") ")
	if fields := strings.Fields(rest); len(fields) > field-3 {
		return fields[field-3]
	}
	return ""
}
