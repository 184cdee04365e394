package runner_test

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/runner-init/runner-init/internal/sim/github"
	"github.com/runner-init/runner-init/internal/sim/runner"
)

func TestEndsOfRun(t *testing.T) {
	deleted := "Failed to create a session. The runner registration has been deleted from the server, please re-configure."
	for _, test := range []struct {
		name  string
		jit   bool
		env   string
		given func(*world)
		then  func(*world) // once it listens
		code  int
		kept  int
		err   string
		fails int // polls that the server failed
	}{
		{name: "deleted before, key", given: func(w *world) { w.deleteFirst() }, code: 1, kept: 3, err: deleted},
		{name: "deleted before, static token", jit: true, given: func(w *world) { w.deleteFirst() }, code: 1, kept: 2,
			err: "The runner no longer exists on the server. Please reconfigure the runner.\nFailed to create session. "},
		{name: "deleted while idle", jit: true, then: func(w *world) { w.deleteFirst() }, code: 0, kept: 0,
			err: "The runner no longer exists on the server. Cleaning up local configuration.\n"},
		{name: "access denied", jit: true, given: func(w *world) { w.github.Fault(github.Fault{Route: "/session", Status: 403}) }, code: 1, kept: 2,
			err: "Failed to create session. "},
		{name: "version too old", jit: true, then: tooOld, code: 1, kept: 2, err: "An error occurred: "},
		{name: "version too old, told to say so", jit: true, env: "ACTIONS_RUNNER_RETURN_VERSION_DEPRECATED_EXIT_CODE=1", then: tooOld, code: 7, kept: 2, err: "An error occurred: "},
		{name: "poll refused for good", jit: true, then: func(w *world) { w.github.Fault(github.Fault{Route: "/message", Status: 403}) }, code: 1, kept: 2,
			err: "An error occurred: Get next message failed with non-retryable error.\n"},
		{name: "poll fails ten times", jit: true, then: func(w *world) { w.github.Fault(github.Fault{Route: "/message", Status: 500}) }, code: 2, kept: 2,
			err: "Runner connect error: Response status code does not indicate success: 500 (Internal Server Error).. Retrying until reconnected.\nAn error occurred: ", fails: 10},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t, github.Options{PollHold: 50 * time.Millisecond}, runner.Behaviour{PollRetry: time.Millisecond})
			c := w.command("run")
			if test.jit {
				c.Args = append(c.Args, "--jitconfig", w.jit("one"))
			} else {
				w.configure("one", "--ephemeral").ends(0)
			}
			if test.given != nil {
				test.given(w)
			}
			if test.env != "" {
				c.Env = []string{test.env}
			}
			p := w.start(c)
			if test.then != nil {
				p.says("Listening for Jobs")
				test.then(w)
			}
			p.ends(test.code)
			if !strings.Contains(timeless(p.stderr()), test.err) || len(w.files()) != test.kept {
				t.Errorf("stderr %q, want %q; files %v", p.stderr(), test.err, w.files())
			}
			fails := 0
			for _, e := range w.github.Journal() {
				if e.Status == 500 {
					fails++
				}
			}
			if fails != test.fails {
				t.Errorf("%d polls failed, want %d", fails, test.fails)
			}
		})
	}
}

func tooOld(w *world) {
	w.github.Fault(github.Fault{Route: "/message", Status: 400, Body: github.BrokerError(400, "RunnerVersionTooOld"), Header: http.Header{"Content-Type": {"application/json"}}})
}

func TestOutage(t *testing.T) {
	w := newWorld(t, github.Options{}, runner.Behaviour{SessionRetry: time.Millisecond})
	w.github.Fault(github.Fault{Route: "/session", Status: 503, Times: 3})
	p := w.listener("run", "--jitconfig", w.jit("one"))
	p.says("Listening for Jobs")
	if got := strings.Count(p.stderr(), "Retrying until reconnected."); got != 1 {
		t.Errorf("outage announced %d times: %s", got, p.stderr())
	}
	if got := strings.Count(p.stdout(), "√ Connected to GitHub"); got != 4 || !strings.Contains(p.stdout(), ": Runner reconnected.\n") {
		t.Errorf("connected %d times, want 4: %s", got, p.stdout())
	}
}

