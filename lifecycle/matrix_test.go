package lifecycle

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// kind is a runner by how long it serves and how it is registered. A persistent one cannot be registered just in time.
type kind struct {
	name                string
	persistent, byToken bool
}

var kinds = []kind{
	{name: "An ephemeral runner, registered just in time"},
	{name: "An ephemeral runner, registered by token", byToken: true},
	{name: "A persistent runner, registered by token", persistent: true, byToken: true},
}

var matrixGraces = []time.Duration{3 * second, 10 * second, 30 * second, 120 * second}

// circumstance is a phase in which the first stop signal comes, and how a runner gets there without one.
type circumstance struct {
	phase Phase
	name  string
	set   func(s *stage, p Plan)
	job   string // what has to become of it
	exit  Code
}

// What becomes of a job.
const (
	finishes  = "job done"
	cancelled = "job cancelled"
)

func circumstances(persistent bool) []circumstance {
	nothing := func(*stage, Plan) {}
	fits := func(s *stage, p Plan) { s.jobs = []job{{at: 10 * second, takes: p.Drain / 2}} }
	endless := func(s *stage, _ Plan) { s.jobs = []job{{at: 10 * second, takes: 6 * hour}} }
	outlived := func(job func(*stage, Plan)) func(*stage, Plan) {
		return func(s *stage, p Plan) {
			job(s, p)
			s.life = 20 * second
			s.jobs[0].takes += s.life - s.jobs[0].at - toLine
		}
	}
	served := circumstance{Deregistering, "after its job", func(s *stage, p Plan) { fits(s, p); s.deregister = second }, finishes, OK}
	if persistent {
		served = circumstance{Deregistering, "after the listener's end", func(s *stage, p Plan) { s.endings, s.deregister = []Ending{Finished}, second }, "", OK}
	}
	return []circumstance{
		{Booting, "", nothing, "", OK},
		{Authenticating, "", nothing, "", OK},
		{Registering, "", nothing, "", OK},
		{Starting, "", nothing, "", OK},
		{Listening, "", nothing, "", OK},
		{Running, "the job ends in time", fits, finishes, OK},
		{Running, "the job takes six hours", endless, cancelled, OK},
		{Stopping, "idle for too long", func(s *stage, _ Plan) { s.idle = 30 * second }, "", OK},
		{Draining, "lived long enough, the job ends in time", outlived(fits), finishes, OK},
		{Draining, "lived long enough, the job takes six hours", outlived(endless), cancelled, OK},
		{Cancelling, "declared dead", func(s *stage, p Plan) { endless(s, p); s.idler = true }, cancelled, DeadRunner},
		served,
	}
}

// outcome is what a stop came to.
type outcome struct {
	exit Exit
	took time.Duration // from the signal
	cut  time.Duration // from the signal to the interrupt, if a job was cancelled by it
	job  string
	left bool // a registration
}

// within is how long after the beginning of a phase the signal comes; no phase of the matrix is shorter.
var within = []time.Duration{0, time.Millisecond, 50 * time.Millisecond, 150 * time.Millisecond}

// stop plays one cell at one moment. Every answer of GitHub takes some time, a configure that is ended halfway leaves a
// registration that nobody has the number of, and a request that registers just in time is carried out once it is sent.
func (c circumstance) stop(t *testing.T, k kind, grace, after time.Duration) (o outcome) {
	bubble(t, func(t *testing.T) {
		s := prompt()
		s.grace, s.persistent, s.halfway, s.shielded = grace, k.persistent, k.byToken, !k.byToken
		s.authenticate, s.register = 300*time.Millisecond, 300*time.Millisecond
		if k.byToken {
			s.register = 3 * second
		}
		c.set(s, NewPlan(grace, 0))
		var signal time.Time
		s.entered = func(p Phase) {
			if s.is(func() bool { return p == c.phase && signal.IsZero() }) {
				s.set(func() { signal = time.Now().Add(after) })
				time.AfterFunc(after, func() { s.loop.Stop(time.Now()) })
			}
		}
		o.exit = s.play()
		if signal.IsZero() || signal.After(time.Now()) {
			t.Fatalf("%s: never in that phase\n%q", c.phase, s.record)
		}
		o.took, o.left = time.Since(signal), s.standing
		switch {
		case s.lost:
			o.job, o.cut = cancelled, s.moment("interrupt")-signal.Sub(s.began)
		case s.moment("job done") >= 0:
			o.job = finishes
		case s.moment("job") >= 0:
			o.job = "job forgotten"
		}
		if s.busy {
			o.job += ", not reported"
		}
	})
	return o
}

