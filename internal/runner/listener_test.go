package runner

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
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

func TestMain(m *testing.M) {
	for fd := 3; fd < 256; fd++ {
		syscall.CloseOnExec(fd) // what whoever runs the tests left open is not ours to be blamed for
	}
	code := m.Run()
	need.RemovePrograms()
	os.Exit(code)
}

const testTime = 30 * time.Second

// scene is a simulated GitHub and a directory with a simulated runner.
type scene struct {
	*Runner
	github *github.Server
	url    string
	news   chan string
	end    chan End
}

func newScene(t *testing.T) *scene {
	t.Helper()
	s := &scene{github: github.New(github.Options{}), news: make(chan string, 100), end: make(chan End, 1)}
	server := httptest.NewServer(s.github)
	t.Cleanup(server.Close)
	s.url = server.URL
	root := t.TempDir()
	if err := simrunner.Install(root, need.Program(t, "internal/sim/cmd/simrunner")); err != nil {
		t.Fatal(err)
	}
	stdout, err := os.Create(filepath.Join(t.ArtifactDir(), "stdout"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stdout.Close() })
	s.Runner = &Runner{Root: root, Environ: []string{"PATH=" + os.Getenv("PATH"), "MINE=1"}, Stdout: stdout, Stderr: stdout}
	return s
}

func (s *scene) configuration() Configuration {
	return Configuration{
		URL: s.url + "/acme/widgets", Name: "-r", Labels: []string{"-gpu", "big"},
		Token: s.github.RegistrationToken("repos/acme/widgets"), Ephemeral: true,
	}
}

