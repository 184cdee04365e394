package runner_test

import (
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/runner-init/runner-init/internal/sim/github"
	"github.com/runner-init/runner-init/internal/sim/runner"
)

// quick shortens what the official runner gives a step.
func quick(b runner.Behaviour) runner.Behaviour {
	b.InterruptGrace, b.TermGrace, b.PipeGrace = 50*time.Millisecond, 50*time.Millisecond, 50*time.Millisecond
	return b
}

func TestSignalsWhileIdle(t *testing.T) {
	for _, test := range []struct {
		name    string
		sig     syscall.Signal
		zero    bool
		code    int
		exiting int
	}{
		{"SIGINT", syscall.SIGINT, false, 0, 1},
		{"SIGQUIT", syscall.SIGQUIT, false, 0, 1},
		{"SIGTERM", syscall.SIGTERM, false, 143, 0},
		{"SIGTERM, Main wins", syscall.SIGTERM, true, 0, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := runner.Behaviour{}
			if test.zero {
				b.TermExit = new(0)
			}
			w := newWorld(t, github.Options{}, b)
			p := w.listener("run", "--jitconfig", w.jit("one"))
			p.says("Listening for Jobs")
			p.signal(test.sig)
			p.ends(test.code)
			if got := strings.Count(p.stdout(), "Exiting..."); got != test.exiting {
				t.Errorf("%d times Exiting..., want %d", got, test.exiting)
			}
			if _, err := w.github.WaitFor(w.ctx, func(e github.Entry) bool { return e.Matches("DELETE", "/session") && e.Status == 200 }); err != nil {
				t.Error("the session was not given back")
			}
			if left := w.github.Runners(); len(left) != 1 || left[0].Online || len(w.files()) != 2 {
				t.Errorf("left %+v, %v; want the registration, offline, and two files", left, w.files())
			}
			if r := w.records(); r[len(r)-2].Event != "signal" || !strings.HasPrefix(test.name, r[len(r)-2].Detail) {
				t.Errorf("recorded %+v", r[len(r)-2])
			}
		})
	}
}

func TestSignalsWithAJob(t *testing.T) {
	for _, test := range []struct {
		name   string
		first  syscall.Signal
		script string
		code   int
		result github.Result
		says   string // in the job's log
	}{
		{"SIGINT", syscall.SIGINT, "trap 'echo stopped; exit 3' INT; echo started; sleep 60 & wait", 0, github.Failed, "stopped"},
		{"SIGINT, step ignores it", syscall.SIGINT, "trap '' INT; trap 'echo termed; exit 3' TERM; echo started; sleep 60 & wait", 0, github.Failed, "termed"},
		{"SIGINT, step ignores both", syscall.SIGINT, "trap '' INT TERM; echo started; sleep 60 & wait", 0, github.Failed, "shutdown signal"},
		{"SIGTERM", syscall.SIGTERM, "trap 'echo stopped; exit 3' INT; echo started; sleep 60 & wait", 143, github.Failed, "stopped"},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t, github.Options{}, quick(runner.Behaviour{}))
			job := w.github.Queue(github.Job{Name: "build", Scope: owner, Run: test.script})
			p := w.listener("run", "--jitconfig", w.jit("one"))
			w.printed(job, "started")
			p.signal(test.first)
			p.ends(test.code)
			if !strings.Contains(p.stdout(), "Job build completed with result: Canceled") {
				t.Errorf("stdout %s", p.stdout())
			}
			if got := job.Wait(w.ctx); got != test.result || !strings.Contains(job.Log(), test.says) {
				t.Errorf("job %s, want %s; log %q", got, test.result, job.Log())
			}
			if got := w.files(); len(got) != 2 {
				t.Errorf("files %v, want both kept", got)
			}
		})
	}
}

// SIGINT never escalates: the listener waits for its worker for as long as that takes.
func TestSecondInterruptIsIgnored(t *testing.T) {
	b := quick(runner.Behaviour{})
	b.InterruptGrace = time.Hour
	w := newWorld(t, github.Options{}, b)
	fifo := w.fifo("go")
	job := w.github.Queue(github.Job{Name: "build", Scope: owner, Run: "trap '' INT; echo started; read x < " + fifo})
	p := w.listener("run", "--jitconfig", w.jit("one"))
	w.printed(job, "started")
	for range 3 {
		p.signal(syscall.SIGINT)
	}
	w.printed(job, "shutdown signal")
	p.saysTimes("Exiting...", 1)
	if err := os.WriteFile(fifo, []byte("now\n"), 0); err != nil {
		t.Fatal(err)
	}
	p.ends(0)
	if got := job.Wait(w.ctx); got != github.Failed {
		t.Errorf("job %s", got)
	}
}

