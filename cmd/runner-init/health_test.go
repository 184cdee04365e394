package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/runner-init/runner-init/internal/need"
	"github.com/runner-init/runner-init/internal/sim/github"
)

// health is what a probe in the container of a box says, and its exit code; as root, or as a user that the container does
// not know.
func (b *box) health(uid int, args ...string) (said string, code int) {
	b.t.Helper()
	argv := []string{"--mount", "--pid", "--target", strconv.Itoa(b.pid), "--setuid", strconv.Itoa(uid), need.Program(b.t, "cmd/runner-init"), "healthcheck"}
	cmd := exec.CommandContext(b.t.Context(), "nsenter", append(argv, args...)...)
	cmd.Env = []string{} // a probe has an environment, and needs none of it
	out, err := cmd.CombinedOutput()
	if _, ended := errors.AsType[*exec.ExitError](err); err != nil && !ended {
		b.t.Fatal(err)
	}
	return strings.TrimSpace(string(out)), cmd.ProcessState.ExitCode()
}

// expectHealth asks as a probe would, for life and for readiness.
func (b *box) expectHealth(want string, ready bool) {
	b.t.Helper()
	const stranger = 54321
	for _, uid := range []int{0, stranger} {
		if said, code := b.health(uid); said != want || code != 0 {
			b.t.Errorf("healthcheck as %d: %q and exit code %d, want %q and 0", uid, said, code, want)
		}
		wantCode := 1
		if ready {
			wantCode = 0
		}
		if said, code := b.health(uid, "--ready"); said != want || code != wantCode {
			b.t.Errorf("healthcheck --ready as %d: %q and exit code %d, want %q and %d", uid, said, code, want, wantCode)
		}
	}
}

