package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"strings"
	"syscall"
	"time"

	"github.com/runner-init/runner-init/internal/runner"
	"github.com/runner-init/runner-init/internal/sim/github"
)

// plot is the script of one life: what is asked of it, and all that goes wrong. It is made of the seed alone.
type plot struct {
	seed     uint64
	how      string // the registration is made: jit, token, ready-jit, ready-token
	app      bool
	calm     bool // nothing goes wrong: what happens is what has to happen every day
	environ  []string
	lag      time.Duration // of a request on its way, at most, and of its answer
	launches []launch      // of the listener, one after the other; those after the last are healthy
	works    []work        // the jobs, in order of their arrival
	acts     []act
}

// launch is what becomes of one start of the listener.
type launch struct {
	boot    time.Duration // to its session
	quit    time.Duration // an idle one takes to end after an interrupt
	clean   time.Duration // an ephemeral one takes to end after its job
	update  time.Duration // its self-update takes
	deaf    bool          // to interrupts
	doom    doom
	cutting bool // its configure is cut off after GitHub has made the registration
}

// doom is the untimely end of a listener.
type doom struct {
	at    string // the point of its life from which the time runs; never, if empty
	after time.Duration
	code  int // it ends with; negative: it hangs
}

// work is a job.
type work struct {
	length   time.Duration
	result   github.Result
	wind     time.Duration // it takes to end after an interrupt
	unending bool          // it does not
	unbegun  bool          // the listener takes it, and does nothing
}

// act is something that happens so long after a cue, which is given for the nth time. The empty cue is the beginning.
type act struct {
	cue   string
	nth   int
	after time.Duration
	what  string
	do    func(*scene)
}

func (p plot) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "seed %d: %s, calm %v, lag %v, %q\n", p.seed, p.how, p.calm, p.lag, p.environ)
	for _, a := range p.acts {
		fmt.Fprintf(&b, "  %v after %q no. %d: %s\n", a.after, a.cue, a.nth, a.what)
	}
	fmt.Fprintf(&b, "  jobs: %+v\n  listener: %+v", p.works, p.launches)
	return b.String()
}

// dice are the chance of a plot.
type dice struct{ *rand.Rand }

func throw(seed uint64) dice { return dice{rand.New(rand.NewPCG(seed, 0x6368616f73))} }

// in says whether something of so many percent happens.
func (d dice) in(percent int) bool { return d.IntN(100) < percent }

// span is a time between two, in which no order of magnitude is preferred.
func (d dice) span(least, most time.Duration) time.Duration {
	low, high := math.Log(float64(least)), math.Log(float64(most))
	return time.Duration(math.Exp(low + d.Float64()*(high-low)))
}

func pick[T any](d dice, of ...T) T { return of[d.IntN(len(of))] }

// write makes the plot of a seed. What is thrown does not depend on what is used of it, nor on anything that happens.
func write(seed uint64) plot {
	d := throw(seed)
	p := plot{seed: seed, how: pick(d, "jit", "jit", "jit", "jit", "token", "token", "token", "ready-jit", "ready-token")}
	p.calm = d.in(25)
	p.lag = d.span(time.Millisecond, 600*time.Millisecond)
	p.app = d.in(25) && !strings.HasPrefix(p.how, "ready")
	p.settings(d)
	for range 6 {
		p.launches = append(p.launches, p.start(d))
	}
	p.queue(d)
	p.stops(d)
	if !p.calm {
		p.blows(d)
		p.strokes(d)
	}
	return p
}

