package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/runner-init/runner-init/internal/need"
	"github.com/runner-init/runner-init/internal/sim/github"
	simrunner "github.com/runner-init/runner-init/internal/sim/runner"
	"github.com/runner-init/runner-init/lifecycle"
)

var chaosProcesses = flag.Int("chaos.p", 12, "how many lives TestChaosProcesses lives, from the same seed on")

// crowd is how many containers live at a time: most of a life is waiting.
const crowd = 14

// drama is a plot for real processes: the released program as PID 1 of a namespace, the simulated runner and its jobs.
type drama struct {
	seed    uint64
	environ []string
	how     string
	kept    bool // the registration is not ours to remove
	grace   time.Duration
	runner  simrunner.Behaviour
	doomed  bool // the runner comes to an untimely end
	app     bool
	job     string // what the step runs; no job, if empty
	length  time.Duration
	result  github.Result
	faults  []github.Fault
	blows   []blow
}

// blow is a signal: to PID 1, or SIGKILL to the supervisor, so long after a cue.
type blow struct {
	cue    string
	after  time.Duration
	signal syscall.Signal
	super  bool
}

// lastStop is when a life is stopped that has not ended by then.
const lastStop = 5 * time.Second

func dramatize(seed uint64) drama {
	d := throw(seed ^ 2)
	p := drama{
		seed: seed, how: pick(d, "jit", "jit", "jit", "token", "token", "ready-jit", "ready-token", "dropped"),
		grace: pick(d, 4*time.Second, 10*time.Second, 16*time.Second, 16*time.Second),
	}
	p.app = d.in(20) && (p.how == "jit" || p.how == "token")
	p.environ = []string{"RUNNER_REPO=acme/widgets", fmt.Sprint("RUNNER_STOP_TIMEOUT=", p.grace), "RUNNER_START_TIMEOUT=20s"}
	if p.how == "token" || p.how == "ready-token" {
		p.environ = append(p.environ, "RUNNER_REGISTRATION=token", fmt.Sprint("RUNNER_EPHEMERAL=", d.in(50)))
	}
	if p.how == "dropped" {
		p.environ = append(p.environ, "RUNNER_DROP_CREDENTIALS=true")
	}
	if idle := d.in(10); idle {
		p.environ = append(p.environ, "RUNNER_IDLE_TIMEOUT=2s")
	}
	p.kept = p.how == "ready-jit"
	p.work(d)
	p.trouble(d)
	p.signals(d)
	return p
}

// work is the job, which may leave processes behind.
func (p *drama) work(d dice) {
	length, stray, fails := d.span(10*time.Millisecond, 3*time.Second), d.in(40), d.in(20)
	if d.in(20) {
		return
	}
	p.length, p.result, p.job = length, github.Succeeded, fmt.Sprintf("sleep %.2f", length.Seconds())
	if stray { // one that dies at once and one that does not, without parents
		p.job = "(sh -c 'unset RUNNER_TRACKING_ID; true & sleep 0.1 & sleep 1000 &' > /dev/null 2>&1 &); " + p.job
	}
	if fails {
		p.result, p.job = github.Failed, p.job+"; false"
	}
}

// trouble is the runner's and GitHub's.
func (p *drama) trouble(d dice) {
	arrow := pick(d, simrunner.AtStart, simrunner.AtRegistered, simrunner.AtConnect, simrunner.AtSession, simrunner.AtListening,
		simrunner.AtJob, simrunner.AtWorker, simrunner.AtDone, simrunner.AtCleanup, simrunner.AtStop, simrunner.AtWorkerJob, simrunner.AtWorkerStop)
	act := pick(d, simrunner.Act{Hang: true}, simrunner.Act{Exit: new(2)}, simrunner.Act{Exit: new(1)}, simrunner.Act{Exit: new(5)},
		simrunner.Act{Exit: new(139)}, simrunner.Act{Signal: syscall.SIGKILL}, simrunner.Act{Signal: syscall.SIGSEGV},
		simrunner.Act{Delay: time.Second}, simrunner.Act{Stdout: "no end of line", Hold: time.Minute})
	act.Times = 1
	if p.doomed = d.in(35); p.doomed {
		p.runner.At = map[simrunner.Arrow]simrunner.Act{arrow: act}
	}
	p.runner.PollRetry, p.runner.SessionRetry = 300*time.Millisecond, time.Second
	for range d.IntN(3) {
		f := pick(d, github.Fault{Status: 502}, github.Fault{Status: 503, After: true}, github.Fault{Drop: true}, github.Fault{Drop: true, After: true},
			github.Fault{Delay: time.Second}, github.Fault{Delay: 2 * time.Second, After: true}, github.Fault{Hang: true}, github.Fault{Status: 401},
			github.Fault{Status: 404}, github.Fault{Status: 422}, github.Fault{Status: 429, Header: http.Header{"Retry-After": {"2"}}})
		f.Times, f.Route = 1+d.IntN(3), pick(d, "", "/generate-jitconfig", "/registration-token", "/remove-token", registrations,
			"/repos/{owner}/{repo}/actions/runners", "/session", "/message", "/acquirejob", "/actions/runners/register")
		p.faults = append(p.faults, f)
	}
}

