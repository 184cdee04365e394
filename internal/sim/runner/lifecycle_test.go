package runner_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/runner-init/runner-init/internal/sim/github"
	"github.com/runner-init/runner-init/internal/sim/runner"
)

// timeless replaces the times in the runner's lines.
func timeless(text string) string {
	return regexp.MustCompile(`\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ`).ReplaceAllString(text, "<ts>")
}

const oneJob = `
√ Connected to GitHub

Current runner version: '2.336.0'
<ts>: Listening for Jobs
<ts>: Running job: build
<ts>: Job build completed with result: RESULT
√ Removed .credentials
√ Removed .runner
`

func TestJITRunnerDoesOneJob(t *testing.T) {
	for result, script := range map[string]string{"Succeeded": "echo hello $WHO; pwd", "Failed": "echo hello $WHO; pwd; false; echo never"} {
		w := newWorld(t, github.Options{}, runner.Behaviour{})
		job := w.github.Queue(github.Job{Name: "build", Scope: owner, Run: script, Env: map[string]string{"WHO": "world"}})
		p := w.listener("run", "--jitconfig", w.jit("one"))
		p.ends(0)
		if got := job.Wait(w.ctx); string(got) != result {
			t.Errorf("job %s, want %s", got, result)
		}
		if want := strings.ReplaceAll(oneJob, "RESULT", result); timeless(p.stdout()) != want || p.stderr() != "" {
			t.Errorf("stdout %q, want %q; stderr %q", p.stdout(), want, p.stderr())
		}
		if want := "hello world\n" + w.root + "/_work/widgets/widgets\n"; !strings.HasPrefix(job.Log(), want) || strings.Contains(job.Log(), "never") {
			t.Errorf("log %q, want %q", job.Log(), want)
		}
		if left := w.files(); left != nil || len(w.github.Runners()) != 0 {
			t.Errorf("left: %v, %+v", left, w.github.Runners())
		}
	}
}

const configured = `
# Authentication


√ Connected to GitHub

# Runner Registration




√ Runner successfully added

# Runner settings


√ Settings Saved.

`

func TestConfiguredRunnerDoesJobAfterJob(t *testing.T) {
	w := newWorld(t, github.Options{}, runner.Behaviour{})
	c := w.configure("two", "--labels", "gpu, big,GPU", "--disableupdate")
	c.ends(0)
	banner, rest, _ := strings.Cut(strings.TrimPrefix(c.stdout(), "\n"), "\n\n")
	if lines := strings.Split(banner, "\n"); len(lines) != 10 || lines[0] != strings.Repeat("-", 80) || len(lines[9]) != 80 {
		t.Errorf("banner %q", banner)
	}
	if got := "\n" + rest; got != configured || c.stderr() != "" {
		t.Errorf("stdout %q, want %q; stderr %q", got, configured, c.stderr())
	}
	registered := w.github.Runners()
	if want := []string{"self-hosted", "Linux", "X64", "gpu", "big"}; len(registered) != 1 || !slices.Equal(registered[0].Labels, want) || registered[0].Ephemeral {
		t.Errorf("registered %+v", registered)
	}
	p := w.listener("run")
	for _, name := range []string{"first", "second"} {
		if got := w.github.Queue(github.Job{Name: name, Scope: owner, Run: "true"}).Wait(w.ctx); got != github.Succeeded {
			t.Errorf("job %s: %s", name, got)
		}
		p.says("Job " + name + " completed with result: Succeeded")
	}
	p.signal(syscall.SIGINT)
	p.ends(0)
	if got := w.files(); len(got) != 3 || len(w.github.Runners()) != 1 {
		t.Errorf("files %v, runners %+v", got, w.github.Runners())
	}
}