// settings are the variables.
func (p *plot) settings(d dice) {
	set := func(percent int, name string, value any) {
		if d.in(percent) {
			p.environ = append(p.environ, fmt.Sprint(name, "=", value))
		}
	}
	grace := pick(d, 3*time.Second, 10*time.Second, 10*time.Second, 30*time.Second, 30*time.Second, 2*time.Minute, 2*time.Hour)
	if p.calm {
		grace = max(grace, 10*time.Second) // less is too little for a network of this lag
	}
	set(100, "RUNNER_STOP_TIMEOUT", grace)
	set(30, "RUNNER_START_TIMEOUT", d.span(20*time.Second, 10*time.Minute).Round(time.Second))
	set(15, "RUNNER_IDLE_TIMEOUT", d.span(10*time.Second, 5*time.Hour).Round(time.Second))
	set(15, "RUNNER_MAX_LIFETIME", d.span(time.Minute, 10*time.Hour).Round(time.Second))
	set(10, "RUNNER_FAILURE_HOLD", "30s")
	set(3, "RUNNER_DEREGISTER", false)
	set(20, "RUNNER_NAME", "mine")
	set(10, "RUNNER_EXIT_ON_SIGNAL", true)
	if strings.HasSuffix(p.how, "token") {
		set(100, "RUNNER_REGISTRATION", "token")
		set(50, "RUNNER_EPHEMERAL", false)
		set(30, "RUNNER_DISABLE_UPDATE", false)
	}
}

// start is a launch of the listener.
func (p *plot) start(d dice) launch {
	l := launch{
		boot: d.span(50*time.Millisecond, 8*time.Second), quit: d.span(time.Millisecond, time.Second),
		clean: d.span(time.Millisecond, 3*time.Second), update: d.span(time.Second, 40*time.Second),
	}
	fate := doom{
		at:    pick(d, "start", "session", "listening", "listening", "job", "working", "working", "done"),
		after: d.span(time.Millisecond, time.Hour), code: pick(d, 1, 2, 2, 2, 3, 4, 5, 7, 134, 137, 139, 143, -1),
	}
	doomed, deaf, cutting := d.in(30), d.in(3), d.in(4)
	if p.calm {
		return l
	}
	if doomed {
		l.doom = fate
	}
	l.deaf, l.cutting = deaf, cutting
	return l
}

// queue are the jobs, more than an ephemeral runner takes.
func (p *plot) queue(d dice) {
	for i := range d.IntN(4) {
		w := work{
			length: d.span(10*time.Millisecond, 6*time.Hour), wind: d.span(10*time.Millisecond, 9*time.Second),
			result: pick(d, github.Succeeded, github.Succeeded, github.Succeeded, github.Failed),
		}
		unending, unbegun := d.in(4), d.in(4)
		w.unending, w.unbegun = unending && !p.calm, unbegun && !p.calm
		p.works = append(p.works, w)
		p.add(d, fmt.Sprintf("job %d is queued", i), func(s *scene) { s.queue(i) })
	}
}

// stops: nobody lives for ever, and many are stopped before, once or more often, or told of their end.
func (p *plot) stops(d dice) {
	signal := pick(d, syscall.SIGTERM, syscall.SIGTERM, syscall.SIGINT, syscall.SIGQUIT)
	stop := func(s *scene) { s.stop(signal) }
	last := d.span(26*time.Hour, 40*time.Hour)
	p.acts = append(p.acts, act{after: last, what: "last stop", do: stop})
	if d.in(60) {
		p.add(d, "stop", stop)
	}
	again := d.span(10*time.Millisecond, 2*time.Minute)
	if d.in(20) {
		p.acts = append(p.acts, act{cue: "stop", nth: 1, after: again, what: "second stop", do: stop})
		if d.in(40) {
			p.acts = append(p.acts, act{cue: "stop", nth: 2, after: d.span(10*time.Millisecond, time.Minute), what: "third stop", do: stop})
		}
	}
	for range 2 {
		left := d.span(time.Second, 20*time.Minute)
		if d.in(7) {
			p.add(d, fmt.Sprint("notice of the end in ", left), func(s *scene) { s.notice(left) })
		}
	}
}

// cues are the moments in which much is under way.
var cues = []string{
	"POST generate-jitconfig", "POST generate-jitconfig answered", "POST registration-token answered", "POST access_tokens",
	"POST register", "POST register answered", "launch", "POST session", "POST session answered", "listening", "GET message",
	"GET message answered", "POST acquirejob answered", "job", "working", "POST completejob answered", "done", "interrupt",
	"DELETE runner", "DELETE runner answered", "stop", "end",
}