// signals come at any time, the harmless ones too.
func (p *drama) signals(d dice) {
	for _, s := range []struct {
		percent int
		kinds   []syscall.Signal
		super   bool
	}{
		{60, []syscall.Signal{syscall.SIGTERM, syscall.SIGTERM, syscall.SIGINT, syscall.SIGQUIT}, false},
		{20, []syscall.Signal{syscall.SIGTERM, syscall.SIGINT}, false},
		{8, []syscall.Signal{syscall.SIGTERM}, false},
		{20, []syscall.Signal{syscall.SIGHUP, syscall.SIGUSR1, syscall.SIGWINCH, syscall.SIGCONT, syscall.SIGPIPE}, false},
		{15, []syscall.Signal{syscall.SIGKILL}, true},
	} {
		b := blow{signal: pick(d, s.kinds...), super: s.super, after: d.span(time.Millisecond, 4*time.Second)}
		cue, soon := pick(d, cues...), d.span(10*time.Microsecond, 300*time.Millisecond)
		if d.in(60) {
			b.cue, b.after = cue, soon
		}
		if d.in(s.percent) {
			p.blows = append(p.blows, b)
		}
	}
}

// Real lives, in which anything may go wrong: the same promises, and no zombie.
func TestChaosProcesses(t *testing.T) {
	if *chaosSeed != 0 {
		t.Skip("skipped: the seed is of a life in virtual time")
	}
	need.PIDNamespace(t)
	t.Parallel()
	need.Program(t, "cmd/runner-init")
	need.Program(t, "internal/sim/cmd/simrunner")
	seeds := make(chan uint64)
	var all sync.WaitGroup
	for range crowd {
		all.Go(func() {
			for seed := range seeds {
				t.Run(fmt.Sprint(seed), func(t *testing.T) { live(t, dramatize(seed)) })
			}
		})
	}
	for i := range uint64(*chaosProcesses) {
		seeds <- *chaosFrom + i
	}
	close(seeds)
	all.Wait()
}

// live lives one drama, and judges it.
func live(t *testing.T, p drama) {
	h := makeFaultyHub(t)
	root := newRoot(t)
	if err := simrunner.WriteBehaviour(root, p.runner); err != nil {
		t.Fatal(err)
	}
	environ := append(p.environ, "RUNNER_TERMINATION_LOG="+filepath.Join(root, "termination"), "RUNNER_LOG_FORMAT=json")
	switch {
	case p.how == "ready-jit":
		environ = append(environ, h.readyJIT(t))
	case p.how == "ready-token":
		environ = append(environ, "RUNNER_TOKEN="+h.RegistrationToken(scope))
	case p.app:
		environ = append(environ, h.app(t)...)
	default:
		environ = append(environ, "GITHUB_TOKEN="+testPAT)
	}
	for _, f := range p.faults {
		h.Fault(f)
	}
	var job *github.JobRun
	if p.job != "" {
		job = h.job(p.job)
	}
	l := &liver{drama: p, born: make(chan struct{}), cued: map[string]bool{}}
	h.OnRequest(func(e github.Entry) { l.cue(calling(e)) })
	h.OnAnswer(func(e github.Entry) { l.cue(calling(e) + " answered") })
	l.box = open(t, h, root, environ)
	l.box.eventually("init that listens", func() bool { return l.box.over() || l.box.listens() }) // the kernel drops what comes before
	close(l.born)
	l.cue("")
	last := time.AfterFunc(lastStop, func() { l.hit(blow{signal: syscall.SIGTERM}) })
	<-l.box.ended
	last.Stop()
	l.strikes.Wait()
	<-l.box.watched
	l.judge(t, h, job)
}

