package runner_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/runner-init/runner-init/internal/sim/github"
	"github.com/runner-init/runner-init/internal/sim/runner"
)

// simrunner is the program under test, built once.
var simrunner = filepath.Join(os.TempDir(), fmt.Sprintf("simrunner-test-%d", os.Getpid()))

func TestMain(m *testing.M) {
	build := exec.Command("go", "build", "-o", simrunner, "github.com/runner-init/runner-init/internal/sim/cmd/simrunner")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "cannot build simrunner: %v\n%s", err, out)
		os.Exit(1)
	}
	code := m.Run()
	os.Remove(simrunner)
	os.Exit(code)
}

const (
	pat   = "pat-for-tests-only"
	owner = "repos/acme/widgets"
)

// world is a GitHub and a directory for a runner.
type world struct {
	t      *testing.T
	ctx    context.Context
	github *github.Server
	url    string
	root   string
}

func newWorld(t *testing.T, o github.Options, b runner.Behaviour) *world {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	gh := github.New(o)
	gh.AddPAT(pat, github.Classic("repo", "admin:org"))
	server := httptest.NewServer(gh)
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	w := &world{t, ctx, gh, server.URL, filepath.Join(t.TempDir(), "runner")}
	if err := runner.Install(w.root, simrunner); err != nil {
		t.Fatal(err)
	}
	if b.ConfigureRetry == 0 {
		b.ConfigureRetry = time.Millisecond
	}
	if err := runner.WriteBehaviour(w.root, b); err != nil {
		t.Fatal(err)
	}
	return w
}

// listener starts bin/Runner.Listener with a bare environment.
func (w *world) listener(args ...string) *process {
	w.t.Helper()
	return w.start(w.command(args...))
}

func (w *world) command(args ...string) *exec.Cmd {
	return exec.Command(filepath.Join(w.root, "bin", "Runner.Listener"), args...)
}

func (w *world) start(c *exec.Cmd) *process {
	w.t.Helper()
	p := &process{t: w.t, ctx: w.ctx, command: c, exited: make(chan struct{})}
	p.grown = sync.NewCond(&p.mu)
	c.Env = append([]string{"PATH=" + os.Getenv("PATH"), "RUNNER_ALLOW_RUNASROOT=1"}, c.Env...)
	c.Dir = w.root
	if c.Stdout == nil {
		c.Stdout, c.Stderr = writer{p, &p.out}, writer{p, &p.err}
	}
	c.WaitDelay = 5 * time.Second
	if c.SysProcAttr == nil {
		c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	}
	if err := c.Start(); err != nil {
		w.t.Fatal(err)
	}
	go func() {
		c.Wait()
		close(p.exited)
	}()
	w.t.Cleanup(func() {
		syscall.Kill(-c.Process.Pid, syscall.SIGKILL) // and its worker and steps, which are in its group
		<-p.exited
	})
	return p
}

// configure configures an ephemeral runner of that name and returns the finished process.
func (w *world) configure(name string, more ...string) *process {
	w.t.Helper()
	args := append([]string{"configure", "--unattended", "--url", w.url + "/acme/widgets", "--name", name}, more...)
	c := w.command(args...)
	c.Env = []string{"ACTIONS_RUNNER_INPUT_TOKEN=" + w.github.RegistrationToken(owner)}
	return w.start(c)
}

func (w *world) files() []string {
	var found []string
	for _, name := range []string{".credentials", ".credentials_rsaparams", ".runner"} {
		if _, err := os.Stat(filepath.Join(w.root, name)); err == nil {
			found = append(found, name)
		}
	}
	return found
}

func (w *world) records() []runner.Record {
	w.t.Helper()
	records, err := runner.Records(w.root)
	if err != nil {
		w.t.Fatal(err)
	}
	return records
}

// printed waits until the job's step has printed the text.
func (w *world) printed(job *github.JobRun, text string) {
	w.t.Helper()
	if err := job.Printed(w.ctx, text); err != nil {
		w.t.Fatal(err)
	}
}

// fifo makes a named pipe on which a step can wait.
func (w *world) fifo(name string) string {
	w.t.Helper()
	path := filepath.Join(w.t.TempDir(), name)
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		w.t.Fatal(err)
	}
	return path
}

// token is a token of that kind: "remove", "registration", "wrong", or none.
func (w *world) token(kind string) string {
	w.t.Helper()
	switch kind {
	case "registration":
		return w.github.RegistrationToken(owner)
	case "remove":
		var made struct{ Token string }
		w.rest("POST", "/actions/runners/remove-token", "", &made)
		return made.Token
	}
	return kind
}

// deleteFirst deletes the runner with the id 1.
func (w *world) deleteFirst() {
	w.t.Helper()
	w.rest("DELETE", "/actions/runners/1", "", nil)
}

// rest is one call of the REST API with the PAT.
func (w *world) rest(method, path, body string, into any) {
	w.t.Helper()
	r, err := http.NewRequestWithContext(w.ctx, method, w.url+"/api/v3/"+owner+path, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+pat)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode/100 != 2 {
		w.t.Fatalf("%s %s: %s", method, path, resp.Status)
	}
	if into == nil {
		return
	}
	if err := json.NewDecoder(resp.Body).Decode(into); err != nil {
		w.t.Fatal(err)
	}
}

// jit makes a JIT configuration.
func (w *world) jit(name string) string {
	w.t.Helper()
	var made struct {
		Config string `json:"encoded_jit_config"`
	}
	w.rest("POST", "/actions/runners/generate-jitconfig", fmt.Sprintf(`{"name":%q,"runner_group_id":1,"labels":["self-hosted"]}`, name), &made)
	return made.Config
}

// appears waits until a file is there.
func (w *world) appears(name string) {
	w.t.Helper()
	for tick := time.Tick(5 * time.Millisecond); ; {
		if _, err := os.Stat(filepath.Join(w.root, name)); err == nil {
			return
		}
		select {
		case <-tick:
		case <-w.ctx.Done():
			w.t.Fatalf("no file %s", name)
		}
	}
}
