package main

import (
	"bytes"
	"context"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/runner-init/runner-init/internal/config"
	"github.com/runner-init/runner-init/internal/mask"
	"github.com/runner-init/runner-init/internal/runner"
	"github.com/runner-init/runner-init/internal/sim/github"
	"github.com/runner-init/runner-init/lifecycle"
	"github.com/runner-init/runner-init/registration"
	"github.com/runner-init/runner-init/signals"
)

// scene is where one plot is played, by virtual time: the supervisor's own registrar, client, loop, judge and report; a
// simulated GitHub, and an actor as the listener.
type scene struct {
	plot
	dir    string
	hub    *github.Server
	shift  atomic.Int64 // of GitHub's clock
	wishes chan os.Signal
	wiring *wiring
	log    bytes.Buffer // of the supervisor; read when all is over
	over   context.Context
	end    context.CancelFunc
	extras sync.WaitGroup

	mu       sync.Mutex
	cued     map[string]int
	calls    map[string]int // for the lag
	jobs     []*github.JobRun
	launched int
	actor    *actor
	told     facts
}

// facts are what a play leaves to be judged.
type facts struct {
	exits    int
	exit     lifecycle.Exit
	ended    time.Time
	stops    []time.Time
	notices  []notice
	jobs     map[string]*played
	deaths   int             // of listeners, that were in the plot
	broken   bool            // the fence could not be shut
	latecome int             // requests of ours after the end
	failed   time.Time       // when the last listener ended that asked to be started again; zero: another one has ended since
	hurries  []time.Duration // from such an end to the next start, where it was less than promised
}

type notice struct{ at, by time.Time }

// played is what the listener did about a job.
type played struct {
	work        work
	began       time.Time // `Running job:`
	interrupted time.Time // zero: not while it had the job
	doomed      bool      // its listener came to an untimely end
}

const (
	siteURL = "https://github.test"
	pagePAT = "pat-of-a-person-for-tests-only"
)

// newScene prepares a play.
func newScene(p plot, dir string, key *rsa.PublicKey, keyText string) (*scene, error) {
	s := &scene{plot: p, dir: dir, wishes: make(chan os.Signal, 16), cued: map[string]int{}, calls: map[string]int{}}
	s.told.jobs = map[string]*played{}
	s.over, s.end = context.WithCancel(context.Background())
	s.hub = github.New(github.Options{
		Now: func() time.Time { return time.Now().Add(time.Duration(s.shift.Load())) }, PollHold: 30 * time.Minute, JobLease: time.Hour,
	})
	s.trust()
	s.hub.AddPAT(pagePAT, github.Classic("repo", "admin:org").Named("person"))
	s.hub.AddApp(github.App{ID: 77, Name: "bot", Key: key})
	s.hub.Install(github.Installation{Account: "orgs/acme", Permissions: []string{"administration:write"}})
	environ := append([]string{
		"RUNNER_REPO=acme/widgets", "GITHUB_SERVER_URL=" + siteURL, "GITHUB_API_URL=" + siteURL, "RUNNER_LOG_FORMAT=json",
		"RUNNER_TERMINATION_LOG=" + filepath.Join(dir, "termination"),
	}, p.environ...)
	switch {
	case p.how == "ready-jit":
		environ = append(environ, "RUNNER_JITCONFIG="+s.readyJIT())
	case p.how == "ready-token":
		environ = append(environ, "RUNNER_TOKEN="+s.hub.RegistrationToken(scope))
	case p.app:
		environ = append(environ, "GITHUB_APP_ID=77", "GITHUB_APP_PRIVATE_KEY="+keyText)
	default:
		environ = append(environ, "GITHUB_TOKEN="+testPAT)
	}
	c, err := config.Load(environ)
	if err != nil {
		return nil, err
	}
	s.hub.OnRequest(func(e github.Entry) { s.cue(calling(e)) })
	s.hub.OnAnswer(func(e github.Entry) { s.cue(calling(e) + " answered") })
	return s, s.wire(c)
}