// A signal ends the wait between two tries at once.
func TestSignalDuringOutage(t *testing.T) {
	w := newWorld(t, github.Options{}, runner.Behaviour{SessionRetry: time.Hour})
	w.github.Fault(github.Fault{Route: "/session", Status: 503})
	p := w.listener("run", "--jitconfig", w.jit("one"))
	p.says("Retrying until reconnected.")
	p.signal(syscall.SIGINT)
	p.ends(0)
}

// An ephemeral runner that loses the race for its job listens on (actions/runner #4617).
func TestLostRaceForTheJob(t *testing.T) {
	w := newWorld(t, github.Options{}, runner.Behaviour{})
	w.github.Fault(github.Fault{Route: "/acquirejob", Status: 409})
	w.github.Queue(github.Job{Name: "build", Scope: owner, Run: "true"})
	p := w.listener("run", "--jitconfig", w.jit("one"))
	seen, err := w.github.WaitFor(w.ctx, func(e github.Entry) bool { return e.Matches("POST", "/acquirejob") })
	if err != nil || seen.Status != 409 {
		t.Fatalf("%v, %+v", err, seen)
	}
	p.signal(syscall.SIGINT)
	p.ends(0)
	if strings.Contains(p.stdout(), "Running job") {
		t.Errorf("stdout %s", p.stdout())
	}
}

func TestCanceledByGitHub(t *testing.T) {
	w := newWorld(t, github.Options{}, quick(runner.Behaviour{}))
	job := w.github.Queue(github.Job{Name: "build", Scope: owner, Run: "echo started; sleep 60"})
	p := w.listener("run", "--jitconfig", w.jit("one"))
	w.printed(job, "started")
	job.Cancel()
	p.ends(0)
	if got := job.Wait(w.ctx); got != github.Canceled || !strings.Contains(p.stdout(), "completed with result: Canceled") {
		t.Errorf("job %s, stdout %s", got, p.stdout())
	}
}

// A lock that nobody renews any more is given up.
func TestLostLock(t *testing.T) {
	w := newWorld(t, github.Options{JobLease: 200 * time.Millisecond}, quick(runner.Behaviour{}))
	w.github.Fault(github.Fault{Route: "/renewjob", Skip: 1, Status: 404})
	job := w.github.Queue(github.Job{Name: "build", Scope: owner, Run: "echo started; sleep 60"})
	p := w.listener("run", "--jitconfig", w.jit("one"))
	p.ends(0)
	if !strings.Contains(p.stdout(), "completed with result: Abandoned") {
		t.Errorf("job %s, stdout %s", job.Result(), p.stdout())
	}
}

// Without its first renewal a job gets no worker, and no line about its end.
func TestFirstRenewalFails(t *testing.T) {
	w := newWorld(t, github.Options{}, runner.Behaviour{PollRetry: time.Millisecond})
	w.github.Fault(github.Fault{Route: "/renewjob", Status: 500})
	job := w.github.Queue(github.Job{Name: "build", Scope: owner, Run: "true"})
	p := w.listener("run", "--jitconfig", w.jit("one"))
	p.ends(0)
	tries := 0
	for _, e := range w.github.Journal() {
		if e.Matches("POST", "/renewjob") {
			tries++
		}
	}
	if !strings.Contains(p.stdout(), "Running job: build") || strings.Contains(p.stdout(), "completed") || tries != 5 || job.State() != github.Running {
		t.Errorf("%d tries, job %s, stdout %s", tries, job.State(), p.stdout())
	}
	for _, r := range w.records() {
		if r.Role == "worker" {
			t.Error("a worker was started")
		}
	}
}

