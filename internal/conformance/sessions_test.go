package conformance

import (
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// Whose session and whose group the child is in.
func TestIsolation(t *testing.T) {
	eachMode(t, modes(everyKind...), func(t *testing.T, m mode) {
		got := m.look(t, setup{})
		pid, init := got.number("pid"), 2
		if m.place == pid1 {
			init = 1
		}
		if ppid := got.number("ppid"); ppid != init {
			t.Errorf("its parent is %d, want the init, %d", ppid, init)
		}
		if leads, want := got.number("sid") == pid, m.isolates(); leads != want {
			t.Errorf("it leads a session: %v, want %v", leads, want)
		}
		single := m.kind == dumbInit && !m.isolates()
		if leads, want := got.number("pgid") == pid, !single; leads != want {
			t.Errorf("it leads a group: %v, want %v", leads, want)
		}
	})
}

// A directory that an init stays in cannot be unmounted.
func TestDirectory(t *testing.T) {
	eachMode(t, modes(everyKind...), func(t *testing.T, m mode) {
		dir := t.TempDir()
		p := m.start(t, setup{dir: dir}, m.argv(probe(t), "hold")...)
		p.expect("ready\n")
		if got, want := p.link(p.child(), "cwd"), dir; got != want {
			t.Errorf("the child is in %s, want %s", got, want)
		}
		want := "/"
		if m.kind == tini && m.build == peer {
			want = dir
		}
		init := p.pid()
		p.eventually("init in "+want, func() bool { return p.link(init, "cwd") == want })
	})
}

func (p *process) link(pid int, name string) string {
	p.t.Helper()
	target, err := os.Readlink("/proc/" + strconv.Itoa(pid) + "/" + name)
	if err != nil {
		p.t.Fatal(err)
	}
	return target
}

// What the child was given an init does not hold open, or nobody would see the child close it.
func TestDescriptors(t *testing.T) {
	eachMode(t, modes(everyKind...), func(t *testing.T, m mode) {
		r, w := pipe(t)
		extra := []*os.File{r, w, r, w, r}
		p := m.start(t, setup{files: extra}, m.argv(probe(t), "hold")...)
		p.expect("ready\n")
		held := make([]string, 0, len(extra))
		for fd := range len(extra) {
			held = append(held, p.link(p.child(), "fd/"+strconv.Itoa(3+fd)))
		}
		if want := p.link(os.Getpid(), "fd/"+strconv.Itoa(int(r.Fd()))); held[0] != want || held[2] != want || held[4] != want || held[1] != held[3] {
			t.Errorf("the child has %q from 3 on, want %s first", held, want)
		}
		if m.build == peer {
			return // they keep them
		}
		init := p.pid()
		p.eventually("init without them", func() bool {
			return !slices.ContainsFunc(p.descriptors(init), func(target string) bool { return slices.Contains(held, target) })
		})
		if open := p.descriptors(init); m.build == native && len(open) != 3 {
			t.Errorf("the init has %q open", open)
		}
	})
}

// descriptors returns what a process has open.
func (p *process) descriptors(pid int) (targets []string) {
	p.t.Helper()
	entries, err := os.ReadDir("/proc/" + strconv.Itoa(pid) + "/fd")
	if err != nil {
		p.t.Fatal(err)
	}
	for _, entry := range entries {
		if target, err := os.Readlink("/proc/" + strconv.Itoa(pid) + "/fd/" + entry.Name()); err == nil {
			targets = append(targets, target)
		}
	}
	return targets
}

// An init needs no standard streams, and opens none in their place. The real tini ends for want of its input.
func TestClosedStreams(t *testing.T) {
	for _, closed := range [][]int{{0}, {0, 1}, {0, 1, 2}, {1, 2}} {
		t.Run(list(closed), func(t *testing.T) {
			eachMode(t, modes(everyKind...), func(t *testing.T, m mode) {
				r, w := pipe(t)
				args := m.argv(sh(t, "ls -l /proc/self/fd >&3; exit 5")...)
				p := m.start(t, setup{closed: closed, files: []*os.File{w}}, args...)
				w.Close()
				said := make([]byte, 4096)
				n, _ := r.Read(said)
				p.expectExit(5)
				if m.build == purego {
					return // Go opens /dev/null instead
				}
				for _, fd := range closed {
					if strings.Contains(string(said[:n]), " "+strconv.Itoa(fd)+" -> /dev/null") {
						t.Errorf("descriptor %d is open in the child", fd)
					}
				}
			}, func(m mode) bool { return m.kind != tini || m.build != peer })
		})
	}
}
