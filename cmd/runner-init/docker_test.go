package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/runner-init/runner-init/internal/need"
	simdocker "github.com/runner-init/runner-init/internal/sim/docker"
	"github.com/runner-init/runner-init/internal/sim/github"
)

// openDocker starts runner-init where there is nothing in /run, with a daemon that is found first in PATH.
func openDocker(t *testing.T, h *hub, daemon string, environ ...string) *box {
	t.Helper()
	need.Root(t)
	environ = append(usual("RUNNER_DOCKER=dind", "PATH="+daemon+":"+os.Getenv("PATH")), environ...)
	return openProgram(t, "sh", h, newRoot(t), environ, "-c", `mount -t tmpfs none /run && exec "$0"`, need.Program(t, "cmd/runner-init"))
}

// inOrder checks that each text is in the output after the one before it.
func inOrder(t *testing.T, output string, texts ...string) {
	t.Helper()
	rest := output
	for _, text := range texts {
		_, after, found := strings.Cut(rest, text)
		if !found {
			t.Errorf("no %q at its place, in the order of %q", text, texts)
			return
		}
		rest = after
	}
}

// create starts a container from within a job, which is a process of the daemon's and not the job's.
const create = "curl --silent --fail --unix-socket /var/run/docker.sock -X POST http://docker/containers"

// daemonOf returns the pid of the daemon, as seen from outside, and fails if there is none.
func (b *box) daemonOf(dir string) (pid int) {
	b.t.Helper()
	b.eventually("dockerd", func() bool {
		paths, _ := filepath.Glob("/proc/[0-9]*/cmdline")
		for _, path := range paths {
			text, _ := os.ReadFile(path)
			if strings.HasPrefix(string(text), filepath.Join(dir, simdocker.Name)+"\x00") {
				pid, _ = strconv.Atoi(filepath.Base(filepath.Dir(path)))
			}
		}
		return pid != 0
	})
	return pid
}

// The daemon is up before GitHub is asked for anything, jobs use it, what it runs is no stray of a job's, and it is the
// last to be stopped.
func TestDockerInside(t *testing.T) {
	for _, build := range [][]string{nil, {"purego"}} {
		t.Run(fmt.Sprint(build), func(t *testing.T) {
			h := newHub(t)
			daemon := simdocker.Install(t, simdocker.Healthy)
			job := h.job(create + "; " + leave("echo > "+daemon+"/LEFT; exec sleep 1000") + "until [ -e " + daemon + "/LEFT ]; do sleep 0.05; done")
			environ := usual("RUNNER_DOCKER=dind", "PATH="+daemon+":"+os.Getenv("PATH"), "RUNNER_DOCKER_MIRRORS=https://m.example.com", "RUNNER_DOCKER_ARGS=--data-root  /data --debug")
			need.Root(t)
			b := openProgram(t, "sh", h, newRoot(t), environ, "-c", `mount -t tmpfs none /run && exec "$0"`, need.Program(t, "cmd/runner-init", build...))
			b.expectExit(0)
			expectResult(t, job, github.Succeeded)
			h.expectEmpty(t)
			inOrder(t, b.stderr.String(), "dockerd: arguments: --host=unix:///var/run/docker.sock", "docker answers", `"registering"`, `"job ended"`,
				"processes that a job left behind", `"phase":"exited"`, "dockerd: stopped with 1 containers", `"exited"`)
			for _, want := range []string{" --registry-mirror=https://m.example.com ", " --data-root /data --debug\n"} {
				if !strings.Contains(simdocker.Record(daemon), want) {
					t.Errorf("the daemon does not know %q: %s", want, simdocker.Record(daemon))
				}
			}
		})
	}
}

// A job that is not root may use the daemon all the same, and nobody else may.
func TestDockerGroup(t *testing.T) {
	h := newHub(t)
	job := h.job("id; " + create)
	b := openDocker(t, h, simdocker.Install(t, simdocker.Healthy), "RUNNER_USER=4711:4712")
	b.expectExit(0)
	expectResult(t, job, github.Succeeded)
}