// configure registers the runner, or ends the test.
func (s *scene) configure(t *testing.T) Identity {
	t.Helper()
	id, err := s.Configure(t.Context(), s.configuration())
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// launch starts the listener and waits for its first news.
func (s *scene) launch(t *testing.T) *Listener {
	t.Helper()
	l, err := s.Launch(News{
		Ready:      func() { s.news <- "ready" },
		JobStarted: func(job string) { s.news <- "started " + job },
		JobEnded:   func(job, result string) { s.news <- "ended " + job + " " + result },
		Ended:      func(e End) { s.end <- e },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Kill)
	return l
}

func (s *scene) expect(t *testing.T, want string) {
	t.Helper()
	select {
	case got := <-s.news:
		if got != want {
			t.Fatalf("got news %q, want %q", got, want)
		}
	case e := <-s.end:
		t.Fatalf("the listener ended (%v), want news %q", e, want)
	case <-time.After(testTime):
		t.Fatalf("no news, want %q", want)
	}
}

func (s *scene) expectEnd(t *testing.T, want Meaning) End {
	t.Helper()
	select {
	case e := <-s.end:
		if e.Meaning != want {
			t.Fatalf("the listener ended with %v, want %v", e, want)
		}
		return e
	case <-time.After(testTime):
		t.Fatalf("the listener did not end, want %v", want)
	}
	return End{}
}

func TestOneJob(t *testing.T) {
	s := newScene(t)
	id := s.configure(t)
	if left := s.github.Runners(); len(left) != 1 || left[0].ID != id.ID || left[0].Name != "-r" || !slices.Contains(left[0].Labels, "-gpu") {
		t.Fatalf("GitHub knows %+v, we know %+v", left, id)
	}
	l := s.launch(t)
	s.expect(t, "ready")
	if l.Working() {
		t.Error("an idle runner is said to work")
	}
	job := s.github.Queue(github.Job{Name: "build", Scope: "repos/acme/widgets", Labels: []string{"big"}, Run: "echo hello"})
	s.expect(t, "started build")
	s.expect(t, "ended build "+string(job.Wait(t.Context())))
	s.expectEnd(t, Success)
	if _, err := s.Identity(); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("an ephemeral runner keeps its identity after its job: %v", err)
	}
}

// Nothing that a job can read may hold the token: not the arguments of a process, not the environment of the listener.
func TestTokenStaysPrivate(t *testing.T) {
	s := newScene(t)
	s.configure(t)
	s.launch(t)
	s.expect(t, "ready")
	records, err := simrunner.Records(s.Root)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range records {
		if r.Given == nil {
			continue
		}
		for _, secret := range s.github.Secrets() {
			if strings.Contains(strings.Join(r.Given.Argv, " "), secret) {
				t.Errorf("a secret is among the arguments %q", r.Given.Argv)
			}
			if r.Given.Argv[1] == "run" && strings.Contains(strings.Join(r.Given.Environ, " "), secret) {
				t.Errorf("a secret is in the environment of the listener")
			}
		}
	}
}

// An environment of nothing must not become ours: we have read the configuration.
func TestEmptyEnvironment(t *testing.T) {
	t.Setenv("OURS", "not-for-jobs")
	s := newScene(t)
	s.Environ = nil
	if s.command(t.Context(), "run", nil).Env == nil {
		t.Error("a program of the runner gets our environment")
	}
	s.configure(t)
	s.launch(t)
	s.expect(t, "ready")
	records, err := simrunner.Records(s.Root)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range records {
		if r.Given != nil && slices.Contains(r.Given.Environ, "OURS=not-for-jobs") {
			t.Errorf("%q has our environment", r.Given.Argv[1:])
		}
	}
}

// A version that GitHub no longer takes is only told apart if the listener is asked to.
func TestOutdatedVersion(t *testing.T) {
	s := newScene(t)
	s.configure(t)
	s.github.Fault(github.Fault{
		Method: "GET", Route: "/message", Status: 400, Body: github.BrokerError(400, "RunnerVersionTooOld"),
		Header: http.Header{"Content-Type": {"application/json"}},
	})
	s.launch(t)
	s.expect(t, "ready")
	s.expectEnd(t, VersionDeprecated)
}

func TestInterrupt(t *testing.T) {
	s := newScene(t)
	id := s.configure(t)
	l := s.launch(t)
	s.expect(t, "ready")
	l.Interrupt()
	s.expectEnd(t, Success)
	if got, err := s.Identity(); err != nil || got != id {
		t.Errorf("identity after an interrupt: %+v, %v; want %+v", got, err, id)
	}
}

func TestInterruptCancelsJob(t *testing.T) {
	s := newScene(t)
	s.configure(t)
	l := s.launch(t)
	s.expect(t, "ready")
	job := s.github.Queue(github.Job{Name: "long", Scope: "repos/acme/widgets", Run: "exec sleep 1000"})
	s.expect(t, "started long")
	if err := job.Reached(t.Context(), github.Running); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "a worker", l.Working)
	l.Interrupt()
	s.expect(t, "ended long Canceled")
	s.expectEnd(t, Success)
	if l.Working() {
		t.Error("the worker outlived its listener")
	}
}

// waitFor polls, for what leaves no trace that one could wait on.
func waitFor(t *testing.T, what string, done func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), testTime)
	defer cancel()
	for tick := time.NewTicker(5 * time.Millisecond); !done(); {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("no %s", what)
		}
	}
}

func TestEndings(t *testing.T) {
	for code, want := range map[int]Meaning{
		0: Success, 1: TerminatedError, 2: RetryableError, 3: RunnerUpdating, 4: RunnerUpdating, 5: SessionConflict,
		6: Crash, 7: VersionDeprecated, 102: Success, 134: Crash, 143: Success,
	} {
		t.Run(fmt.Sprint(code), func(t *testing.T) {
			s := newScene(t)
			s.configure(t)
			simrunner.WriteBehaviour(s.Root, simrunner.Behaviour{At: map[simrunner.Arrow]simrunner.Act{
				simrunner.AtListening: {Exit: &code},
			}})
			s.launch(t)
			s.expect(t, "ready")
			if e := s.expectEnd(t, want); e.Code != code {
				t.Errorf("got code %d, want %d", e.Code, code)
			}
		})
	}
}

