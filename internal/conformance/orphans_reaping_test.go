package conformance

import (
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// adopts holds where orphans become the init's children: everywhere but beside PID 1 under the peers' manners.
func adopts(c contender) bool { return c.place == pid1 || c.kind == execMode }

// zombies returns the dead children of a process that it has not waited for.
func zombies(pid int) []int {
	return slices.DeleteFunc(children(pid), func(child int) bool { return !strings.HasPrefix(status(child, "State"), "Z") })
}

func TestStorm(t *testing.T) {
	each(t, contenders(everyKind...), func(t *testing.T, c contender) {
		n := 2000
		if c.kind == execMode && c.build == native && !testing.Short() {
			n = 20000
		}
		hold, release := pipe(t)
		p := c.start(t, setup{stdin: hold}, "--", actor(t), "storm", strconv.Itoa(n), "5")
		p.expect("main ready\n")
		init := p.pid()
		p.eventually("init whose only child is the main one", func() bool { return len(children(init)) == 1 })
		hold.Close()
		release.Close()
		p.expectExit(5)
	}, adopts)
}

// A program that becomes an init may have had children, of which it knows nothing, and which are not the main child. The
// peers see those that are dead once another one dies.
func TestChildrenFromBefore(t *testing.T) {
	each(t, contenders(everyKind...), func(t *testing.T, c contender) {
		p := c.start(t, setup{bare: true}, c.staged(t, []string{"zombies=5", "living=2"}, "--", probe(t), "count", "12", "7")...)
		p.expect("ready\n")
		init := p.pid()
		if c.build != peer {
			p.eventually("init without zombies", func() bool { return len(zombies(init)) == 0 })
		}
		for _, child := range children(init) {
			if status(child, "Name") == "stage" {
				_ = syscall.Kill(child, syscall.SIGKILL) // a zombie, maybe
			}
		}
		p.eventually("init whose only child is the main one", func() bool { return len(children(init)) == 1 })
		p.signal(syscall.SIGUSR2)
		p.expectExit(7)
	})
}

// Who inherits an orphan.
func TestSubreaper(t *testing.T) {
	cases := []struct {
		kind    kind
		options []string
		env     string
		adopts  bool
	}{
		{kind: execMode, adopts: true},
		{kind: execMode, options: []string{"-s"}, adopts: true},
		{kind: dumbInit},
		{kind: tini},
		{kind: tini, options: []string{"-s"}, adopts: true},
		{kind: tini, env: "TINI_SUBREAPER=", adopts: true},
	}
	for _, test := range cases {
		t.Run(strings.Join(append(slices.Clone(test.options), test.env), " "), func(t *testing.T) {
			each(t, contenders(test.kind), func(t *testing.T, c contender) {
				p := c.start(t, setup{env: []string{usualPath, test.env}}, append(test.options, "--", actor(t), "family", "5")...)
				p.expect("main up\n")
				family, parent := p.family(), p.outer.Pid
				if test.adopts {
					parent = p.pid()
				}
				for _, name := range []string{"orphan", "away"} {
					if got := status(family[name], "PPid"); got != strconv.Itoa(parent) {
						t.Errorf("the parent of %s is %s, want %d", name, got, parent)
					}
				}
				send(t, family["main"], syscall.SIGTERM)
				p.expectExit(5)
			}, isBeside)
		})
	}
}

// A process that has itself traced by the init reports its stops to it. That is no end; the peers
// take it for one, and abort.
func TestTraced(t *testing.T) {
	each(t, contenders(everyKind...), func(t *testing.T, c contender) {
		p := c.start(t, setup{}, "--", actor(t), "traced", "main")
		p.expect("main traced\n")
		init, child := p.pid(), p.child()
		p.awaitState(child, "t")
		p.awaitState(init, "S")
		send(t, child, syscall.SIGKILL)
		p.expectExit(137)

		hold, release := pipe(t)
		p = c.start(t, setup{stdin: hold}, "--", actor(t), "traced", "orphan")
		p.expect("orphan traced\n")
		init = p.pid()
		p.eventually("traced orphan", func() bool {
			return slices.ContainsFunc(children(init), func(child int) bool { return strings.HasPrefix(status(child, "State"), "t") })
		})
		p.awaitState(init, "S")
		hold.Close()
		release.Close()
		p.expectExit(3)
	}, adopts, func(c contender) bool { return c.build != peer })
}

// The main child's end is the end, whoever is left. In dumb-init's model its group is told.
func TestEndBeforeOrphans(t *testing.T) {
	eachMode(t, modes(everyKind...), func(t *testing.T, m mode) {
		p := m.start(t, setup{}, m.argv(actor(t), "family", "5")...)
		p.expect("main up\n")
		began := time.Now()
		send(t, p.family()["main"], syscall.SIGTERM)
		if code := p.awaitEnd(); code != 5 {
			t.Errorf("exit code %d, want 5", code)
		}
		if late := time.Since(began); late > 5*time.Second {
			t.Errorf("the end came after %v", late)
		}
		if m.place == pid1 {
			return // nobody is left
		}
		for name, pid := range p.family() {
			send(t, pid, marker)
			p.expect(name + " 64\n")
		}
		var want []string
		if m.kind == dumbInit && m.isolates() {
			want = []string{"orphan", "same"}
		}
		if got := slices.DeleteFunc(p.reached("15"), func(name string) bool { return name == "main" }); !slices.Equal(got, want) {
			t.Errorf("TERM reached %q, want %q", got, want)
		}
	})
}