// calling is a request as a cue.
func calling(e github.Entry) string {
	last := path.Base(e.Route)
	if strings.HasPrefix(last, "{") {
		last = "runner"
	}
	return e.Method + " " + last
}

// wire is the supervisor's, with the listener, the runner's programs and the way to GitHub replaced.
func (s *scene) wire(c config.Config) error {
	chance := throw(s.seed ^ 1)
	var mu sync.Mutex
	below := func(d time.Duration) time.Duration {
		mu.Lock()
		defer mu.Unlock()
		return time.Duration(chance.Int64N(int64(max(d, 1))))
	}
	sup := &supervisor{config: c, journal: journal{&signals.Parent{}}, wishes: s.wishes, began: time.Now(), chance: below}
	sup.mask, sup.outlet = mask.New(c.Secrets()...), newOutlet(&s.log)
	sup.log = newLogger(c, sup.mask.Writer(sup.outlet))
	sup.stopping, sup.stop = context.WithCancel(context.Background())
	official := &runner.Runner{Root: s.dir, Work: "_work"}
	l := &listener{runner: official, log: sup.log}
	sup.listener = l
	reg := &registrar{config: c, runner: understudy{official, s}, journal: sup.journal, log: sup.log, working: s.working}
	if c.API() && c.JITConfig.Empty() {
		credential, err := newCredential(c)
		if err != nil {
			return err
		}
		o := clientOptions(c, credential)
		o.Transport, o.Chance = transport(s.ours), below
		if reg.client, err = registration.New(o); err != nil {
			return err
		}
	}
	l.jobOver = reg.freshen
	w := &wiring{supervisor: sup, runner: official, registrar: reg, host: &host{config: c, log: sup.log}}
	w.plan = lifecycle.NewPlan(c.StopTimeout, c.StartTimeout)
	w.plan.Idle, w.plan.Life, w.plan.Chance = c.IdleTimeout, c.MaxLifetime, below
	w.loop = lifecycle.New(lifecycle.Ports{
		Host: prepared{s.dir}, Registrar: reg, Listener: company{s, l}, Judge: w.judge, Planned: w.planned,
		Observe: func(before, after lifecycle.Status) {
			w.observe(before, after)
			s.observe(before, after)
		},
	}, w.plan)
	s.wiring = w
	return nil
}

// play is the whole life, and what follows it.
func (s *scene) play() {
	s.cue("")
	var heeding sync.WaitGroup
	heeding.Go(s.wiring.heed)
	s.told.exit = s.wiring.loop.Run(lifecycle.Begin(s.wiring.config.Ephemeral))
	s.wiring.report(s.told.exit)
	s.told.ended = time.Now()
	s.wiring.outlet.flush()
	s.mu.Lock()
	s.end() // the process is gone, and with PID 1 all others
	s.mu.Unlock()
	s.extras.Wait()
	close(s.wishes)
	heeding.Wait()
	s.cast(func(a *actor) { a.vanish() })
	time.Sleep(3 * time.Hour) // for requests that were on their way, and leases that run out
	close(s.wiring.outlet.pieces)
}

func (s *scene) observe(before, after lifecycle.Status) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if after.Phase == lifecycle.Exited && before.Phase != lifecycle.Exited {
		s.told.exits++
	}
	s.told.broken = s.told.broken || after.Fence == lifecycle.FenceBroken
}

// cue lets happen what waits for it.
func (s *scene) cue(name string) {
	s.mu.Lock()
	s.cued[name]++
	nth := s.cued[name]
	s.mu.Unlock()
	for _, a := range s.acts {
		if a.cue == name && (a.nth == nth || name == "") {
			s.later(a.after, func() { a.do(s) })
		}
	}
}

