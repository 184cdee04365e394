package dockerd_test

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/runner-init/runner-init/internal/dockerd"
	"github.com/runner-init/runner-init/internal/sim/docker"
)

// The socket of a daemon outside is not taken from it.
func TestTaken(t *testing.T) {
	first, second := set(t, docker.Healthy), set(t, docker.Healthy)
	first.mustStart()
	second.Socket = first.Socket
	if err := second.start(); !errors.Is(err, dockerd.ErrTaken) {
		t.Errorf("got %v", err)
	}
	if len(second.pids) != 0 {
		t.Error("a process was started")
	}
}

// One that hangs is a daemon all the same: what is at its socket is its own.
func TestTakenByOneThatHangs(t *testing.T) {
	s := set(t, docker.Healthy)
	l, err := net.Listen("unix", s.Socket)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	pidfile := filepath.Join(s.dir, "docker.pid")
	if err := os.WriteFile(pidfile, []byte("1"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := s.start(); !errors.Is(err, dockerd.ErrTaken) {
		t.Errorf("got %v", err)
	}
	for _, path := range []string{s.Socket, pidfile} {
		if _, err := os.Stat(path); err != nil {
			t.Error(err)
		}
	}
}

// What a daemon that was killed, or an engine, has left at the place of the socket is removed, if it can be.
func TestSocketLeft(t *testing.T) {
	for name, leave := range map[string]func(path string) error{
		"socket": func(path string) error {
			l, err := net.Listen("unix", path)
			if err == nil {
				l.(*net.UnixListener).SetUnlinkOnClose(false)
				err = l.Close()
			}
			return err
		},
		"file":      func(path string) error { return os.WriteFile(path, nil, 0o600) },
		"link":      func(path string) error { return os.Symlink("/nowhere", path) },
		"directory": func(path string) error { return os.Mkdir(path, 0o755) },
	} {
		t.Run(name, func(t *testing.T) {
			s := set(t, docker.Healthy)
			if err := leave(s.Socket); err != nil {
				t.Fatal(err)
			}
			s.mustStart()
		})
	}
	t.Run("full directory", func(t *testing.T) {
		s := set(t, docker.Healthy)
		if err := os.MkdirAll(filepath.Join(s.Socket, "something"), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := s.start(); !errors.Is(err, dockerd.ErrInTheWay) || !strings.Contains(err.Error(), s.Socket) {
			t.Errorf("got %v", err)
		}
		if len(s.pids) != 0 {
			t.Error("a process was started")
		}
	})
}

// A daemon that has lost its init is nobody's, but it lives, and nobody starts another one on what it works with.
func TestInitKilled(t *testing.T) {
	s := set(t, docker.Healthy)
	s.Init = []string{"sh", "-c", `"$@" & wait`, "init"}
	s.mustStart()
	init := s.pid()
	defer syscall.Kill(-init, syscall.SIGKILL) // the daemon is in its group
	syscall.Kill(init, syscall.SIGKILL)
	s.expect("crashed 1ms", "crashed 2ms", "crashed 4ms", "crashed 8ms", "given up")
	if len(s.pids) != 0 {
		t.Error("another one was started")
	}
	if err := dockerd.Ping(t.Context(), "unix", s.Socket); err != nil {
		t.Error(err)
	}
}

// The files of an earlier daemon are where the configuration file puts them, too.
func TestStaleByFile(t *testing.T) {
	s := set(t, docker.Healthy)
	pidfile, execRoot, config := filepath.Join(s.dir, "own.pid"), filepath.Join(s.dir, "own"), filepath.Join(s.dir, "daemon.json")
	s.Args = []string{"--config-file", config}
	left := []string{pidfile, filepath.Join(execRoot, "containerd/containerd.pid")}
	os.MkdirAll(filepath.Dir(left[1]), 0o755)
	for path, text := range map[string]string{config: fmt.Sprintf(`{"pidfile": %q, "exec-root": %q}`, pidfile, execRoot), left[0]: "1", left[1]: "1"} {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	s.mustStart()
	for _, path := range left {
		if _, err := os.Stat(path); err == nil {
			t.Errorf("%s is left", path)
		}
	}
}
