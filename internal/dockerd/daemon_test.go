package dockerd_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/runner-init/runner-init/internal/dockerd"
	"github.com/runner-init/runner-init/internal/sim/docker"
)

// stage is a daemon of a test, and what has been heard of it.
type stage struct {
	*dockerd.Daemon
	t      *testing.T
	dir    string
	pids   chan int
	events chan string

	mu    sync.Mutex
	lines []string
}

// set puts up a daemon that of a kind.
func set(t *testing.T, fake string) *stage {
	t.Helper()
	dir := docker.Install(t, fake)
	s := &stage{t: t, dir: dir, pids: make(chan int, 20), events: make(chan string, 20)}
	s.Daemon = &dockerd.Daemon{
		Path: "/nowhere:" + dir, Socket: filepath.Join(dir, "docker.sock"), Pause: time.Millisecond,
		Settings: dockerd.Settings{Args: []string{"--pidfile=" + filepath.Join(dir, "docker.pid"), "--exec-root", filepath.Join(dir, "exec")}},
		Line: func(line string) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.lines = append(s.lines, line)
		},
		Began:   func(pid int) { s.pids <- pid },
		Crashed: func(err error, pause time.Duration) { s.events <- fmt.Sprint("crashed ", pause) },
		Back:    func() { s.events <- "back" },
		GivenUp: func(err error) { s.events <- "given up" },
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		s.Stop(ctx)
	})
	return s
}

// patience bounds what would otherwise hang a test that fails.
const patience = 30 * time.Second

func (s *stage) start() error {
	ctx, cancel := context.WithTimeout(s.t.Context(), patience)
	defer cancel()
	return s.Start(ctx)
}

func (s *stage) mustStart() {
	s.t.Helper()
	if err := s.start(); err != nil {
		s.t.Fatal(err)
	}
}

func (s *stage) pid() int {
	s.t.Helper()
	select {
	case pid := <-s.pids:
		return pid
	case <-time.After(patience):
		s.t.Fatal("no process was started")
		return 0
	}
}

func (s *stage) expect(events ...string) {
	s.t.Helper()
	for _, want := range events {
		select {
		case got := <-s.events:
			if got != want {
				s.t.Fatalf("heard %q, want %q", got, want)
			}
		case <-time.After(patience):
			s.t.Fatalf("did not hear %q", want)
		}
	}
}

func (s *stage) said(line string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.ContainsFunc(s.lines, func(l string) bool { return strings.Contains(l, line) })
}

func (s *stage) stopWithin(d time.Duration) bool {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	defer cancel()
	return s.Stop(ctx)
}

// expectGone: signal 0 asks whether a process exists, and ours are reaped.
func (s *stage) expectGone(pid int) {
	s.t.Helper()
	if err := syscall.Kill(pid, 0); !errors.Is(err, syscall.ESRCH) {
		s.t.Errorf("process %d is left (%v)", pid, err)
	}
}