// Alive is everything from boot to the end, whatever GitHub is up to; ready is a runner that takes jobs, or has one.
func TestHealthcheck(t *testing.T) {
	h := newHub(t)
	gate := h.Gate(github.Point{Method: "POST", Route: "/repos/{owner}/{repo}/actions/runners/generate-jitconfig"})
	b := open(t, h, newRoot(t), usual("RUNNER_STOP_TIMEOUT=60"))
	if _, err := gate.Arrived(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.expectHealth("alive registering", false)
	gate.Release()
	h.listening(t, b)
	b.said(`"phase":"listening"`)
	b.expectHealth("ready listening", true)
	h.Fault(github.Fault{Status: 503, Method: "DELETE", Route: registrations})
	working(t, h.longJob())
	b.said(`"phase":"running"`)
	b.expectHealth("ready running", true)
	b.signal(syscall.SIGTERM)
	b.said(`"phase":"draining"`)
	b.expectHealth("alive draining", false)
}

// A supervisor that does not answer is no healthy one, and who asks does not wait for ever.
func TestHealthcheckOfHungSupervisor(t *testing.T) {
	h := newHub(t)
	b := open(t, h, newRoot(t), usual())
	h.listening(t, b)
	if err := syscall.Kill(b.supervisor(), syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	b.eventually("all of its threads to be stopped", func() bool {
		threads, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/[0-9]*/stat", b.supervisor()))
		return len(threads) > 0 && !slices.ContainsFunc(threads, func(path string) bool {
			text, _ := os.ReadFile(path)
			return !strings.Contains(string(text), ") T ")
		})
	})
	if said, code := b.health(0); code != 1 || !strings.Contains(said, "no answer") {
		t.Errorf("healthcheck: %q and exit code %d", said, code)
	}
}

// A job that floods the socket, and holds what it has opened, keeps no probe from its answer, nor the runner from its end.
func TestHealthcheckInAFlood(t *testing.T) {
	h := newHub(t)
	b := open(t, h, newRoot(t), usual())
	h.listening(t, b)
	mount, _ := os.Readlink(fmt.Sprintf("/proc/%d/ns/mnt", b.pid))
	pid, _ := os.Readlink(fmt.Sprintf("/proc/%d/ns/pid", b.pid))
	ctx, end := context.WithCancel(t.Context())
	var flood sync.WaitGroup
	defer flood.Wait()
	defer end()
	arrived := make(chan struct{}, 1)
	for range 8 {
		flood.Go(func() {
			var open [50]net.Conn // at a time
			for i := 0; ctx.Err() == nil; i = (i + 1) % len(open) {
				if open[i] != nil {
					open[i].Close()
				}
				if open[i], _ = net.Dial("unixpacket", "@runner-init/"+mount+pid); open[i] != nil {
					open[i].Write(make([]byte, 1000)) // nobody reads it
				}
				if i == len(open)-1 {
					select {
					case arrived <- struct{}{}:
					default:
					}
				}
			}
			for _, c := range open {
				if c != nil {
					c.Close()
				}
			}
		})
	}
	<-arrived
	for range 5 {
		b.expectHealth("ready listening", true)
	}
	b.signal(syscall.SIGTERM)
	b.expectExit(0)
	h.expectEmpty(t)
}

// A healthcheck runs beside every job, every few seconds: of the processor it takes a fraction of a millisecond, and no
// machine is so slow, or so busy, that it would be five.
func TestHealthcheckTakesNoTime(t *testing.T) {
	const rounds, most = 21, 5 * time.Millisecond
	h := newHub(t)
	b := openHere(t, h, newRoot(t))
	h.listening(t, b)
	var took []time.Duration
	for range rounds {
		cmd := exec.CommandContext(t.Context(), need.Program(t, "cmd/runner-init"), "healthcheck")
		cmd.Env = []string{}
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		took = append(took, cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime())
	}
	slices.Sort(took)
	median := took[rounds/2]
	if median > most {
		t.Errorf("it takes %v, want %v at most", median, most)
	}
	t.Logf("it takes %v", median)
}

// A supervisor that answers and does not look after its runner any more is none that lives.
func TestHealthcheckOfHungLoop(t *testing.T) {
	h := newHub(t)
	b := openProgram(t, need.Program(t, "cmd/runner-init", "crashtest"), h, newRoot(t), usual("RUNNER_LOG_LEVEL=info"))
	h.listening(t, b)
	b.said(`"phase":"listening"`)
	b.signal(syscall.SIGALRM)
	b.said("the log hangs")
	if said, code := b.health(0); code != 0 || said != "ready listening" {
		t.Errorf("before the loop hangs: %q and exit code %d", said, code)
	}
	kill(t, b.child(t, "Runner.Listener")) // the loop will want to say so
	b.eventually("bad health", func() bool {
		said, code := b.health(0)
		if said == "ready listening" && code == 0 {
			return false
		}
		if code != 1 || !strings.HasPrefix(said, "stuck ") {
			t.Errorf("healthcheck: %q and exit code %d", said, code)
		}
		return true
	})
}

func TestHealthcheckWithoutRunner(t *testing.T) {
	need.PIDNamespace(t)
	program := need.Program(t, "cmd/runner-init")
	out, err := exec.CommandContext(t.Context(), "unshare", "--pid", "--fork", "--mount-proc", program, "healthcheck").CombinedOutput()
	if e, ok := errors.AsType[*exec.ExitError](err); !ok || e.ExitCode() != 1 || !strings.Contains(string(out), "nobody answers") {
		t.Errorf("healthcheck: %q, %v", out, err)
	}
}

// squat tries to take a name, again and again until the result is called, which reports whether it ever could.
func squat(t *testing.T, name string) (taken func() bool) {
	t.Helper()
	var could atomic.Bool
	ctx, cancel := context.WithCancel(t.Context())
	var trying sync.WaitGroup
	trying.Go(func() {
		for ctx.Err() == nil && !could.Load() {
			if l, err := net.Listen("unixpacket", name); err == nil {
				could.Store(true)
				defer l.Close()
			}
		}
	})
	taken = func() bool { cancel(); trying.Wait(); return could.Load() }
	t.Cleanup(func() { taken() })
	return taken
}

// Nobody can put a socket of theirs in place of ours, and a successor answers like the supervisor before it.
func TestHealthSocketIsOurs(t *testing.T) {
	h := newHub(t)
	b := open(t, h, newRoot(t), usual())
	working(t, h.longJob())
	mount, _ := os.Readlink(fmt.Sprintf("/proc/%d/ns/mnt", b.pid))
	pid, _ := os.Readlink(fmt.Sprintf("/proc/%d/ns/pid", b.pid))
	name := "@runner-init/" + mount + pid
	if l, err := net.Listen("unixpacket", name); err == nil {
		l.Close()
		t.Error("another process could take the socket's name")
	} else if !errors.Is(err, syscall.EADDRINUSE) {
		t.Fatal(err)
	}
	squatters := squat(t, name)
	if err := syscall.Kill(b.supervisor(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	b.said(`"phase":"draining"`)
	b.expectHealth("alive draining", false)
	if squatters() {
		t.Error("between the supervisor and its successor another process could take the socket's name")
	}
}
