package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/runner-init/runner-init/internal/need"
	"github.com/runner-init/runner-init/internal/sim/github"
	simrunner "github.com/runner-init/runner-init/internal/sim/runner"
)

// behave makes the runner of a root do something at an arrow.
func behave(t *testing.T, root string, at simrunner.Arrow, act simrunner.Act) {
	t.Helper()
	b := simrunner.Behaviour{
		At:           map[simrunner.Arrow]simrunner.Act{at: act},
		SessionRetry: 10 * time.Millisecond, UpdatePoll: 10 * time.Millisecond,
	}
	if err := simrunner.WriteBehaviour(root, b); err != nil {
		t.Fatal(err)
	}
}

// A listener that dies of a signal has failed, whatever the signal; the last line names it.
func TestListenerDiesOfSignal(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGKILL, syscall.SIGTERM, syscall.SIGSEGV, syscall.SIGABRT} {
		t.Run(sig.String(), func(t *testing.T) {
			h, root := newHub(t), newRoot(t)
			behave(t, root, simrunner.AtListening, simrunner.Act{Signal: sig})
			b := open(t, h, root, usual())
			b.expectExit(70)
			h.expectEmpty(t)
			names := map[syscall.Signal]string{syscall.SIGKILL: "SIGKILL", syscall.SIGTERM: "SIGTERM", syscall.SIGSEGV: "SIGSEGV", syscall.SIGABRT: "SIGABRT"}
			if want := `"reason":"the listener crashed: killed by ` + names[sig] + `"`; !strings.Contains(b.stderr.String(), want) {
				t.Errorf("it did not say %s", want)
			}
		})
	}
}

// When the listener has died, nobody is left to keep its job: the worker and the steps are asked to end, and the worker
// reports the job while it can.
func TestListenerDiesWithJob(t *testing.T) {
	h, root := newHub(t), newRoot(t)
	told := filepath.Join(t.TempDir(), "told")
	// The worker, which is asked too, sends its step a SIGINT, of which bash would die before it comes to its trap.
	job := h.job(`trap "" INT; trap "echo TERM > ` + told + `; exit 1" TERM; echo working; while :; do sleep 0.1; done`)
	b := open(t, h, root, usual())
	working(t, job)
	syscall.Kill(b.child(t, "Runner.Listener"), syscall.SIGKILL)
	b.expectExit(70)
	expectResult(t, job, github.Failed)
	h.expectEmpty(t)
	if _, err := os.ReadFile(told); err != nil {
		t.Errorf("the step was not asked to end: %v", err)
	}
	for _, want := range []string{`"reason":"the listener crashed: killed by SIGKILL"`, `"names":"Runner.Worker, `} {
		if !strings.Contains(b.stderr.String(), want) {
			t.Errorf("it did not say %s", want)
		}
	}
}

// child returns the process of a name below PID 1, as seen from outside.
func (b *box) child(t *testing.T, name string) (pid int) {
	t.Helper()
	b.eventually(name, func() bool {
		for _, p := range below(b.pid) {
			if comm, _ := os.ReadFile(fmt.Sprintf("/proc/%d/comm", p)); strings.TrimSpace(string(comm)) == name {
				pid = p
			}
		}
		return pid != 0
	})
	return pid
}

// below returns the descendants of a process.
func below(pid int) (all []int) {
	lists, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, path := range lists {
		text, _ := os.ReadFile(path)
		for field := range strings.FieldsSeq(string(text)) {
			var child int
			fmt.Sscan(field, &child)
			all = append(append(all, child), below(child)...)
		}
	}
	return all
}

// A session that somebody else holds: a new registration is made, and the old one deleted, a few times.
func TestSessionConflicts(t *testing.T) {
	for name, test := range map[string]struct {
		mode  string
		times int // of GitHub's refusal; each runner asks eight times
		code  int
	}{
		"once, jit":   {"jit", 8, 0},
		"once, token": {"token", 8, 0},
		"for ever":    {"jit", 0, 81},
	} {
		t.Run(name, func(t *testing.T) {
			h, root := newHub(t), newRoot(t)
			behave(t, root, "", simrunner.Act{})
			h.Fault(github.Fault{
				Method: "POST", Route: "/session", Status: http.StatusConflict, Times: test.times,
				Body: github.BrokerError(409, "RunnerSessionConflict"), Header: http.Header{"Content-Type": {"application/json"}},
			})
			job := h.job("echo hello")
			b := open(t, h, root, usual("RUNNER_REGISTRATION="+test.mode))
			b.expectExit(test.code)
			h.expectEmpty(t)
			if test.code == 0 {
				expectResult(t, job, github.Succeeded)
			}
			runs := 0
			for _, verb := range started(t, root, "listener") {
				if verb == "run" {
					runs++
				}
			}
			if want := map[int]int{0: 2, 81: 3}[test.code]; runs != want {
				t.Errorf("%d listeners, want %d", runs, want)
			}
		})
	}
}

// A self-update goes on while the listener is gone: its script is left alone, it sees the listener reaped, and the new
// listener is started.
func TestSelfUpdate(t *testing.T) {
	for _, ephemeral := range []bool{true, false} {
		t.Run(fmt.Sprint("ephemeral ", ephemeral), func(t *testing.T) {
			h, root := newHub(t), newRoot(t)
			if err := simrunner.WriteBehaviour(root, simrunner.Behaviour{UpdatePoll: 5 * time.Second}); err != nil { // it outlives the listener by so much
				t.Fatal(err)
			}
			b := open(t, h, root, usual("RUNNER_DISABLE_UPDATE=false", "RUNNER_NAME=one", fmt.Sprint("RUNNER_EPHEMERAL=", ephemeral)))
			h.listening(t, b)
			if err := h.Send("one", "RunnerRefresh", `{"target_version":"9.9.9"}`); err != nil {
				t.Fatal(err)
			}
			b.said("Runner update process finished.")
			expectResult(t, h.job("echo hello"), github.Succeeded)
			if !ephemeral {
				b.said(`"phase":"listening","from":"running"`)
				b.signal(syscall.SIGTERM)
			}
			b.expectExit(0)
			h.expectEmpty(t)
			if got := started(t, root, "listener"); !slices.Equal(got, []string{"configure", "run", "run"}) {
				t.Errorf("listener processes: %q", got)
			}
			if strings.Contains(b.stderr.String(), "were ended") {
				t.Error("the script of the update was ended")
			}
		})
	}
}