// later does something after a time, unless the life is over by then.
func (s *scene) later(d time.Duration, do func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over.Err() != nil {
		return
	}
	s.extras.Go(func() {
		if pause(s.over, d) {
			do()
		}
	})
}

// ended notes the end of a listener.
func (s *scene) ended(code int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.told.failed = time.Time{}
	if meanings[code] == runner.RetryableError {
		s.told.failed = time.Now()
	}
}

func (s *scene) cast(do func(*actor)) {
	s.mu.Lock()
	a := s.actor
	s.mu.Unlock()
	if a != nil {
		do(a)
	}
}

func (s *scene) working() (works bool) {
	s.cast(func(a *actor) { works = a.working.Load() })
	return works
}

// What an act does.

func (s *scene) stop(signal syscall.Signal) {
	s.mu.Lock()
	s.told.stops = append(s.told.stops, time.Now())
	s.mu.Unlock()
	s.wishes <- signal
	s.cue("stop")
}

func (s *scene) notice(left time.Duration) {
	by := time.Now().Add(left)
	s.mu.Lock()
	s.told.notices = append(s.told.notices, notice{time.Now(), by})
	s.mu.Unlock()
	s.wiring.loop.StopBy(by)
}

func (s *scene) queue(i int) {
	job := s.hub.Queue(github.Job{Name: fmt.Sprint(i), Scope: scope, Labels: []string{"self-hosted"}})
	s.mu.Lock()
	defer s.mu.Unlock()
	s.jobs = append(s.jobs, job)
}

func (s *scene) blow(f github.Fault, lasting time.Duration) {
	until := time.Now().Add(lasting)
	f.When = func(e github.Entry) bool {
		lied := f.Status == http.StatusOK && strings.HasSuffix(e.Credential, "-token") // which the runner's programs would believe
		return time.Now().Before(until) && e.Credential != "classic person" && !lied
	}
	s.hub.Fault(f)
}

func (s *scene) trust() { s.hub.AddPAT(testPAT, github.Classic("repo", "admin:org").Named("ours")) }

// expel is what a person does on GitHub's page.
func (s *scene) expel() {
	for _, r := range s.hub.Runners() {
		s.ask(s.over, github.RoundTripper(s.hub), "DELETE", fmt.Sprintf("/repos/acme/widgets/actions/runners/%d", r.ID), "Bearer "+pagePAT, nil, nil)
	}
}

// readyJIT has somebody else make the registration.
func (s *scene) readyJIT() string {
	var made struct {
		Config string `json:"encoded_jit_config"`
	}
	body := map[string]any{"name": "theirs", "runner_group_id": 1, "labels": []string{"self-hosted"}}
	s.ask(s.over, github.RoundTripper(s.hub), "POST", "/repos/acme/widgets/actions/runners/generate-jitconfig", "Bearer "+pagePAT, body, &made)
	return made.Config
}

// transport is a way to GitHub.
type transport func(*http.Request) (*http.Response, error)

func (t transport) RoundTrip(r *http.Request) (*http.Response, error) { return t(r) }

var errProcessGone = errors.New("the process that would ask is gone")

// ours is the supervisor's, which ends with it.
func (s *scene) ours(r *http.Request) (*http.Response, error) {
	if s.over.Err() != nil {
		s.mu.Lock()
		s.told.latecome++
		s.mu.Unlock()
		return nil, errProcessGone
	}
	return s.travel(r)
}

// travel takes its time in both directions. What was sent arrives, also if nobody waits for the answer any more.
func (s *scene) travel(r *http.Request) (*http.Response, error) {
	type result struct {
		resp *http.Response
		err  error
	}
	back := make(chan result, 1)
	there, home := s.lags(r)
	go func() {
		time.Sleep(there)
		ctx := r.Context()
		if ctx.Err() != nil {
			brief, cancel := context.WithTimeout(context.Background(), time.Millisecond)
			defer cancel()
			ctx = brief
		}
		resp, err := github.RoundTripper(s.hub).RoundTrip(r.WithContext(ctx))
		time.Sleep(home)
		back <- result{resp, err}
	}()
	select {
	case got := <-back:
		return got.resp, got.err
	case <-r.Context().Done():
		return nil, context.Cause(r.Context())
	}
}