func TestKill(t *testing.T) {
	s := newScene(t)
	s.configure(t)
	l := s.launch(t)
	s.expect(t, "ready")
	l.Kill()
	if e := s.expectEnd(t, Crash); e.Code != 137 {
		t.Errorf("got code %d, want 137", e.Code)
	}
}

// A process that a job left behind may hold the listener's standard output open for ever.
func TestStrayHoldsOutput(t *testing.T) {
	s := newScene(t)
	s.configure(t)
	simrunner.WriteBehaviour(s.Root, simrunner.Behaviour{At: map[simrunner.Arrow]simrunner.Act{
		simrunner.AtListening: {Hold: 5 * time.Second, Exit: new(0)},
	}})
	begin := time.Now()
	s.launch(t)
	s.expect(t, "ready")
	s.expectEnd(t, Success)
	if took := time.Since(begin); took > 4*time.Second {
		t.Errorf("the end was seen after %v: the stray was waited for", took)
	}
}

func TestRemove(t *testing.T) {
	s := newScene(t)
	s.configure(t)
	if err := s.Remove(t.Context(), "no-such-token"); err == nil || len(s.github.Runners()) != 1 {
		t.Errorf("with a wrong token: error %v, %d runners left", err, len(s.github.Runners()))
	}
	if err := s.Remove(t.Context(), s.github.RegistrationToken("repos/acme/widgets")); err != nil || len(s.github.Runners()) != 0 {
		t.Errorf("with a good token: error %v, %d runners left", err, len(s.github.Runners()))
	}
	// The runner's exit code is 0 now, though it never asked GitHub.
	if err := s.Remove(t.Context(), s.github.RegistrationToken("repos/acme/widgets")); err == nil {
		t.Error("without identity files: no error")
	}
}

func TestConfigureErrors(t *testing.T) {
	s := newScene(t)
	wrong := s.configuration()
	wrong.Token = "no-such-token"
	_, err := s.Configure(t.Context(), wrong)
	if e, ok := errors.AsType[*ConfigureError](err); !ok || !e.Refused() {
		t.Errorf("wrong token: %v", err)
	}
	s.configure(t)
	if err := s.Prepare(); err != nil {
		t.Fatal(err)
	}
	_, err = s.Configure(t.Context(), s.configuration())
	if e, ok := errors.AsType[*ConfigureError](err); !ok || !e.Conflict() {
		t.Errorf("taken name: %v", err)
	}
}