// TestStopMatrix stops every kind of runner in every phase, with every grace period, at several moments of the phase.
func TestStopMatrix(t *testing.T) {
	for _, k := range kinds {
		for _, c := range circumstances(k.persistent) {
			for _, grace := range matrixGraces {
				for _, after := range within {
					o, p := c.stop(t, k, grace, after), NewPlan(grace, 0)
					if err := errors.Join(c.judge(o, p)...); err != nil {
						t.Errorf("%s, %s (%s), %s of grace, %s into the phase: %v", k.name, c.phase, c.name, grace, after, err)
					}
				}
			}
		}
	}
}

// judge compares an outcome with what was promised.
func (c circumstance) judge(o outcome, p Plan) (errs []error) {
	if o.exit.Code != c.exit || o.left {
		errs = append(errs, fmt.Errorf("got exit %v, registration left: %t, want %d", o.exit, o.left, c.exit))
	}
	if o.took > p.Exit {
		errs = append(errs, fmt.Errorf("it took %s of %s", o.took, p.Grace))
	}
	if o.job != c.job {
		errs = append(errs, fmt.Errorf("got %q, want %q", o.job, c.job))
	}
	if reserve := p.Grace - o.cut; o.job == cancelled && c.phase != Cancelling && reserve != min(p.Grace/2, 20*second) {
		errs = append(errs, fmt.Errorf("the job was cancelled with %s left", reserve))
	}
	return errs
}

// stopMatrix is the matrix as it stands on the page: what came of each stop, at the worst of its moments.
func stopMatrix(t *testing.T) string {
	var page strings.Builder
	fmt.Fprint(&page, `
## The stop matrix

What came of the first stop signal in each phase, for each grace period: the exit code, how long it took from the signal to the
end, and what became of the job. SIGTERM, SIGINT and SIGQUIT are one and the same event, so each cell stands for all three; with
`+"`RUNNER_EXIT_ON_SIGNAL=true`"+` a 0 is 143, 130 or 131. Every cell is the worst of several moments of its phase, and is
played anew when this page is made, in a simulated world whose answers take some tenths of a second and whose jobs end when they
are cancelled. In none of them a registration is left. The phases after listening are reached without a signal, as
the row says; what a second and a third signal do stands in the tables below. In the phase exited there is nothing left to stop.
`)
	for _, k := range kinds {
		fmt.Fprintf(&page, "\n### %s\n\n| phase |", k.name)
		for _, grace := range matrixGraces {
			fmt.Fprintf(&page, " %s |", short(grace))
		}
		fmt.Fprint(&page, "\n|---|"+strings.Repeat("---|", len(matrixGraces))+"\n")
		for _, c := range circumstances(k.persistent) {
			fmt.Fprintf(&page, "| %s |", strings.TrimSuffix(c.phase.String()+": "+c.name, ": "))
			for _, grace := range matrixGraces {
				fmt.Fprintf(&page, " %s |", c.worst(t, k, grace))
			}
			fmt.Fprintln(&page)
		}
	}
	fmt.Fprint(&page, `
A persistent runner registered just in time does not exist: GitHub makes such runners ephemeral, so the configuration is refused with 78.
`)
	return page.String()
}

// worst is the outcome that took longest.
func (c circumstance) worst(t *testing.T, k kind, grace time.Duration) outcome {
	var all []outcome
	for _, after := range within {
		all = append(all, c.stop(t, k, grace, after))
	}
	return slices.MaxFunc(all, func(a, b outcome) int { return int(a.took - b.took) })
}

func (o outcome) String() string {
	text := fmt.Sprintf("%d in %s", o.exit.Code, short(o.took.Round(100*time.Millisecond)))
	if o.job == cancelled && o.cut > 0 {
		return text + ", job cancelled after " + short(o.cut)
	}
	return strings.TrimSuffix(text+", "+o.job, ", ")
}
