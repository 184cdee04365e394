package conformance

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"testing"

	"github.com/runner-init/runner-init/internal/need"
)

// span is the signals from first to last, without KILL and STOP.
func span(first, last syscall.Signal) (set []syscall.Signal) {
	for sig := first; sig <= last; sig++ {
		if sig != syscall.SIGKILL && sig != syscall.SIGSTOP {
			set = append(set, sig)
		}
	}
	return set
}

func TestInheritedSignals(t *testing.T) {
	cases := []struct {
		name             string
		blocked, ignored []syscall.Signal
	}{
		{name: "nothing"},
		{name: "all blocked", blocked: append(span(1, 31), span(34, 64)...)}, // 32 and 33 belong to the C library
		{name: "all ignored", ignored: slices.DeleteFunc(span(1, 31), func(sig syscall.Signal) bool { return sig == syscall.SIGCHLD })},
		{name: "terminal", ignored: []syscall.Signal{syscall.SIGTSTP, syscall.SIGTTOU}},
		{name: "input blocked", blocked: []syscall.Signal{syscall.SIGTTIN}, ignored: []syscall.Signal{syscall.SIGTTOU}},
		{name: "nohup", ignored: []syscall.Signal{syscall.SIGHUP}, blocked: []syscall.Signal{syscall.SIGTERM, 40}},
	}
	for _, test := range cases {
		t.Run(test.name, func(t *testing.T) {
			eachMode(t, modes(everyKind...), func(t *testing.T, m mode) {
				got := m.look(t, setup{blocked: test.blocked, ignored: test.ignored})
				wantBlocked, wantIgnored := test.blocked, test.ignored
				if !m.keepsSignals() {
					wantBlocked, wantIgnored = nil, nil
				}
				if blocked := got.signals("blocked"); !slices.Equal(blocked, wantBlocked) {
					t.Errorf("blocked: %d, want %d", blocked, wantBlocked)
				}
				if ignored := got.signals("ignored"); !slices.Equal(ignored, wantIgnored) {
					t.Errorf("ignored: %d, want %d", ignored, wantIgnored)
				}
			}, func(m mode) bool { return m.build != purego || test.name == "nothing" })
		})
	}
}

// Where CHLD is ignored the kernel reaps, and no parent learns how its child has ended; the real tini then waits for ever.
func TestChildSignalIgnored(t *testing.T) {
	eachMode(t, modes(everyKind...), func(t *testing.T, m mode) {
		s := setup{ignored: []syscall.Signal{syscall.SIGCHLD}}
		m.start(t, s, m.argv(probe(t), "exit", "5")...).expectExit(5)
		s.blocked = span(1, 64)
		m.start(t, s, m.argv(probe(t), "kill", "6")...).expectExit(134)
		if m.keepsSignals() {
			if got := m.look(t, s).signals("ignored"); !slices.Equal(got, s.ignored) {
				t.Errorf("ignored: %d, want %d", got, s.ignored)
			}
		}
	}, func(m mode) bool { return m.kind != tini || m.build != peer })
}

// An ordinary user's init whose child became root, and root's that has no right to signal others: tini gives up there.
func TestChildBeyondReach(t *testing.T) {
	each(t, contenders(everyKind...), func(t *testing.T, c contender) {
		privileged := setuid(t, actor(t))
		user := c.start(t, setup{user: 65534}, "--", privileged, "user", "0")
		root := c.start(t, setup{bare: true}, c.staged(t, []string{"without=5"}, "--", actor(t), "user", "65534")...)
		for _, p := range []*process{user, root} {
			p.expect("main up\n")
			init, child := p.pid(), p.child()
			for _, sig := range []syscall.Signal{syscall.SIGHUP, syscall.SIGTERM, syscall.SIGTERM, 40} {
				send(t, init, sig)
			}
			send(t, child, marker)
			p.expect("main 64\n")
			p.awaitState(init, "S")
			send(t, child, syscall.SIGKILL)
			p.expectExit(137)
			if got := p.stdout.String(); got != "main up\nmain 64\n" {
				t.Errorf("the child said %q", got)
			}
		}
	}, func(c contender) bool { return c.kind != tini || c.build != peer })
}

// setuid returns a copy that runs as root whoever executes it.
func setuid(t *testing.T, program string) string {
	t.Helper()
	need.Root(t)
	dir, err := os.MkdirTemp("", "conformance-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	path := filepath.Join(dir, "actor")
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	// Another process writes it: a program that is open for writing in a child of ours just then could not be executed.
	if out, err := exec.Command("install", "-m", "4755", program, path).CombinedOutput(); err != nil {
		t.Fatalf("cannot copy a program: %v\n%s", err, out)
	}
	return path
}