// The files of configure and those of a JIT configuration spell the same differently.
func TestFiles(t *testing.T) {
	w := newWorld(t, github.Options{}, runner.Behaviour{})
	if err := os.WriteFile(filepath.Join(w.root, ".credentials_rsaparams"), []byte("no key, and open to all"), 0o644); err != nil {
		t.Fatal(err)
	}
	w.configure("two", "--ephemeral", "--work", "w").ends(0)
	read := func(name string) (string, fs.FileMode) {
		path := filepath.Join(w.root, name)
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		return string(text), info.Mode().Perm()
	}
	text, _ := read(".runner")
	for _, want := range []string{"\ufeff{", `"agentId": 1,`, `"agentName": "two"`, `"ephemeral": true`, `"workFolder": "w"`, `"useRunnerAdminFlow": true`, w.url + `/acme/widgets"`} {
		if !strings.Contains(text, want) {
			t.Errorf(".runner lacks %q: %s", want, text)
		}
	}
	if strings.Contains(text, "disableUpdate") {
		t.Error("a default is written")
	}
	if text, _ := read(".credentials"); !strings.HasPrefix(text, "\ufeff") || !strings.Contains(text, `"clientId"`) {
		t.Errorf(".credentials %s", text)
	}
	if text, mode := read(".credentials_rsaparams"); !strings.HasPrefix(text, "\ufeff") || !strings.Contains(text, `"inverseQ"`) || mode != 0o600 {
		t.Errorf(".credentials_rsaparams %v %s", mode, text)
	}
	w.listener("remove", "--local").ends(0)
	p := w.listener("run", "--jitconfig", w.jit("three"))
	p.says("Listening for Jobs")
	if text, mode := read(".runner"); !strings.HasPrefix(text, "{") || !strings.Contains(text, `"AgentId":"2"`) || mode != 0o644 {
		t.Errorf("JIT's .runner %v %s", mode, text)
	}
	p.signal(syscall.SIGINT)
	p.ends(0)
}

// What a supervisor gives its child arrives where the contract says.
func TestEnvironment(t *testing.T) {
	w := newWorld(t, github.Options{}, runner.Behaviour{})
	env := "FROM_FILE=a=b\nEMPTY=\nACTIONS_RUNNER_INPUT_JITCONFIG=" + w.jit("one") + "\n"
	if err := os.WriteFile(filepath.Join(w.root, ".env"), []byte(env), 0o644); err != nil {
		t.Fatal(err)
	}
	job := w.github.Queue(github.Job{Name: "build", Scope: owner, Run: "env"})
	c := w.command("run")
	c.Env = []string{"EMPTY=x", "KEPT=y", "actions_runner_input_other=secret"}
	p := w.start(c)
	p.ends(0)
	job.Wait(w.ctx)
	lines := strings.Split(job.Log(), "\n")
	for _, want := range []string{"FROM_FILE=a=b", "KEPT=y", "CI=true", "GITHUB_ACTIONS=true", "GITHUB_REPOSITORY=acme/widgets", "RUNNER_NAME=one"} {
		if !slices.Contains(lines, want) {
			t.Errorf("the step has no %s", want)
		}
	}
	for _, l := range lines {
		if strings.HasPrefix(l, "EMPTY=") || strings.HasPrefix(strings.ToUpper(l), "ACTIONS_RUNNER_INPUT_") {
			t.Errorf("the step has %s", l)
		}
	}
}

func TestRecords(t *testing.T) {
	w := newWorld(t, github.Options{}, runner.Behaviour{})
	w.github.Queue(github.Job{Name: "build", Scope: owner, Run: "true"})
	config := w.jit("one")
	p := w.listener("run", "--jitconfig", config)
	p.ends(0)
	var listener, worker *runner.Record
	for _, r := range w.records() {
		switch {
		case r.Event == "start" && r.Role == "listener":
			listener = &r
		case r.Event == "start":
			worker = &r
		}
	}
	if listener == nil || worker == nil {
		t.Fatalf("records %+v", w.records())
	}
	if l := listener.Given; listener.PID != p.command.Process.Pid || l.PPID != os.Getpid() || l.PGID != listener.PID || l.Dir != w.root ||
		!slices.Equal(l.Argv[1:], []string{"run", "--jitconfig", config}) || l.UID != os.Getuid() || l.Umask == "" || l.Files[0] != "/dev/null" {
		t.Errorf("listener was given %+v", l)
	}
	if g := worker.Given; g.PPID != listener.PID || g.PGID != listener.PID || g.SID != listener.Given.SID || g.Dir != w.root+"/bin" ||
		!slices.Equal(g.Argv[1:], []string{"spawnclient", "3", "4"}) || !strings.HasPrefix(g.Files[3], "pipe:") || !strings.HasPrefix(g.Files[4], "pipe:") {
		t.Errorf("worker was given %+v", g)
	}
	for fd, what := range listener.Given.Files {
		if strings.Contains(what, "cpu.max") || strings.Contains(what, "anon_inode") {
			t.Errorf("descriptor %d is the runtime's own: %s", fd, what)
		}
	}
	if last := w.records()[len(w.records())-1]; last.Event != "exit" || last.Detail != "0" || time.Since(last.Time) > time.Minute {
		t.Errorf("last record %+v", last)
	}
}
