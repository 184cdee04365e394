package main

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/runner-init/runner-init/internal/need"
	simdocker "github.com/runner-init/runner-init/internal/sim/docker"
)

// What does not come up is told with its last words, before anything is registered.
func TestDockerDoesNotComeUp(t *testing.T) {
	for what, says := range map[string]string{simdocker.Broken: "failed to start daemon", simdocker.Mute: "no answer from it at /var/run/docker.sock after", simdocker.Deaf: "RUNNER_DOCKER_TIMEOUT is how long it may take"} {
		t.Run(what, func(t *testing.T) {
			h := newHub(t)
			b := openDocker(t, h, simdocker.Install(t, what), "RUNNER_DOCKER_TIMEOUT=1s")
			b.expectExit(83)
			if calls := h.calls(); len(calls) > 0 {
				t.Errorf("GitHub was asked: %q", calls)
			}
			inOrder(t, b.stderr.String(), "dockerd: ", "docker did not come up", says)
		})
	}
	t.Run("absent", func(t *testing.T) {
		h := newHub(t)
		b := openDocker(t, h, t.TempDir(), "PATH=/usr/bin:/bin")
		b.expectExit(83)
		inOrder(t, b.stderr.String(), "cannot find dockerd")
	})
}

// One clear error where we are not root, or where there is a daemon already.
func TestDockerMisplaced(t *testing.T) {
	need.Root(t)
	t.Run("not root", func(t *testing.T) {
		h := newHub(t)
		cmd := exec.CommandContext(t.Context(), need.Program(t, "cmd/runner-init"))
		cmd.Dir = newRoot(t)
		cmd.Env = append([]string{"GITHUB_SERVER_URL=" + h.url, "GITHUB_API_URL=" + h.url}, usual("RUNNER_DOCKER=dind")...)
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 4711, Gid: 4711}}
		out, err := cmd.CombinedOutput()
		exit, ok := errors.AsType[*exec.ExitError](err)
		if !ok || exit.ExitCode() != 78 || !strings.Contains(string(out), "RUNNER_DOCKER=dind needs root") {
			t.Errorf("got %v:\n%s", err, out)
		}
	})
	t.Run("taken", func(t *testing.T) {
		h := newHub(t)
		daemon := simdocker.Install(t, simdocker.Healthy)
		b := openProgram(t, "sh", h, newRoot(t), usual("RUNNER_DOCKER=dind", "PATH="+daemon+":"+os.Getenv("PATH")), "-c",
			`mount -t tmpfs none /run || exit; dockerd --host=unix:///var/run/docker.sock & until [ -S /var/run/docker.sock ]; do sleep 0.05; done; exec "$0"`, need.Program(t, "cmd/runner-init"))
		b.expectExit(78)
		if calls := h.calls(); len(calls) > 0 {
			t.Errorf("GitHub was asked: %q", calls)
		}
		inOrder(t, b.stderr.String(), "a daemon listens already", "leave out RUNNER_DOCKER")
	})
}

// What is mounted in the place of the socket is nothing that we may take away: one clear error. An engine makes a directory
// of what is not there.
func TestDockerMountInTheWay(t *testing.T) {
	need.Root(t)
	h := newHub(t)
	daemon := simdocker.Install(t, simdocker.Healthy)
	b := openProgram(t, "sh", h, newRoot(t), usual("RUNNER_DOCKER=dind", "PATH="+daemon+":"+os.Getenv("PATH")), "-c",
		`mount -t tmpfs none /run && mkdir /run/docker.sock && mount -t tmpfs none /run/docker.sock && exec "$0"`, need.Program(t, "cmd/runner-init"))
	b.expectExit(78)
	if calls := h.calls(); len(calls) > 0 {
		t.Errorf("GitHub was asked: %q", calls)
	}
	inOrder(t, b.stderr.String(), "something is in the way of its socket", "/var/run/docker.sock", "leave out RUNNER_DOCKER")
}

// A stop during its start ends it, within the grace period also if it does not listen.
func TestDockerStartStopped(t *testing.T) {
	const grace = 5 * time.Second
	for _, what := range []string{simdocker.Mute, simdocker.Deaf} {
		t.Run(what, func(t *testing.T) {
			h := newHub(t)
			b := openDocker(t, h, simdocker.Install(t, what), "RUNNER_STOP_TIMEOUT="+grace.String())
			b.said("dockerd: arguments")
			begin := time.Now()
			b.signal(syscall.SIGTERM)
			b.expectExit(0)
			if took := time.Since(begin); took > grace {
				t.Errorf("the stop took %s", took)
			}
			if calls := h.calls(); len(calls) > 0 {
				t.Errorf("GitHub was asked: %q", calls)
			}
		})
	}
}

// A supervisor that dies while its daemon starts has registered nothing, and its successor ends the daemon.
func TestDockerStartRecovered(t *testing.T) {
	h := newHub(t)
	daemon := simdocker.Install(t, simdocker.Mute)
	b := openDocker(t, h, daemon)
	b.said("dockerd: arguments")
	kill(t, b.supervisor())
	b.expectExit(70)
	if calls := h.calls(); len(calls) > 0 {
		t.Errorf("GitHub was asked: %q", calls)
	}
	if said := simdocker.Record(daemon); !strings.HasSuffix(said, "asked to end\n") {
		t.Errorf("the daemon was not asked to end: %s", said)
	}
}
