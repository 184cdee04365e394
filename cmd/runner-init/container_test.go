package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/runner-init/runner-init/internal/need"
	"github.com/runner-init/runner-init/internal/sim/github"
	"github.com/runner-init/runner-init/internal/sim/openapi"
	simrunner "github.com/runner-init/runner-init/internal/sim/runner"
)

const (
	testTime = 60 * time.Second
	testPAT  = "pat-for-tests-only"
	scope    = "repos/acme/widgets"
)

// hub is a simulated GitHub on a loopback port. Where GitHub's own description of its API is at hand, every request of
// ours and every answer of the simulation is held to it.
type hub struct {
	*github.Server
	url   string
	began time.Time
}

func newHub(t *testing.T) *hub {
	t.Helper()
	t.Parallel() // most of a test is waiting
	return makeHub(t)
}

func makeHub(t *testing.T) *hub {
	t.Helper()
	h := &hub{Server: github.New(github.Options{}), began: time.Now()}
	h.serve(t, func(http.Header) bool { return false })
	return h
}

// makeFaultyHub does not hold to GitHub's description what a fault has answered in its place.
func makeFaultyHub(t *testing.T) *hub {
	t.Helper()
	h := &hub{Server: github.New(github.Options{}), began: time.Now()}
	h.serve(t, func(answer http.Header) bool {
		return slices.ContainsFunc(h.Journal(), func(e github.Entry) bool { return e.Faulted && e.RequestID == answer.Get("X-GitHub-Request-Id") })
	})
	return h
}

func (h *hub) serve(t *testing.T, madeUp func(answer http.Header) bool) {
	t.Helper()
	h.AddPAT(testPAT, github.Classic("repo", "admin:org"))
	var handler http.Handler = h.Server
	if path := os.Getenv("GITHUB_OPENAPI"); path != "" {
		handler = openapi.Excusing(t, path, handler, madeUp)
	}
	server := httptest.NewServer(handler)
	t.Cleanup(func() {
		server.CloseClientConnections() // a poll may still be held
		server.Close()
	})
	h.url = server.URL
}

// app makes GitHub know an App, and returns the variables of it.
func (h *hub) app(t *testing.T) []string {
	t.Helper()
	key := filepath.Join(t.TempDir(), "app.pem")
	if err := installApp(h.Server, key); err != nil {
		t.Fatal(err)
	}
	return []string{"GITHUB_APP_ID=77", "GITHUB_APP_PRIVATE_KEY_FILE=" + key}
}

// calls returns our own calls to the API, without the runner's talk with GitHub.
func (h *hub) calls() (calls []string) {
	for _, e := range h.Journal() {
		if e.Credential != "none" && strings.HasPrefix(e.Credential, "classic") {
			calls = append(calls, fmt.Sprintf("%s %s %d", e.Method, e.Route, e.Status))
		}
	}
	return calls
}

func (h *hub) expectEmpty(t *testing.T) {
	t.Helper()
	if left := h.Runners(); len(left) > 0 {
		t.Errorf("registrations left: %+v", left)
	}
}

// box is a runner-init as PID 1 of a namespace of its own: a container without an engine.
type box struct {
	t              *testing.T
	command        *exec.Cmd
	hub            *hub
	root           string // the runner's directory
	pid            int    // PID 1, as seen from outside
	stdout, stderr buffer
	ended          chan struct{}
	watched        chan struct{}
	left           []string // zombies older than a second, if there were any; read after watched
}

// newRoot installs a simulated runner where every user finds it.
func newRoot(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	for dir := root; dir != os.TempDir() && dir != "/"; dir = filepath.Dir(dir) {
		os.Chmod(dir, 0o755)
	}
	if err := simrunner.Install(root, need.Program(t, "internal/sim/cmd/simrunner")); err != nil {
		t.Fatal(err)
	}
	return root
}

// open starts runner-init with an environment for the hub, to which the given variables are added.
func open(t *testing.T, h *hub, root string, environ []string, args ...string) *box {
	t.Helper()
	return openProgram(t, need.Program(t, "cmd/runner-init"), h, root, environ, args...)
}

// openProgram is open for another build.
func openProgram(t *testing.T, program string, h *hub, root string, environ []string, args ...string) *box {
	t.Helper()
	need.PIDNamespace(t)
	b := &box{t: t, hub: h, root: root, ended: make(chan struct{}), watched: make(chan struct{})}
	argv := append([]string{"--pid", "--fork", "--mount-proc", "--kill-child", program}, args...)
	ctx, cancel := context.WithTimeout(t.Context(), max(testTime, time.Duration(*soakLives)*3*time.Second))
	t.Cleanup(cancel)
	b.command = exec.CommandContext(ctx, "unshare", argv...)
	b.command.Dir = root
	b.command.Env = append([]string{"PATH=" + os.Getenv("PATH"), "GITHUB_SERVER_URL=" + h.url, "GITHUB_API_URL=" + h.url}, environ...)
	b.command.Stdout, b.command.Stderr = &b.stdout, &b.stderr
	b.command.WaitDelay = time.Second
	if err := b.command.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		b.command.Wait()
		close(b.ended)
	}()
	t.Cleanup(b.close)
	b.pid = b.findInit()
	go b.watchZombies()
	return b
}