// lags are those of a request: of its route and of how many there were before, so that no order of others matters.
func (s *scene) lags(r *http.Request) (there, home time.Duration) {
	route := r.Method + " " + path.Base(r.URL.Path)
	s.mu.Lock()
	s.calls[route]++
	n := s.calls[route]
	s.mu.Unlock()
	hash := fnv.New64a()
	fmt.Fprint(hash, s.seed, route, n)
	d := throw(hash.Sum64())
	return 1 + d.N(s.lag), 1 + d.N(s.lag)
}

// N is a time below another one.
func (d dice) N(below time.Duration) time.Duration { return time.Duration(d.Int64N(int64(below))) }

// statusError is an answer that is no success.
type statusError struct {
	status int
	body   string
}

func (e statusError) Error() string { return fmt.Sprintf("status %d: %s", e.status, e.body) }

// ask is a request of everybody's but the supervisor's.
func (s *scene) ask(ctx context.Context, by http.RoundTripper, method, route, authorization string, body, into any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	if !strings.HasPrefix(route, siteURL) {
		route = siteURL + route
	}
	ctx, cancel := context.WithTimeout(ctx, time.Hour) // a poll may take long
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, route, bytes.NewReader(text))
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", authorization)
	resp, err := by.RoundTrip(r)
	if err != nil {
		return err
	}
	answer, err := io.ReadAll(resp.Body)
	switch {
	case err != nil:
		return err
	case resp.StatusCode/100 != 2:
		return statusError{resp.StatusCode, string(answer)}
	case into != nil && len(answer) > 0:
		return json.Unmarshal(answer, into)
	}
	return nil
}

// prepared is a machine on which everything is in order.
type prepared struct{ dir string }

func (p prepared) Boot(context.Context) error {
	return (&runner.Runner{Root: p.dir, Work: "_work"}).Prepare()
}

// understudy plays the runner's programs that end by themselves: configure and remove.
type understudy struct {
	*runner.Runner
	stage *scene
}

var _ official = understudy{}

// finishing is a context that ends a while after another one: such a program is not cut off in the middle.
func finishing(ctx context.Context) (context.Context, context.CancelFunc) {
	longer, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		if pause(longer, 5*time.Second) { // as long as internal/runner gives it
			cancel()
		}
	})
	return longer, func() { stop(); cancel() }
}

func (u understudy) ask(ctx context.Context, method, route, authorization string, body, into any) error {
	return u.stage.ask(ctx, transport(u.stage.travel), method, route, authorization, body, into)
}

// Configure registers as the official one does, and gives up sooner.
func (u understudy) Configure(ctx context.Context, c runner.Configuration) (runner.Identity, error) {
	ctx, cancel := finishing(ctx)
	defer cancel()
	id, err := u.register(ctx, c)
	if err == nil && u.stage.launches[0].cutting {
		err = errors.New("cut off")
	}
	if err != nil {
		said := err.Error()
		if e, ok := errors.AsType[statusError](err); ok && e.status == http.StatusNotFound {
			said = "Response status code does not indicate success: 404 (Not Found)."
		}
		return runner.Identity{}, &runner.ConfigureError{Err: errors.New("exit status 1"), Said: []string{said}}
	}
	text := fmt.Appendf(nil, `{"agentId":%d,"agentName":%q}`, id, c.Name)
	if err := os.WriteFile(filepath.Join(u.Root, ".runner"), text, 0o600); err != nil {
		return runner.Identity{}, err
	}
	return u.Runner.Identity()
}