// A self-update that takes its time does not keep a stop waiting.
func TestStopDuringSelfUpdate(t *testing.T) {
	h, root := newHub(t), newRoot(t)
	behave(t, root, simrunner.AtListening, simrunner.Act{Exit: new(3)})
	b := open(t, h, root, usual("RUNNER_STOP_TIMEOUT=4"))
	b.said(`"phase":"starting","from":"listening"`)
	b.signal(syscall.SIGTERM)
	b.expectExit(0)
	h.expectEmpty(t)
}

// A listener that has closed its standard output tells us nothing any more, and does its work.
func TestListenerClosesOutput(t *testing.T) {
	for _, stop := range []bool{false, true} {
		t.Run(fmt.Sprint("stopped ", stop), func(t *testing.T) {
			h, root := newHub(t), newRoot(t)
			behave(t, root, simrunner.AtListening, simrunner.Act{Mute: true})
			b := open(t, h, root, usual())
			h.listening(t, b)
			job := h.job("echo working; sleep 1")
			working(t, job)
			if stop {
				b.signal(syscall.SIGTERM)
			}
			b.expectExit(0)
			expectResult(t, job, github.Succeeded)
			h.expectEmpty(t)
		})
	}
}

// Who reads the container's output may go away: a job is not to end for that.
func TestNobodyReadsOutput(t *testing.T) {
	need.PIDNamespace(t)
	h, root := newHub(t), newRoot(t)
	job := h.job("echo working; sleep 0.5; echo done")
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	b := openHere(t, h, root, func(b *box) { b.command.Stdout = write })
	write.Close()
	if _, err := io.ReadFull(read, make([]byte, 10)); err != nil {
		t.Fatal(err)
	}
	read.Close()
	b.expectExit(0)
	expectResult(t, job, github.Succeeded)
	h.expectEmpty(t)
}

// A stray that holds the container's output open does not keep it alive.
func TestStrayHoldsContainersOutput(t *testing.T) {
	h, root := newHub(t), newRoot(t)
	behave(t, root, simrunner.AtCleanup, simrunner.Act{Hold: 1000 * time.Second})
	job := h.job("true")
	b := open(t, h, root, usual())
	b.expectExit(0)
	expectResult(t, job, github.Succeeded)
	h.expectEmpty(t)
	if !strings.Contains(b.stderr.String(), `"names":"sleep"`) {
		t.Error("the log does not name who was ended")
	}
}

// A listener that does not end when it is asked to is killed in time.
func TestListenerIgnoresInterrupt(t *testing.T) {
	h, root := newHub(t), newRoot(t)
	behave(t, root, simrunner.AtStop, simrunner.Act{Hang: true})
	b := open(t, h, root, usual("RUNNER_STOP_TIMEOUT=4"))
	h.listening(t, b)
	begin := time.Now()
	b.signal(syscall.SIGTERM)
	b.expectExit(0)
	if took := time.Since(begin); took > 4*time.Second {
		t.Errorf("the stop took %v of 4s", took)
	}
	h.expectEmpty(t)
}

// A listener that the kernel does not let go of, not even by SIGKILL, is left behind: whoever waits for us does not wait
// for it. (Where we are PID 1 the kernel does.)
func TestListenerCannotDie(t *testing.T) {
	freezer := newFreezer(t)
	h, root := newHub(t), newRoot(t)
	b := openHere(t, h, root, func(b *box) { b.command.Env = append(b.command.Env, "RUNNER_STOP_TIMEOUT=4") })
	h.listening(t, b)
	freezer.freeze(b.child(t, "Runner.Listener"))
	begin := time.Now()
	b.signal(syscall.SIGTERM)
	b.expectExit(0)
	if took := time.Since(begin); took > 4*time.Second+b.command.WaitDelay {
		t.Errorf("the stop took %v of 4s", took)
	}
	h.expectEmpty(t)
}

// freezer is a cgroup whose processes stand still, and take no signal, until they are thawed.
type freezer struct {
	t   *testing.T
	dir string
}

func newFreezer(t *testing.T) freezer {
	t.Helper()
	need.Root(t)
	dir, err := os.MkdirTemp("/sys/fs/cgroup/freezer", "runner-init-test-")
	if err != nil {
		need.Missing(t, "a freezer of version 1: "+err.Error())
	}
	f := freezer{t, dir}
	t.Cleanup(func() {
		f.write("freezer.state", "THAWED")
		for begin := time.Now(); os.Remove(dir) != nil && time.Since(begin) < testTime; {
			time.Sleep(10 * time.Millisecond) // until the last process has gone
		}
	})
	return f
}

func (f freezer) freeze(pid int) {
	f.t.Helper()
	f.write("cgroup.procs", fmt.Sprint(pid))
	f.write("freezer.state", "FROZEN")
}

func (f freezer) write(name, text string) {
	f.t.Helper()
	if err := os.WriteFile(filepath.Join(f.dir, name), []byte(text), 0); err != nil {
		f.t.Error(err)
	}
}