// A daemon answers once it is started, in a session of its own, and ends when it is asked to.
func TestStartAndStop(t *testing.T) {
	s := set(t, docker.Healthy)
	s.Socket = filepath.Join(s.dir, "run/docker.sock") // whose directory is not there
	os.MkdirAll(filepath.Join(s.dir, "exec/containerd"), 0o755)
	for _, stale := range []string{"docker.pid", "exec/containerd/containerd.pid"} {
		if err := os.WriteFile(filepath.Join(s.dir, stale), []byte("1"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	s.mustStart()
	pid := s.pid()
	if _, err := os.Stat(filepath.Join(s.dir, "exec/containerd/containerd.pid")); err == nil {
		t.Error("the pid file of an earlier containerd is left")
	}
	if err := dockerd.Ping(t.Context(), "unix", s.Socket); err != nil {
		t.Error(err)
	}
	if sid, _, _ := syscall.RawSyscall(syscall.SYS_GETSID, uintptr(pid), 0, 0); int(sid) != pid {
		t.Errorf("its session is %d, not its own", sid)
	}
	if !s.stopWithin(patience) {
		t.Error("it was killed")
	}
	s.expectGone(pid)
	if !s.said("stopped with 0 containers") {
		t.Error("its last line is lost")
	}
	if err := s.start(); !errors.Is(err, context.Canceled) {
		t.Errorf("started after its stop: %v", err)
	}
}

// A daemon that does not come up is gone, and its last words are in the error.
func TestDoesNotComeUp(t *testing.T) {
	for fake, want := range map[string]string{docker.Broken: "exit status 3", docker.Mute: "no answer from it at ", docker.Deaf: "no answer from it at ", docker.Sick: "500"} {
		t.Run(fake, func(t *testing.T) {
			s := set(t, fake)
			ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
			defer cancel()
			if fake == docker.Broken {
				ctx = t.Context()
			}
			err := s.Start(ctx)
			e, ok := errors.AsType[*dockerd.Error](err)
			if !ok || !strings.Contains(e.Error(), want) || e.Late != (fake != docker.Broken) || !strings.HasPrefix(strings.Join(e.Tail, "\n"), "arguments: ") {
				t.Errorf("got %v, with %q", err, e.Tail)
			}
			if fake == docker.Broken && e.Tail[len(e.Tail)-1] != "failed to start daemon" {
				t.Errorf("the last words are %q", e.Tail)
			}
			s.expectGone(s.pid())
			s.stopWithin(time.Second)
		})
	}
}

func TestNoProgram(t *testing.T) {
	s := set(t, docker.Healthy)
	s.Path = "/nowhere:" + t.TempDir()
	err := s.start()
	if _, ok := errors.AsType[*dockerd.Error](err); !ok || !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

// A stop during the start is no fault of the daemon's.
func TestCancelledStart(t *testing.T) {
	for name, act := range map[string]func(*stage, context.CancelFunc){
		"ctx":  func(_ *stage, cancel context.CancelFunc) { cancel() },
		"Stop": func(s *stage, _ context.CancelFunc) { s.stopWithin(patience) },
	} {
		t.Run(name, func(t *testing.T) {
			s := set(t, docker.Mute)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			failed := make(chan error)
			go func() { failed <- s.Start(ctx) }()
			pid := s.pid()
			act(s, cancel)
			if err := <-failed; !errors.Is(err, context.Canceled) {
				t.Errorf("got %v", err)
			}
			s.expectGone(pid)
		})
	}
}

// However much a daemon says, and in lines however long, it comes up, and what it says last is heard.
func TestChatty(t *testing.T) {
	s := set(t, docker.Chatty)
	var endless []int // in bytes
	heard := s.Line
	s.Line = func(line string) {
		if strings.HasPrefix(line, "é") {
			endless = append(endless, len(line))
		}
		heard(line)
	}
	s.mustStart()
	if !s.stopWithin(patience) {
		t.Error("it was killed")
	}
	if !s.said(fmt.Sprintf("line %d", docker.Chat-1)) || !s.said("stopped with 0 containers") {
		t.Error("its last lines are lost")
	}
	if len(endless) != 1 || endless[0] < 1000 || endless[0] > 10_000 {
		t.Errorf("its endless line came in pieces of %d bytes", endless)
	}
}

func TestRestart(t *testing.T) {
	s := set(t, docker.Healthy)
	s.mustStart()
	for pause := time.Millisecond; pause <= 2*time.Millisecond; pause *= 2 {
		syscall.Kill(s.pid(), syscall.SIGKILL)
		s.expect("crashed "+pause.String(), "back")
		if err := dockerd.Ping(t.Context(), "unix", s.Socket); err != nil {
			t.Error(err)
		}
	}
	pid := s.pid()
	if !s.stopWithin(patience) {
		t.Error("it was killed")
	}
	s.expectGone(pid)
	if len(s.events) != 0 {
		t.Errorf("a stop was taken for a crash: %q", <-s.events)
	}
}

// Each crash of one that lives for long enough is the first one.
func TestLongLife(t *testing.T) {
	s := set(t, docker.Healthy)
	s.LongLife = time.Nanosecond
	s.mustStart()
	for range 6 {
		syscall.Kill(s.pid(), syscall.SIGKILL)
		s.expect("crashed 1ms", "back")
	}
}

func TestGivesUp(t *testing.T) {
	s := set(t, docker.Healthy)
	s.mustStart()
	docker.Become(t, s.dir, docker.Broken)
	syscall.Kill(s.pid(), syscall.SIGKILL)
	s.expect("crashed 1ms", "crashed 2ms", "crashed 4ms", "crashed 8ms", "given up")
	s.stopWithin(patience)
}

// A stop ends the wait for the next start.
func TestStopBetweenCrashes(t *testing.T) {
	s := set(t, docker.Healthy)
	s.Pause = time.Hour
	s.mustStart()
	syscall.Kill(s.pid(), syscall.SIGKILL)
	s.expect("crashed 1h0m0s")
	s.stopWithin(patience)
	if len(s.pids) != 0 {
		t.Error("it was started again")
	}
}

func TestKill(t *testing.T) {
	s := set(t, docker.Stubborn)
	s.mustStart()
	pid := s.pid()
	if s.stopWithin(100 * time.Millisecond) {
		t.Error("it ended by itself")
	}
	s.expectGone(pid)
}