// usual is the environment of a repository's runner with a PAT.
func usual(more ...string) []string {
	return append([]string{"GITHUB_TOKEN=" + testPAT, "RUNNER_REPO=acme/widgets", "RUNNER_STOP_TIMEOUT=10s"}, more...)
}

// findInit waits for unshare's only child, and until it is runner-init. It returns 0 if all is over already.
func (b *box) findInit() (pid int) {
	b.t.Helper()
	path := fmt.Sprintf("/proc/%d/task/%[1]d/children", b.command.Process.Pid)
	b.eventually("PID 1", func() bool {
		if b.over() {
			pid = 0
			return true
		}
		text, _ := os.ReadFile(path)
		pid, _ = strconv.Atoi(strings.TrimSpace(string(text)))
		exe, _ := os.Readlink(fmt.Sprintf("/proc/%d/exe", pid))
		return pid != 0 && strings.HasSuffix(exe, "/runner-init")
	})
	return pid
}

// over reports whether the container has ended.
func (b *box) over() bool {
	select {
	case <-b.ended:
		return true
	default:
		return false
	}
}

// eventually polls, for what leaves no trace that one could wait on: often at first, so as to be there in the first moments
// of a process, and less and less so.
func (b *box) eventually(what string, done func() bool) {
	b.t.Helper()
	begun := time.Now()
	for pause := 100 * time.Microsecond; !done(); pause = min(pause*5/4, 5*time.Millisecond) {
		if time.Since(begun) > testTime {
			b.t.Fatalf("no %s", what)
		}
		time.Sleep(pause)
	}
}

// watchZombies looks at the namespace from inside, until it is gone.
func (b *box) watchZombies() {
	defer close(b.watched)
	since := map[string]time.Time{}
	for tick := time.NewTicker(200 * time.Millisecond); ; {
		select {
		case <-b.ended:
			return
		case <-tick.C:
		}
		for pid := range zombies(fmt.Sprintf("/proc/%d/root/proc", b.pid)) {
			if first, known := since[pid]; !known {
				since[pid] = time.Now()
			} else if time.Since(first) > time.Second && !slices.Contains(b.left, pid) {
				b.left = append(b.left, pid)
			}
		}
	}
}

func zombies(proc string) map[string]bool {
	found := map[string]bool{}
	dir, err := os.Open(proc)
	if err != nil {
		return nil
	}
	defer dir.Close()
	names, _ := dir.Readdirnames(-1)
	for _, name := range names {
		if name[0] < '0' || name[0] > '9' {
			continue
		}
		text, _ := os.ReadFile(filepath.Join(proc, name, "stat"))
		if _, rest, ok := strings.Cut(string(text), ") "); ok && strings.HasPrefix(rest, "Z") {
			found[name] = true
		}
	}
	return found
}

// signal sends a signal to PID 1.
func (b *box) signal(s syscall.Signal) {
	b.t.Helper()
	if b.pid == 0 {
		return
	}
	if err := syscall.Kill(b.pid, s); err != nil && err != syscall.ESRCH {
		b.t.Fatal(err)
	}
}

// listens reports whether PID 1 waits for signals, or has ended. It does so before it starts a child. (The kernel shows no
// blocked signal in /proc/PID/status while a process sleeps in sigtimedwait(2).)
func (b *box) listens() bool {
	children, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%[1]d/children", b.pid))
	return err != nil || len(children) > 0
}

// expectExit waits for the end and checks what is true of every end.
func (b *box) expectExit(want int) {
	b.t.Helper()
	<-b.ended
	if got := b.command.ProcessState.ExitCode(); got != want {
		b.t.Errorf("exit code %d, want %d", got, want)
	}
	if <-b.watched; len(b.left) > 0 {
		b.t.Errorf("zombies older than a second: %v", b.left)
	}
	b.expectReport(want)
	for _, secret := range append(b.hub.Secrets(), testPAT) {
		if strings.Contains(b.stdout.String()+b.stderr.String(), secret) {
			b.t.Errorf("the output holds a secret")
		}
	}
}

// supervisor returns the process id of the supervisor, as seen from outside.
func (b *box) supervisor() int {
	b.t.Helper()
	pid := b.findSupervisor()
	if pid == 0 {
		b.t.Fatal("no supervisor")
	}
	return pid
}

func (b *box) findSupervisor() int {
	lists, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", b.pid)) // a list for each thread
	for _, path := range lists {
		text, _ := os.ReadFile(path)
		for field := range strings.FieldsSeq(string(text)) {
			exe, _ := os.Readlink("/proc/" + field + "/exe")
			if pid, err := strconv.Atoi(field); err == nil && filepath.Base(exe) == "runner-init" {
				return pid
			}
		}
	}
	return 0
}

func (b *box) close() {
	b.command.Process.Kill()
	<-b.ended
	if b.t.Failed() {
		b.t.Logf("standard output:\n%s\nstandard error:\n%s", b.stdout.String(), b.stderr.String())
	}
}