// liver is one life.
type liver struct {
	drama
	box     *box
	born    chan struct{}
	strikes sync.WaitGroup

	mu    sync.Mutex
	cued  map[string]bool
	first time.Time // stop
	sent  int       // stops
}

// cue lets blows fall, at its first time.
func (l *liver) cue(name string) {
	l.mu.Lock()
	before := l.cued[name]
	l.cued[name] = true
	l.mu.Unlock()
	for _, b := range l.blows {
		if b.cue == name && !before {
			l.strikes.Go(func() {
				<-l.born
				select {
				case <-time.After(b.after):
					l.hit(b)
				case <-l.box.ended:
				}
			})
		}
	}
}

func (l *liver) hit(b blow) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.box.over() || l.box.pid == 0 {
		return
	}
	if b.super {
		if pid := l.box.findSupervisor(); pid != 0 {
			syscall.Kill(pid, syscall.SIGKILL)
		}
		return
	}
	if slices.Contains([]syscall.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGQUIT}, b.signal) {
		if l.sent++; l.sent == 1 {
			l.first = time.Now()
		}
	}
	l.box.signal(b.signal)
}

// slack is what a busy machine may add to a grace period; virtual time has none.
const slack = 4 * time.Second

// judge says what was wrong with a life.
func (l *liver) judge(t *testing.T, h *hub, job *github.JobRun) {
	now := time.Now()
	code := lifecycle.Code(l.box.command.ProcessState.ExitCode())
	object := func(format string, args ...any) {
		t.Errorf("make chaos N=0 P=1 FROM=%d: %s\n%+v", l.seed, fmt.Sprintf(format, args...), l.drama)
	}
	if !slices.ContainsFunc(lifecycle.Meanings(), func(m lifecycle.Meaning) bool { return m.Code == code }) {
		object("exit code %d means nothing", code)
	}
	faulted := slices.ContainsFunc(h.Journal(), func(e github.Entry) bool { return e.Faulted && strings.Contains(e.Credential, "runner") })
	if left := h.Runners(); len(left) > 0 && code != lifecycle.GhostLeft && !l.kept && !(l.how == "ready-token" && faulted) {
		object("exit code %d, and left is %+v", code, left)
	}
	if len(l.box.left) > 0 {
		object("zombies older than a second: %v", l.box.left)
	}
	if !l.first.IsZero() && now.Sub(l.first) > l.grace+slack {
		object("it ended %v after the first stop of %v", now.Sub(l.first), l.grace)
	}
	calm := !l.doomed && !faulted && l.sent < 2 && l.length+3*time.Second < drained(l.grace)
	if job != nil && calm && !slices.Contains([]github.Result{"", l.result}, job.Result()) && l.how != "ready-jit" && l.how != "dropped" {
		object("the job ended as %q, want %q", job.Result(), l.result)
	}
	l.judgeReport(code, object)
}

// judgeReport: one report, which is the last line, and a termination message that agrees.
func (l *liver) judgeReport(code lifecycle.Code, object func(string, ...any)) {
	var reports, last int
	var line struct {
		Msg  string
		Code int
	}
	logged := 0
	for text := range strings.Lines(l.box.stderr.String()) {
		if json.Unmarshal([]byte(text), &line) != nil || line.Msg == "" {
			continue
		}
		if logged++; line.Msg == "exited" {
			reports, last = reports+1, logged
		}
	}
	if reports != 1 || last != logged || lifecycle.Code(line.Code) != code {
		object("%d reports of the end, the last is line %d of %d, with code %d of %d", reports, last, logged, line.Code, code)
	}
	var words lastWords
	text, err := os.ReadFile(filepath.Join(l.box.root, "termination"))
	if err == nil {
		err = json.Unmarshal(text, &words)
	}
	if err != nil || bytes.Count(text, []byte("\n")) != 1 || words.ExitCode != int(code) {
		object("exit code %d, and the termination message is %q (%v)", code, text, err)
	}
}
