package dockerd_test

import (
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/runner-init/runner-init/internal/sim/docker"
)

// orphan is a daemon that somebody else has started.
type orphan struct{ *exec.Cmd }

func (o orphan) Wait()                         { o.Cmd.Wait() }
func (o orphan) Signal(s syscall.Signal) error { return o.Process.Signal(s) }

func TestAdopt(t *testing.T) {
	s := set(t, docker.Healthy)
	cmd := exec.Command(filepath.Join(s.dir, "dockerd"), "--host=unix://"+s.Socket)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	s.Adopt(orphan{cmd})
	cmd.Process.Kill()
	s.expect("crashed 1ms", "back")
	pid := s.pid()
	if !s.stopWithin(patience) {
		t.Error("it was killed")
	}
	s.expectGone(pid)
}