// SIGTERM does: after its time the listener is gone and the worker an orphan, which ends by itself.
func TestTermLeavesAnOrphan(t *testing.T) {
	b := quick(runner.Behaviour{UnloadTimeout: 100 * time.Millisecond})
	b.InterruptGrace = time.Hour
	w := newWorld(t, github.Options{}, b)
	fifo := w.fifo("go")
	job := w.github.Queue(github.Job{Name: "build", Scope: owner, Run: "trap '' INT; echo started; read x < " + fifo + "; echo finished"})
	p := w.listener("run", "--jitconfig", w.jit("one"))
	w.printed(job, "started")
	p.signal(syscall.SIGTERM)
	p.ends(143)
	if strings.Contains(p.stdout(), "completed with result") || job.State() != github.Running {
		t.Errorf("job %s, stdout %s", job.State(), p.stdout())
	}
	if err := os.WriteFile(fifo, []byte("now\n"), 0); err != nil {
		t.Fatal(err)
	}
	if got := job.Wait(w.ctx); got != github.Failed || !strings.Contains(job.Log(), "finished") {
		t.Errorf("job %s, log %q", got, job.Log())
	}
}

func TestKilledListenerLeavesASession(t *testing.T) {
	b := runner.Behaviour{SessionRetry: 10 * time.Millisecond}
	w := newWorld(t, github.Options{}, b)
	p := w.listener("run", "--jitconfig", w.jit("one"))
	p.says("Listening for Jobs")
	p.signal(syscall.SIGKILL)
	p.code()
	again := w.listener("run")
	again.ends(5)
	if got := strings.Count(again.stderr(), "A session for this runner already exists.\n"); got != 8 {
		t.Errorf("%d conflicts, want 8: %s", got, again.stderr())
	}
	for _, want := range []string{"Stop retry on SessionConflictException after retried for 240 seconds.", "Failed to create session. "} {
		if !strings.Contains(again.stderr(), want) {
			t.Errorf("stderr lacks %q: %s", want, again.stderr())
		}
	}
}

func TestKilledListenerWithAJob(t *testing.T) {
	w := newWorld(t, github.Options{JobLease: 400 * time.Millisecond}, quick(runner.Behaviour{}))
	job := w.github.Queue(github.Job{Name: "build", Scope: owner, Run: "echo started; sleep 60"})
	p := w.listener("run", "--jitconfig", w.jit("one"))
	w.printed(job, "started")
	p.signal(syscall.SIGKILL)
	if got := job.Wait(w.ctx); got != github.Lost {
		t.Errorf("job %s, want Lost", got)
	}
	if left := w.github.Runners(); len(left) != 1 {
		t.Errorf("left %+v, want the ghost", left)
	}
}

// A supervisor may lose interest in the output; the runner does not die of it.
func TestClosedStdout(t *testing.T) {
	w := newWorld(t, github.Options{}, runner.Behaviour{})
	job := w.github.Queue(github.Job{Name: "build", Scope: owner, Run: "true"})
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	c := w.command("run", "--jitconfig", w.jit("one"))
	c.Stdout, c.Stderr = write, write
	p := w.start(c)
	write.Close()
	read.Close()
	p.ends(0)
	if got := job.Wait(w.ctx); got != github.Succeeded {
		t.Errorf("job %s", got)
	}
}

func TestSignalsWhileConfiguring(t *testing.T) {
	for sig, code := range map[syscall.Signal]int{syscall.SIGINT: 1, syscall.SIGTERM: 143} {
		w := newWorld(t, github.Options{}, runner.Behaviour{})
		gate := w.github.Gate(github.Point{Method: "POST", Route: "/actions/runners/register", After: true})
		p := w.configure("two")
		if _, err := gate.Arrived(w.ctx); err != nil {
			t.Fatal(err)
		}
		p.signal(sig)
		p.ends(code)
		gate.Release()
		if got := w.files(); len(got) != 1 || len(w.github.Runners()) != 1 {
			t.Errorf("%v: files %v, runners %d; want the key and the registration", sig, got, len(w.github.Runners()))
		}
		if got := strings.Contains(p.stdout(), "Exiting..."); got != (sig == syscall.SIGINT) {
			t.Errorf("%v: stdout %s", sig, p.stdout())
		}
	}
}
