package runner

import (
	"net"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/runner-init/runner-init/internal/need"
)

func TestDockerAddress(t *testing.T) {
	for _, c := range []struct {
		environ          []string
		network, address string
	}{
		{nil, "unix", "/var/run/docker.sock"},
		{[]string{"DOCKER_HOST="}, "unix", "/var/run/docker.sock"},
		{[]string{"DOCKER_HOST=tcp://a:1", "DOCKER_HOST=unix:///x"}, "unix", "/x"},
		{[]string{"DOCKER_HOST=tcp://docker:2376"}, "tcp", "docker:2376"},
		{[]string{"DOCKER_HOST=ssh://somewhere"}, "", ""},
		{[]string{"DOCKER_HOSTS=unix:///x"}, "unix", "/var/run/docker.sock"},
	} {
		if network, address := (&Runner{Environ: c.environ}).DockerAddress(); network != c.network || address != c.address {
			t.Errorf("%q: got %q, %q; want %q, %q", c.environ, network, address, c.network, c.address)
		}
	}
}

// A group is joined where that helps, and nowhere else.
func TestJoinDocker(t *testing.T) {
	need.Root(t)
	for name, c := range map[string]struct {
		mode     os.FileMode
		uid, gid int
		joins    bool
		may      bool // in the end
	}{
		"the group's":       {0o660, 0, 998, true, true},
		"root's group's":    {0o660, 0, 0, true, true},
		"his already":       {0o660, 0, 4713, false, true},
		"his own":           {0o600, 4711, 998, false, true},
		"everybody's":       {0o666, 0, 998, false, true},
		"root's alone":      {0o600, 0, 998, false, false},
		"readable, no more": {0o640, 0, 998, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			socket := listenAt(t, c.mode, c.uid, c.gid)
			r := &Runner{Environ: []string{"DOCKER_HOST=unix://" + socket}, User: &User{Name: "job", UID: 4711, GID: 4712, Groups: []uint32{4712, 4713}}}
			at, gid, joined := r.JoinDocker()
			if joined != c.joins || joined && (at != socket || gid != uint32(c.gid) || !slices.Contains(r.User.Groups, gid)) || !joined && len(r.User.Groups) != 2 {
				t.Errorf("got %q, %d, %v and the groups %d; want joined %v", at, gid, joined, r.User.Groups, c.joins)
			}
			if got := r.User.MayConnect(socket); got != c.may {
				t.Errorf("the user may connect: %v, want %v", got, c.may)
			}
			if _, _, again := r.JoinDocker(); again {
				t.Error("it was joined twice")
			}
		})
	}
}

// What is no socket, no user, or not there is left alone.
func TestJoinDockerNowhere(t *testing.T) {
	need.Root(t)
	plain := filepath.Join(t.TempDir(), "plain")
	if err := os.WriteFile(plain, nil, 0o660); err != nil {
		t.Fatal(err)
	}
	user := &User{Name: "job", UID: 4711, GID: 4712}
	for _, host := range []string{"unix://" + plain, "unix://" + plain + "/none", "tcp://127.0.0.1:1", "ssh://somewhere"} {
		if _, _, joined := (&Runner{Environ: []string{"DOCKER_HOST=" + host}, User: user}).JoinDocker(); joined || user.Groups != nil {
			t.Errorf("%s: joined %d", host, user.Groups)
		}
	}
	socket := listenAt(t, 0o660, 0, 998)
	if _, _, joined := (&Runner{Environ: []string{"DOCKER_HOST=unix://" + socket}}).JoinDocker(); joined {
		t.Error("we have joined a group ourselves")
	}
}

// listenAt makes a socket with somebody behind it, and returns its path.
func listenAt(t *testing.T, mode os.FileMode, uid, gid int) string {
	t.Helper()
	dir := t.TempDir()
	reachable(t, dir)
	path := filepath.Join(dir, "docker.sock")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	if err := os.Chown(path, uid, gid); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
	return path
}
