package conformance

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/runner-init/runner-init/internal/need"
)

// A crowd is a cgroup of its own that limits how many processes and threads there may be.
type crowd struct{ dir string }

func newCrowd(t *testing.T, limit int) crowd {
	t.Helper()
	need.Root(t)
	parent := "/sys/fs/cgroup/pids" // v1
	if _, err := os.Stat(parent); err != nil {
		parent = "/sys/fs/cgroup" // v2, where the root has the controller and may have passed it on
	}
	dir, err := os.MkdirTemp(parent, "conformance-")
	if err != nil {
		need.Missing(t, "no cgroup can be made here: "+err.Error())
	}
	t.Cleanup(func() { os.Remove(dir) }) // runs after what it held was killed: cleanups go backwards
	c := crowd{dir}
	if err := c.limit(limit); err != nil {
		need.Missing(t, "this machine has no pids controller: "+err.Error())
	}
	return c
}

func (c crowd) limit(n int) error {
	return os.WriteFile(filepath.Join(c.dir, "pids.max"), []byte(strconv.Itoa(n)), 0)
}

// No room for a child: an end with the code of a fork that failed, and no other.
func TestNoRoomToStart(t *testing.T) {
	each(t, contenders(everyKind...), func(t *testing.T, c contender) {
		o := c.run(t, setup{bare: true}, c.staged(t, []string{"join=" + newCrowd(t, 1).dir + "/cgroup.procs"}, "--", probe(t), "exit", "0")...)
		want := 1
		if c.kind == execMode {
			want = 126
		}
		if o.code != want || o.stderr == "" || strings.Contains(o.stderr, "goroutine") {
			t.Errorf("exit code %d, want %d; it said %q", o.code, want, o.stderr)
		}
		if c.kind == execMode && !strings.Contains(o.stderr, "pids") {
			t.Errorf("it does not name the limit: %q", o.stderr)
		}
	}, notPurego)
}

// No room for anything more, once it runs: an init needs none.
func TestNoRoomLater(t *testing.T) {
	each(t, contenders(everyKind...), func(t *testing.T, c contender) {
		room := newCrowd(t, 30)
		join := []string{"join=" + room.dir + "/cgroup.procs"}
		p := c.start(t, setup{bare: true}, c.staged(t, join, "--", probe(t), "count", "12", "7")...)
		p.expect("ready\n")
		if err := room.limit(1); err != nil {
			t.Fatal(err)
		}
		for sig := range syscall.Signal(100) {
			p.signal(34 + 1 + sig%10)
		}
		p.signal(marker)
		p.expect("64\n")
		p.signal(syscall.SIGUSR2)
		p.expectExit(7)
	})
}

func TestTightestFit(t *testing.T) {
	each(t, contenders(everyKind...), func(t *testing.T, c contender) {
		join := []string{"join=" + newCrowd(t, 2).dir + "/cgroup.procs"}
		c.start(t, setup{bare: true}, c.staged(t, join, "--", probe(t), "exit", "3")...).expectExit(3)
	}, notPurego)
}

// The limits are the child's: Go raises that of open files for itself.
func TestOpenFiles(t *testing.T) {
	eachMode(t, modes(everyKind...), func(t *testing.T, m mode) {
		args := m.staged(t, []string{"nofile=64:4096"}, m.argv(sh(t, "ulimit -Sn; ulimit -Hn")...)...)
		p := m.start(t, setup{bare: true}, args...)
		p.expectExit(0)
		if got := p.stdout.String(); got != "64\n4096\n" {
			t.Errorf("the child has %q", got)
		}
	})
}

// Worlds in which something is missing that many programs need.
func TestPoorWorlds(t *testing.T) {
	worlds := map[string][]string{
		"little memory": {"as=67108864:67108864"},
		"no proc":       {"hide=/proc"},
		"no dev":        {"hide=/dev"},
		"read-only":     {"readonly=/"},
		"nothing":       {"hide=/proc", "hide=/dev", "readonly=/", "nofile=4:4"},
	}
	for name, keys := range worlds {
		t.Run(name, func(t *testing.T) {
			eachMode(t, modes(everyKind...), func(t *testing.T, m mode) {
				p := m.start(t, setup{bare: true}, m.staged(t, keys, m.argv(probe(t), "count", "12", "7")...)...)
				p.expect("ready\n")
				p.signal(syscall.SIGHUP)
				p.expect("1\n")
				p.signal(syscall.SIGUSR2)
				p.expectExit(7)
			}, func(m mode) bool { return m.build != purego || name == "no proc" || name == "read-only" }) // Go needs more
		})
	}
}

func TestLongCommand(t *testing.T) {
	arguments := slices.Repeat([]string{"x"}, 100_000)
	env := []string{usualPath}
	for i := range 6 {
		env = append(env, fmt.Sprintf("LONG%d=%s", i, strings.Repeat("e", 100_000)))
	}
	each(t, contenders(everyKind...), func(t *testing.T, c contender) {
		script := `echo $# ${#LONG0} ${#LONG5}`
		o := c.run(t, setup{env: env}, append([]string{"--", need.Installed(t, "busybox"), "sh", "-c", script, "sh"}, arguments...)...)
		if o.code != 0 || o.stdout != "100000 100000 100000\n" {
			t.Errorf("exit code %d, it said %q, %q", o.code, o.stdout, o.stderr)
		}
	})
}

// Who waits does nothing else. The real tini wakes once a second.
func TestIdle(t *testing.T) {
	each(t, contenders(everyKind...), func(t *testing.T, c contender) {
		p := mode{contender: c}.counter(t, setup{})
		init := p.pid()
		p.awaitState(init, "S")
		switches := func() string {
			return status(init, "voluntary_ctxt_switches") + " " + status(init, "nonvoluntary_ctxt_switches")
		}
		before := switches()
		<-time.After(2 * time.Second) // this is what is measured, not what is waited for
		if after := switches(); after != before {
			t.Errorf("it ran: %s switches, then %s", before, after)
		}
		if threads := status(init, "Threads"); threads != "1" {
			t.Errorf("%s threads", threads)
		}
	}, func(c contender) bool { return c.build == native || c.build == peer && c.kind == dumbInit })
}

// Ten thousand signals while processes come and go: none of those is lost that the kernel does not merge.
func TestFlood(t *testing.T) {
	each(t, contenders(everyKind...), func(t *testing.T, c contender) {
		p := c.start(t, setup{}, "--", actor(t), "flood", "7")
		p.expect("main up\n")
		init := p.pid()
		queued := []syscall.Signal{35, 40, 50, 57, 63}
		merged := []syscall.Signal{syscall.SIGHUP, syscall.SIGUSR2, syscall.SIGWINCH, syscall.SIGCHLD, syscall.SIGCONT}
		for range 1000 {
			p.eventually("room for signals", queueHasRoom)
			for i := range queued {
				send(t, init, queued[i])
				send(t, init, merged[i])
			}
		}
		send(t, init, marker)
		p.expectExit(7)
		for _, sig := range queued {
			if line := fmt.Sprintf("\n%d 1000\n", int(sig)); !strings.Contains(p.stdout.String(), line) {
				t.Errorf("signal %d did not arrive a thousand times", int(sig))
			}
		}
	}, notPurego)
}

// queueHasRoom says whether this user may have many more signals pending. At the limit the kernel merges them all, see
// RLIMIT_SIGPENDING in getrlimit(2).
func queueHasRoom() bool {
	var queued, limit int
	n, _ := fmt.Sscanf(status(os.Getpid(), "SigQ"), "%d/%d", &queued, &limit)
	return n == 2 && queued < limit/4
}
