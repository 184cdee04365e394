package conformance

import (
	"strings"
	"syscall"
	"testing"
)

// onTerminal starts a contender as a container engine does that gives a terminal: the leader of its session.
func (m mode) onTerminal(t *testing.T, args ...string) (*process, *console) {
	t.Helper()
	c := openConsole(t)
	p := m.start(t, setup{terminal: c.slave}, m.argv(args...)...)
	return p, c
}

// The child is in the foreground, and in dumb-init's model the terminal is its own.
func TestChildHasTerminal(t *testing.T) {
	eachMode(t, modes(everyKind...), func(t *testing.T, m mode) {
		p, c := m.onTerminal(t, sh(t, `set -- $(cat /proc/$$/stat); echo pid $1 group $5 session $6 foreground $8.; read x; echo got $x.; exit 5`)...)
		c.expect("pid ")
		said, _ := c.until(".\r\n")
		f := strings.Fields(said) // pid, "group", group, "session", session, "foreground", foreground
		single := m.kind == dumbInit && !m.isolates()
		if own := f[0] == f[2]; own == single {
			t.Errorf("pid %s: a group of its own: %v", said, own)
		}
		if own := f[0] == f[4]; own != m.isolates() {
			t.Errorf("pid %s: a session of its own: %v", said, own)
		}
		if f[6] != f[2] {
			t.Errorf("pid %s: it is not in the foreground", said)
		}
		c.typed("hello\n")
		c.expect("got hello.")
		p.expectExit(5)
	})
}

func TestKeysOnTerminal(t *testing.T) {
	cases := []struct {
		name string
		code int
		do   func(c *console)
	}{
		{"^C", 130, func(c *console) { c.typed(control('C')) }},
		{`^\`, 131, func(c *console) { c.typed(control('\\')) }},
		{"hang-up", 129, (*console).hangUp},
	}
	for _, test := range cases {
		t.Run(test.name, func(t *testing.T) {
			eachMode(t, modes(everyKind...), func(t *testing.T, m mode) {
				p, c := m.onTerminal(t, probe(t), "hold")
				c.expect("ready")
				test.do(c)
				p.expectExit(test.code)
			})
		})
	}
}

// A window that changes is news for the foreground, which is the child.
func TestWindowSize(t *testing.T) {
	eachMode(t, modes(everyKind...), func(t *testing.T, m mode) {
		p, c := m.onTerminal(t, probe(t), "count", "12", "7")
		c.expect("ready")
		c.resize(40, 100)
		c.expect("28\r\n")
		p.signal(marker)
		c.expect("64\r\n")
		p.signal(syscall.SIGUSR2)
		p.expectExit(7)
		if n := strings.Count(c.all.String(), "28\r\n"); n < 1 || n > 2 {
			t.Errorf("WINCH arrived %d times", n)
		}
	})
}

// To detach from its terminal the kernel sends HUP and CONT to the init, which are not for the child; the next are.
func TestDetachIsSilent(t *testing.T) {
	eachMode(t, modes(everyKind...), func(t *testing.T, m mode) {
		p, c := m.onTerminal(t, probe(t), "count", "12", "7")
		c.expect("ready\r\n")
		init := p.pid()
		for _, sig := range []syscall.Signal{marker, syscall.SIGHUP, marker, syscall.SIGCONT, syscall.SIGUSR2} {
			send(t, init, sig)
			if sig == marker {
				before, found := c.until("64\r\n")
				if !found || before != "" {
					t.Errorf("the child got %q before", before)
				}
				continue
			}
			c.expect(map[syscall.Signal]string{1: "1\r\n", 18: "18\r\n", 12: "12\r\n"}[sig])
		}
		p.expectExit(7)
	})
}

// Stopped by its terminal, a child without a shell above goes on as soon as someone sends CONT to the init.
func TestSuspendWithoutShell(t *testing.T) {
	eachMode(t, modes(everyKind...), func(t *testing.T, m mode) {
		p, c := m.onTerminal(t, sh(t, "echo up; read x; echo got $x.; exit 5")...)
		c.expect("up")
		init, child := p.pid(), p.child()
		if m.isolates() {
			send(t, init, syscall.SIGTSTP) // an orphaned group: the terminal cannot stop it
		} else {
			c.typed(control('Z'))
		}
		p.awaitState(child, "T")
		if m.isolates() && m.place == beside {
			p.awaitState(init, "T") // it stops itself after the child, and a stop drops a CONT that waits
		}
		send(t, init, syscall.SIGCONT)
		p.eventually("child that goes on", func() bool { return !strings.HasPrefix(status(child, "State"), "T") })
		c.typed("hello\n")
		c.expect("got hello.")
		p.expectExit(5)
	}, func(m mode) bool { return m.kind != dumbInit || m.isolates() }) // -c: one group with the init, which is orphaned
}

// An init in the background, with the terminal in someone else's hands: who takes it.
func TestBackground(t *testing.T) {
	eachMode(t, modes(everyKind...), func(t *testing.T, m mode) {
		c := openConsole(t)
		args := m.staged(t, []string{"terminal=background"}, m.argv(sh(t,
			`set -- $(cat /proc/$$/stat); [ $5 = $8 ] && echo foreground. || echo background.; [ $7 = 0 ] && echo none. || echo same.`)...)...)
		p := m.start(t, setup{bare: true, stdin: c.slave}, args...)
		p.expectExit(0)
		want := "background.\nsame.\n"
		switch {
		case m.isolates():
			want = "background.\nnone.\n" // without a terminal: it is not stolen
		case m.kind == tini:
			want = "foreground.\nsame.\n"
		}
		if got := p.stdout.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}