// add lets something happen, whenever it is.
func (p *plot) add(d dice, what string, do func(*scene)) {
	a := act{what: what, do: do, after: d.span(time.Millisecond, 10*time.Hour)}
	cue, nth, soon := pick(d, cues...), 1+d.IntN(2), d.span(time.Millisecond, 20*time.Second)
	if d.in(60) {
		a.cue, a.nth, a.after = cue, nth, soon
	}
	p.acts = append(p.acts, a)
}

// blows are the faults of single routes, and of all.
func (p *plot) blows(d dice) {
	routes := []struct{ method, route string }{
		{"", ""}, {"", "/repos/{owner}/{repo}/installation"}, {"POST", mintRoute}, {"", "/…/actions/runner-groups"},
		{"POST", "/…/actions/runners/generate-jitconfig"}, {"POST", "/…/actions/runners/registration-token"},
		{"POST", "/…/actions/runners/remove-token"}, {"DELETE", registrations}, {"DELETE", registrations}, {"GET", registrations},
		{"GET", "/repos/{owner}/{repo}/actions/runners"}, {"POST", "/actions/runner-registration"}, {"POST", "/actions/runners/register"},
		{"POST", "/session"}, {"DELETE", "/session"}, {"GET", "/message"}, {"POST", "/acknowledge"}, {"POST", "/acquirejob"},
		{"POST", "/renewjob"}, {"POST", "/completejob"},
	}
	faults := []github.Fault{
		{Status: 502}, {Status: 503}, {Status: 500, After: true}, {Status: 429, Header: http.Header{"Retry-After": {"20"}}},
		{Status: 403, Body: exhausted}, {Status: 200, Body: "<html>"}, {Drop: true}, {Drop: true, After: true}, {Hang: true},
		{Hang: true, After: true}, {Delay: 4 * time.Second}, {Delay: 10 * time.Second, After: true}, {Status: 401}, {Status: 404},
		{Status: 422}, {Status: 409}, {Status: 403},
	}
	for range d.IntN(4) {
		at, f := pick(d, routes...), pick(d, faults...)
		f.Method, f.Route, f.Skip = at.method, at.route, pick(d, 0, 0, 0, 1, 2)
		times, lasting := 1+d.IntN(4), d.span(time.Second, 5*time.Hour)
		if d.in(50) {
			f.Times, lasting = times, 100*time.Hour
		}
		what := fmt.Sprintf("%+v for %v", f, lasting)
		if d.in(30) {
			p.acts = append(p.acts, act{what: what, do: func(s *scene) { s.blow(f, lasting) }})
		} else {
			p.add(d, what, func(s *scene) { s.blow(f, lasting) })
		}
	}
}

// strokes are what befalls GitHub as a whole.
func (p *plot) strokes(d dice) {
	jump := pick[time.Duration](d, -1, 1) * d.span(time.Second, 40*time.Minute)
	for what, do := range ordered(
		"the credential is revoked", func(s *scene) { s.hub.RevokePAT(testPAT); s.hub.RevokeInstallationTokens() },
		"the credential is revoked for a minute", func(s *scene) {
			s.hub.RevokePAT(testPAT)
			s.later(time.Minute, s.trust)
		},
		"a person deletes the runner", (*scene).expel,
		fmt.Sprint("GitHub's clock jumps by ", jump), func(s *scene) { s.shift.Add(int64(jump)) },
	) {
		if d.in(5) {
			p.add(d, what, do)
		}
	}
}

// ordered goes over pairs in their order.
func ordered(pairs ...any) func(func(string, func(*scene)) bool) {
	return func(yield func(string, func(*scene)) bool) {
		for i := 0; i < len(pairs); i += 2 {
			if !yield(pairs[i].(string), pairs[i+1].(func(*scene))) {
				return
			}
		}
	}
}

// meanings of the listener's exit codes, as the contract has them.
var meanings = map[int]runner.Meaning{
	0: runner.Success, 1: runner.TerminatedError, 2: runner.RetryableError, 3: runner.RunnerUpdating, 4: runner.RunnerUpdating,
	5: runner.SessionConflict, 7: runner.VersionDeprecated, 134: runner.Crash, 137: runner.Crash, 139: runner.Crash, 143: runner.Success,
}
