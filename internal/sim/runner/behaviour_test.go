package runner_test

import (
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/runner-init/runner-init/internal/sim/github"
	"github.com/runner-init/runner-init/internal/sim/runner"
)

// at is a Behaviour that acts at one arrow.
func at(arrow runner.Arrow, act runner.Act) runner.Behaviour {
	return quick(runner.Behaviour{At: map[runner.Arrow]runner.Act{arrow: act}})
}

func TestActsOfTheListener(t *testing.T) {
	for _, test := range []struct {
		name  string
		arrow runner.Arrow
		act   runner.Act
		code  int // -1 is death by signal
		out   string
	}{
		{"exit before anything", runner.AtStart, runner.Act{Exit: new(9)}, 9, ""},
		{"crash after the session", runner.AtSession, runner.Act{Signal: syscall.SIGSEGV}, -1, "√ Connected to GitHub"},
		{"exit once it listens", runner.AtListening, runner.Act{Exit: new(2)}, 2, "Listening for Jobs"},
		{"exit with a job", runner.AtWorker, runner.Act{Exit: new(3)}, 3, "Running job: build"},
		{"exit after the job", runner.AtDone, runner.Act{Exit: new(0)}, 0, "Running job: build"},
		{"exit before cleaning up", runner.AtCleanup, runner.Act{Exit: new(1)}, 1, "completed with result"},
		{"flood", runner.AtListening, runner.Act{Stdout: "noise", Repeat: 100_000}, 0, strings.Repeat("noise", 1000)},
		{"partial line", runner.AtSession, runner.Act{Stdout: "no end", Stderr: "here either"}, 0, "no end" + "Current runner version"},
		{"slow", runner.AtConnect, runner.Act{Delay: 50 * time.Millisecond}, 0, "completed with result"},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t, github.Options{}, at(test.arrow, test.act))
			w.github.Queue(github.Job{Name: "build", Scope: owner, Run: "true"})
			p := w.listener("run", "--jitconfig", w.jit("one"))
			p.ends(test.code)
			if !strings.Contains(p.stdout(), test.out) {
				t.Errorf("stdout lacks %.40q: %.400s", test.out, p.stdout())
			}
		})
	}
}

func TestActsOfTheWorker(t *testing.T) {
	for _, test := range []struct {
		name  string
		arrow runner.Arrow
		act   runner.Act
		want  github.Result
	}{
		{"crash", runner.AtWorkerJob, runner.Act{Signal: syscall.SIGABRT}, github.Failed},
		{"odd exit", runner.AtWorkerJob, runner.Act{Exit: new(77)}, github.Failed},
		{"slow end", runner.AtWorkerExit, runner.Act{Delay: 50 * time.Millisecond}, github.Succeeded},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t, github.Options{}, at(test.arrow, test.act))
			job := w.github.Queue(github.Job{Name: "build", Scope: owner, Run: "true"})
			p := w.listener("run", "--jitconfig", w.jit("one"))
			p.ends(0)
			if got := job.Wait(w.ctx); got != test.want || !strings.Contains(p.stdout(), "completed with result: "+string(test.want)) {
				t.Errorf("job %s, want %s; stdout %s", got, test.want, p.stdout())
			}
		})
	}
}

// A listener that hangs takes signals, and nothing comes of them but SIGTERM's end.
func TestHang(t *testing.T) {
	b := at(runner.AtListening, runner.Act{Hang: true})
	b.UnloadTimeout = 50 * time.Millisecond
	w := newWorld(t, github.Options{}, b)
	p := w.listener("run", "--jitconfig", w.jit("one"))
	p.says("Listening for Jobs")
	p.signal(syscall.SIGINT)
	p.says("Exiting...")
	p.signal(syscall.SIGTERM)
	p.ends(143)
}

func TestHeldStdout(t *testing.T) {
	w := newWorld(t, github.Options{}, at(runner.AtListening, runner.Act{Hold: time.Minute, Exit: new(0)}))
	c := w.command("run", "--jitconfig", w.jit("one"))
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p := w.start(c)
	p.ends(0)
	if err := exec.Command("pgrep", "-g", pidOf(p), "sleep").Run(); err != nil {
		t.Errorf("nobody holds the output: %v", err)
	}
	out.Close()
}

// An act with Times is over after so many processes.
func TestTimes(t *testing.T) {
	w := newWorld(t, github.Options{}, at(runner.AtStart, runner.Act{Exit: new(2), Times: 2}))
	for i, want := range []int{2, 2, 0} {
		if got := w.listener("warmup").code(); got != want {
			t.Errorf("start %d: %d, want %d", i, got, want)
		}
	}
}

func TestScripts(t *testing.T) {
	w := newWorld(t, github.Options{}, runner.Behaviour{})
	script := func(name string, args ...string) *process {
		return w.start(exec.Command(filepath.Join(w.root, name), args...))
	}
	p := script("config.sh", "--unattended", "--url", w.url+"/acme/widgets", "--token", w.github.RegistrationToken(owner), "--name", "one", "--ephemeral")
	p.ends(0)
	w.appears(".path")
	w.github.Queue(github.Job{Name: "build", Scope: owner, Run: "true"})
	p = script("run.sh")
	p.ends(0)
	for _, want := range []string{"completed with result: Succeeded", "Runner listener exit with 0 return code, stop the service, no retry needed.", "Exiting runner..."} {
		if !strings.Contains(p.stdout(), want) {
			t.Errorf("stdout lacks %q: %s", want, p.stdout())
		}
	}
	p = script("config.sh", "REMOVE", "--local")
	p.ends(0)
	if !strings.Contains(p.stdout(), "Skipping Removing .runner") {
		t.Errorf("stdout %s", p.stdout())
	}
	p = script("run.sh") // which hides that it is not configured
	p.ends(0)
	if !strings.Contains(p.stderr(), "Not configured.") {
		t.Errorf("stderr %s", p.stderr())
	}
}

// With the manual trap the script ends with the signal's code, and the listener has had its SIGINT.
func TestRunScriptTrapsSignals(t *testing.T) {
	w := newWorld(t, github.Options{}, runner.Behaviour{})
	c := exec.Command(filepath.Join(w.root, "run.sh"), "--jitconfig", w.jit("one"))
	c.Env = []string{"RUNNER_MANUALLY_TRAP_SIG=1"}
	p := w.start(c)
	p.says("Listening for Jobs")
	p.signal(syscall.SIGTERM)
	p.ends(143)
	if !strings.Contains(p.stdout(), "Exiting runner...") || !strings.Contains(p.stdout(), "Exiting...\n") {
		t.Errorf("stdout %s", p.stdout())
	}
}

func TestInstallTwice(t *testing.T) {
	root := t.TempDir()
	for range 2 {
		if err := runner.Install(root, simrunner); err != nil {
			t.Fatal(err)
		}
	}
	if err := runner.Install(t.TempDir(), "/no/such/program"); err == nil {
		t.Error("installed a program that is not there")
	}
	for name, want := range map[string]bool{"/x/bin/Runner.Listener": true, "Runner.Worker": true, "runner-init": false} {
		if runner.IsRunner(name) != want {
			t.Errorf("IsRunner(%q) is %v", name, !want)
		}
	}
}