// A daemon that crashes is there again, for an idle runner and under a job, and nothing of the one before is.
func TestDockerCrashes(t *testing.T) {
	h := newHub(t)
	daemon := simdocker.Install(t, simdocker.Healthy)
	b := openDocker(t, h, daemon)
	h.listening(t, b)
	kill(t, b.daemonOf(daemon))
	b.said("docker is back")
	job := h.job("container=$(" + create + ") && echo working; kill -KILL $(pidof dockerd); until [ -e " + daemon + "/ON ]; do sleep 0.05; done; " +
		create + " && ! [ -e /proc/$container/exe ]")
	b.saidTimes("docker is back", 2)
	if err := os.WriteFile(filepath.Join(daemon, "ON"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	b.expectExit(0)
	expectResult(t, job, github.Succeeded)
	h.expectEmpty(t)
	inOrder(t, b.stderr.String(), "docker crashed", "docker is back", `"job started"`, "docker crashed", "docker is back", `"job ended"`, "stopped with 1 containers")
}

// While its daemon is down a runner is alive, and not ready: a rollout waits, and nobody ends it for that.
func TestDockerReadiness(t *testing.T) {
	h := newHub(t)
	daemon := simdocker.Install(t, simdocker.Healthy)
	b := openDocker(t, h, daemon)
	h.listening(t, b)
	b.said(`"phase":"listening"`)
	b.expectHealth("ready listening", true)
	simdocker.Become(t, daemon, simdocker.Broken)
	kill(t, b.daemonOf(daemon))
	b.said("docker crashed")
	b.expectHealth("alive listening", false)
	simdocker.Become(t, daemon, simdocker.Healthy)
	b.said("docker is back")
	b.expectHealth("ready listening", true)
	b.signal(syscall.SIGTERM)
	b.expectExit(0)
}

// A runner whose daemon cannot be brought back lets its job end, and takes no other one.
func TestDockerGivenUp(t *testing.T) {
	lose := func(t *testing.T, b *box, daemon string) {
		simdocker.Become(t, daemon, simdocker.Broken)
		kill(t, b.daemonOf(daemon))
	}
	t.Run("idle", func(t *testing.T) {
		h := newHub(t)
		daemon := simdocker.Install(t, simdocker.Healthy)
		b := openDocker(t, h, daemon)
		h.listening(t, b)
		lose(t, b, daemon)
		b.expectExit(83)
		h.expectEmpty(t)
		inOrder(t, b.stderr.String(), "docker crashed", "docker is given up", "docker kept crashing")
	})
	t.Run("busy", func(t *testing.T) {
		h := newHub(t)
		daemon := simdocker.Install(t, simdocker.Healthy)
		job := h.job("echo working; until [ -e " + daemon + "/ON ]; do sleep 0.05; done")
		b := openDocker(t, h, daemon)
		working(t, job)
		lose(t, b, daemon)
		b.said("docker is given up")
		if err := os.WriteFile(filepath.Join(daemon, "ON"), nil, 0o644); err != nil {
			t.Fatal(err)
		}
		b.expectExit(83)
		expectResult(t, job, github.Succeeded)
		h.expectEmpty(t)
	})
}

// While a job drains the daemon hears nothing of the stop, not even as one of a process group.
func TestDockerDrains(t *testing.T) {
	h := newHub(t)
	daemon := simdocker.Install(t, simdocker.Healthy)
	job := h.job("echo working; until grep -q asked " + daemon + "/STOP; do sleep 0.05; done 2>/dev/null; " + create)
	b := openDocker(t, h, daemon)
	working(t, job)
	b.signal(syscall.SIGTERM)
	b.said(`"phase":"draining"`)
	if err := os.WriteFile(filepath.Join(daemon, "STOP"), []byte("asked"), 0o644); err != nil {
		t.Fatal(err)
	}
	b.expectExit(0)
	expectResult(t, job, github.Succeeded)
	h.expectEmpty(t)
	inOrder(t, b.stderr.String(), "stop requested", `"job ended"`, `"phase":"exited"`, "dockerd: stopped with 1 containers")
}

// A daemon that does not end is killed within the grace period.
func TestDockerKilled(t *testing.T) {
	h := newHub(t)
	b := openDocker(t, h, simdocker.Install(t, simdocker.Stubborn), "RUNNER_STOP_TIMEOUT=5s")
	h.listening(t, b)
	begin := time.Now()
	b.signal(syscall.SIGTERM)
	b.expectExit(0)
	if took := time.Since(begin); took > 5*time.Second {
		t.Errorf("the stop took %s", took)
	}
	inOrder(t, b.stderr.String(), `"phase":"exited"`, "docker was killed", `"exited"`)
}

// The daemon outlives a supervisor that dies, and one that has dropped its credentials, and is stopped by the next one.
func TestDockerOutlivesSupervisor(t *testing.T) {
	for name, test := range map[string]struct {
		environ []string
		kill    bool
		code    int
	}{
		"killed":  {nil, true, 70},
		"dropped": {[]string{"RUNNER_DROP_CREDENTIALS=true"}, false, 0},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHub(t)
			daemon := simdocker.Install(t, simdocker.Healthy)
			job := h.job("echo working; until [ -e " + daemon + "/ON ]; do sleep 0.05; done; " + create)
			b := openDocker(t, h, daemon, test.environ...)
			working(t, job)
			pid := b.daemonOf(daemon)
			if test.kill {
				kill(t, b.supervisor())
				b.said(`"phase":"draining"`)
			}
			if again := b.daemonOf(daemon); again != pid { // while the job waits
				t.Errorf("the daemon is %d, and was %d", again, pid)
			}
			if err := os.WriteFile(filepath.Join(daemon, "ON"), nil, 0o644); err != nil {
				t.Fatal(err)
			}
			b.expectExit(test.code)
			expectResult(t, job, github.Succeeded)
			h.expectEmpty(t)
			if !strings.HasSuffix(simdocker.Record(daemon), "stopped with 1 containers\n") {
				t.Errorf("the daemon says:\n%s", simdocker.Record(daemon))
			}
		})
	}
}