// A configure that has already registered must be allowed to say so.
func TestConfigureFinishesAfterCancel(t *testing.T) {
	s := newScene(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	gate := s.github.Gate(github.Point{Method: "POST", Route: "/actions/runners/register", After: true})
	go func() {
		if _, err := gate.Arrived(t.Context()); err == nil {
			cancel()
		}
		gate.Release()
	}()
	if _, err := s.Configure(ctx, s.configuration()); err != nil {
		t.Errorf("got %v, want a registration", err)
	}
}

func TestAdopt(t *testing.T) {
	s := newScene(t)
	if s.Adopt(News{}) != nil {
		t.Fatal("adopted a listener where none runs")
	}
	s.configure(t)
	s.launch(t)
	s.expect(t, "ready")
	job := s.github.Queue(github.Job{Name: "long", Scope: "repos/acme/widgets", Run: "exec sleep 1000"})
	s.expect(t, "started long")
	if err := job.Reached(t.Context(), github.Running); err != nil {
		t.Fatal(err)
	}
	ended, over := make(chan bool, 1), make(chan End, 1)
	var l *Listener
	waitFor(t, "worker", func() bool { return len(workers(s.Root, 0)) > 0 })
	l = s.Adopt(News{JobEnded: func(string, string) { ended <- true }, Ended: func(e End) { over <- e }})
	if l == nil || !l.Working() {
		t.Fatalf("adopted %+v", l)
	}
	l.Interrupt()
	for _, what := range []string{"job", "listener"} {
		select {
		case <-ended:
		case e := <-over:
			if what == "job" || e.Meaning != Unseen {
				t.Errorf("the listener's end (%v) is seen in place of the %s's", e, what)
			}
		case <-time.After(testTime):
			t.Fatalf("the end of the %s is not seen", what)
		}
	}
}

// As root the listener is somebody else, with his groups and with no capability that a runtime filled in for PID 1.
func TestRunsAsUser(t *testing.T) {
	need.Root(t)
	s := newScene(t)
	s.User = &User{Name: "job", UID: 4711, GID: 4712, Groups: []uint32{4712, 4713}, Home: "/home/job"}
	reachable(t, s.Root)
	if err := s.Prepare(); err != nil {
		t.Fatal(err)
	}
	s.configure(t)
	s.launch(t)
	s.expect(t, "ready")
	records, err := simrunner.Records(s.Root)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range records {
		if r.Given == nil {
			continue
		}
		g := r.Given
		if g.UID != 4711 || g.GID != 4712 || !slices.Equal(g.Groups, []int{4712, 4713}) {
			t.Errorf("%q runs as %d:%d with groups %v", g.Argv[1:], g.UID, g.GID, g.Groups)
		}
		for _, set := range []string{"CapInh", "CapPrm", "CapEff", "CapAmb"} {
			if strings.Trim(g.Status[set], "0") != "" {
				t.Errorf("%q has %s %s", g.Argv[1:], set, g.Status[set])
			}
		}
		if !slices.Contains(g.Environ, "HOME=/home/job") || !slices.Contains(g.Environ, "USER=job") {
			t.Errorf("%q has the environment %q", g.Argv[1:], g.Environ)
		}
		for fd := range g.Files {
			if fd > 2 {
				t.Errorf("%q inherits descriptor %d: %s", g.Argv[1:], fd, g.Files[fd])
			}
		}
	}
}

// reachable opens the way to a directory for every user.
func reachable(t *testing.T, dir string) {
	t.Helper()
	for ; dir != os.TempDir() && dir != "/"; dir = filepath.Dir(dir) {
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
}

// A death by a signal is a crash, even by the one after which an orderly end has the same code.
func TestSignalDeaths(t *testing.T) {
	for sig, want := range map[syscall.Signal]string{
		syscall.SIGTERM: "crash (killed by SIGTERM)", syscall.SIGSEGV: "crash (killed by SIGSEGV)", syscall.Signal(40): "crash (killed by signal 40)",
	} {
		t.Run(want, func(t *testing.T) {
			s := newScene(t)
			s.configure(t)
			simrunner.WriteBehaviour(s.Root, simrunner.Behaviour{At: map[simrunner.Arrow]simrunner.Act{simrunner.AtListening: {Signal: sig}}})
			s.launch(t)
			s.expect(t, "ready")
			if e := s.expectEnd(t, Crash); e.Code != 128+int(sig) || e.String() != want {
				t.Errorf("got %d, %v, want %d, %s", e.Code, e, 128+int(sig), want)
			}
		})
	}
	if got := (End{Code: 134, Meaning: Crash}).Cause(); got != "exit code 134" {
		t.Errorf("got %q", got)
	}
}

// A self-update has ended when its script says so, and only then.
func TestAwaitUpdate(t *testing.T) {
	r := &Runner{Root: t.TempDir()}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if r.AwaitUpdate(over) {
		t.Error("an update has ended that nobody began")
	}
	if err := os.WriteFile(filepath.Join(r.Root, updateMark), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if !r.AwaitUpdate(t.Context()) {
		t.Error("the mark of the update was not seen")
	}
	if _, err := os.Stat(filepath.Join(r.Root, updateMark)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the mark is left for the next update: %v", err)
	}
}