func TestOrphansEndWithTheJob(t *testing.T) {
	w := newWorld(t, github.Options{}, quick(runner.Behaviour{}))
	script := "setsid sleep 61 >/dev/null 2>&1 & echo kept=$!; RUNNER_TRACKING_ID= setsid sleep 62 >/dev/null 2>&1 & hidden=$!; echo hidden=$hidden; " +
		"until grep -q sleep /proc/$hidden/comm; do :; done; cat /proc/self/oom_score_adj"
	job := w.github.Queue(github.Job{Name: "build", Scope: owner, Run: script})
	w.listener("run", "--jitconfig", w.jit("one")).ends(0)
	log := job.Log()
	if !strings.Contains(log, "Terminate orphan process: pid (") || strings.Count(log, "Terminate orphan process") != 1 || !strings.Contains(log, "\n500\n") {
		t.Errorf("log %q", log)
	}
	_, hidden, _ := strings.Cut(log, "hidden=")
	pid, _, _ := strings.Cut(hidden, "\n")
	if err := exec.Command("kill", "-KILL", pid).Run(); err != nil {
		t.Errorf("the process that hid was not there: %v", err)
	}
}

func TestHooks(t *testing.T) {
	w := newWorld(t, github.Options{}, quick(runner.Behaviour{}))
	hook := filepath.Join(t.TempDir(), "hook.sh")
	if err := os.WriteFile(hook, []byte("echo hook of $RUNNER_NAME\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	env := []string{"ACTIONS_RUNNER_HOOK_JOB_STARTED=" + hook, "ACTIONS_RUNNER_HOOK_JOB_COMPLETED=" + hook}
	for _, interrupted := range []bool{false, true} {
		job := w.github.Queue(github.Job{Name: "build", Scope: owner, Run: "echo begun; " + map[bool]string{true: "sleep 60"}[interrupted]})
		c := w.command("run", "--jitconfig", w.jit("one"))
		c.Env = env
		p := w.start(c)
		want := 2
		if interrupted {
			want = 1 // actions/runner #2595
			w.printed(job, "begun")
			p.signal(syscall.SIGINT)
		}
		p.ends(0)
		if got := strings.Count(job.Log(), "hook of one"); got != want {
			t.Errorf("interrupted %v: %d hooks ran, want %d: %s", interrupted, got, want, job.Log())
		}
	}
}

// The listener is gone before the script acts, and the code says that it wants to be started again.
func TestUpdate(t *testing.T) {
	w := newWorld(t, github.Options{}, runner.Behaviour{UpdatePoll: 10 * time.Millisecond})
	w.configure("one", "--ephemeral").ends(0)
	p := w.listener("run")
	p.says("Listening for Jobs")
	if err := w.github.Send("one", "RunnerRefresh", `{"target_version":"2.400.0"}`); err != nil {
		t.Fatal(err)
	}
	p.ends(4)
	if !strings.Contains(p.stdout(), "Downloading 2.400.0 runner\n") || !strings.HasSuffix(p.stdout(), "Runner update process finished.\n") {
		t.Errorf("stdout %s", p.stdout())
	}
	w.appears("update.finished")
	p = w.listener("run")
	p.says("Listening for Jobs")
	p.signal(syscall.SIGINT)
	p.ends(0)
}

func TestPrintLog(t *testing.T) {
	w := newWorld(t, github.Options{}, runner.Behaviour{})
	w.github.Queue(github.Job{Name: "build", Scope: owner, Run: "true"})
	c := w.command("run", "--jitconfig", w.jit("one"))
	c.Env = []string{"ACTIONS_RUNNER_PRINT_LOG_TO_STDOUT=1"}
	p := w.start(c)
	p.ends(0)
	want := "[RUNNER <ts> INFO Terminal] WRITE LINE: <ts>: Running job: build\n<ts>: Running job: build\n"
	if !strings.Contains(timeless(p.stdout()), want) {
		t.Errorf("stdout lacks %q: %s", want, p.stdout())
	}
}