func (u understudy) register(ctx context.Context, c runner.Configuration) (id int64, err error) {
	auth := "RemoteAuth " + c.Token
	if err := u.ask(ctx, "POST", "/actions/runner-registration", auth, map[string]string{"url": c.URL, "runner_event": "register"}, nil); err != nil {
		return 0, err
	}
	if other, err := u.find(ctx, auth, c.Name); err != nil || other != 0 {
		return 0, errors.Join(err, fmt.Errorf("A runner exists with the same name %s.", c.Name)) //nolint:staticcheck // the runner's own words
	}
	var made struct{ ID int64 }
	err = u.ask(ctx, "POST", "/actions/runners/register", auth, map[string]any{
		"url": c.URL, "group_id": 1, "name": c.Name, "version": "2.336.0", "ephemeral": c.Ephemeral, "labels": []string{"self-hosted"},
		"public_key": publicKey,
	}, &made)
	return made.ID, err
}

// publicKey is nobody's: the actor has its token in another way.
var publicKey = fmt.Sprintf("<RSAKeyValue><Modulus>%s</Modulus><Exponent>AQAB</Exponent></RSAKeyValue>", base64.StdEncoding.EncodeToString(make([]byte, 256)))

func (u understudy) find(ctx context.Context, auth, name string) (int64, error) {
	var list struct{ Runners []struct{ ID int64 } }
	err := u.ask(ctx, "GET", "/repos/acme/widgets/actions/runners?name="+name, auth, nil, &list)
	if err != nil || len(list.Runners) == 0 {
		return 0, err
	}
	return list.Runners[0].ID, nil
}

// Remove asks for the removal of what the identity says.
func (u understudy) Remove(ctx context.Context, token string) error {
	id, err := u.Identity()
	if err != nil {
		return errors.New("it never asked GitHub")
	}
	ctx, cancel := finishing(ctx)
	defer cancel()
	auth := "RemoteAuth " + token
	if err := u.ask(ctx, "POST", "/actions/runner-registration", auth, map[string]string{"url": siteURL + "/acme/widgets", "runner_event": "remove"}, nil); err != nil {
		return err
	}
	found, err := u.find(ctx, auth, id.Name)
	if err == nil && found != 0 {
		err = u.ask(ctx, "DELETE", fmt.Sprintf("/repos/acme/widgets/actions/runners/%d", found), auth, nil, nil)
	}
	if e, ok := errors.AsType[statusError](err); ok && e.status == http.StatusUnprocessableEntity {
		return runner.ErrBusy
	}
	if err == nil {
		forget(u.Root)
	}
	return err
}

// forget is what the runner does with its identity when its registration is gone.
func forget(dir string) {
	for _, name := range []string{".runner", ".credentials"} {
		os.Remove(filepath.Join(dir, name))
	}
}

// company is the port of the listener: one actor after the other.
type company struct {
	*scene
	listener *listener
}

var _ lifecycle.Listener = company{}

func (c company) Launch(tell func(lifecycle.Event)) error {
	c.mu.Lock()
	script := launch{boot: time.Second, quit: time.Second, clean: time.Second, update: time.Second}
	if c.launched < len(c.launches) {
		script = c.launches[c.launched]
	}
	c.launched++
	if pause := time.Since(c.told.failed); !c.told.failed.IsZero() && pause < 5*time.Second {
		c.told.hurries = append(c.told.hurries, pause)
	}
	a := newActor(c.scene, script, c.listener.news(tell))
	c.actor = a
	c.mu.Unlock()
	go a.run()
	c.cue("launch")
	return nil
}

func (c company) Working() bool { return c.working() }
func (c company) Interrupt()    { c.cast((*actor).interrupt) }
func (c company) Kill()         { c.cast(func(a *actor) { a.die(137) }) }

func (c company) AwaitUpdate(ctx context.Context) bool {
	const patience = 31 * time.Second
	var takes time.Duration
	c.cast(func(a *actor) { takes = a.update })
	return pause(ctx, min(takes, patience)) && takes <= patience
}
