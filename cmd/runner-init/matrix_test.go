package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/runner-init/runner-init/internal/config"
	"github.com/runner-init/runner-init/internal/runner"
	"github.com/runner-init/runner-init/internal/sim/github"
	"github.com/runner-init/runner-init/lifecycle"
	"github.com/runner-init/runner-init/registration"
	"github.com/runner-init/runner-init/signals"
)

// ordeal is one row of the matrix: a life of a runner, and the request in it that GitHub has trouble with.
type ordeal struct {
	name, method, route string
	environ             string
	app                 bool // asked with an App
	end                 bool // the trouble begins when the runner has listened for an hour
	job                 bool // the end is that of its job, and not a stop
}

const mintRoute = "/app/installations/{installation_id}/access_tokens"

var ordeals = []ordeal{
	{name: "installation", method: "GET", route: "/repos/{owner}/{repo}/installation", app: true},
	{name: "installation token", method: "POST", route: mintRoute, app: true},
	{name: "group", method: "GET", route: "/…/actions/runner-groups", environ: "RUNNER_ORG=acme RUNNER_GROUP=default"},
	{name: "JIT", method: "POST", route: "/…/actions/runners/generate-jitconfig"},
	{name: "JIT, App", method: "POST", route: "/…/actions/runners/generate-jitconfig", app: true},
	{name: "registration token", method: "POST", route: "/…/actions/runners/registration-token", environ: "RUNNER_REGISTRATION=token"},
	{name: "fence", method: "DELETE", route: registrations, end: true},
	{name: "fence, App", method: "DELETE", route: registrations, end: true, app: true},
	{name: "fence, App's token", method: "POST", route: mintRoute, end: true, app: true},
	{name: "deregistration", method: "DELETE", route: registrations, end: true, job: true},
}

// ailment is one column: what goes wrong, and the code with which the program ends when it begins in the boot, and in
// the end.
type ailment struct {
	name      string
	fault     github.Fault
	limit     time.Duration        // GitHub's primary rate limit is exhausted for so long
	strike    func(*github.Server) // in place of a fault
	boot, end lifecycle.Code
	least     time.Duration // that the boot takes
}

const exhausted = `{"message":"You have exceeded a secondary rate limit.","documentation_url":"https://docs.github.com/rest"}`

var ailments = []ailment{
	{name: "nothing"},
	{name: "502 once", fault: github.Fault{Status: 502, Times: 1}},
	{name: "502 three times", fault: github.Fault{Status: 502, Times: 3}},
	{name: "502 for ever", fault: github.Fault{Status: 502}, boot: 69, end: 75},
	{name: "429 with Retry-After", fault: github.Fault{Status: 429, Times: 1, Header: http.Header{"Retry-After": {"40"}}}, least: 40 * time.Second},
	{name: "secondary limit", fault: github.Fault{Status: 403, Times: 1, Body: exhausted}, least: time.Minute},
	{name: "secondary limit for ever", fault: github.Fault{Status: 403, Body: exhausted}, boot: 69, end: 75},
	{name: "primary limit", fault: github.Fault{Status: 403, Times: 1}, limit: 90 * time.Second, least: 90 * time.Second},
	{name: "primary limit of an hour", fault: github.Fault{Status: 403}, limit: time.Hour, boot: 69, end: 75},
	{name: "reset", fault: github.Fault{Drop: true, Times: 1}},
	{name: "reset for ever", fault: github.Fault{Drop: true}, boot: 69, end: 75},
	{name: "hang", fault: github.Fault{Hang: true, Times: 1}, least: 15 * time.Second},
	{name: "hang for ever", fault: github.Fault{Hang: true}, boot: 69, end: 75},
	{name: "garbage", fault: github.Fault{Status: 200, Body: "<html>", Times: 1}},
	{name: "garbage for ever", fault: github.Fault{Status: 200, Body: "<html>"}, boot: 69, end: 75},
	{name: "done, but 502", fault: github.Fault{Status: 502, Times: 1, After: true}},
	{name: "done, but reset", fault: github.Fault{Drop: true, Times: 1, After: true}},
	{name: "done, but slow", fault: github.Fault{Hang: true, Times: 1, After: true}, least: 15 * time.Second},
	{name: "done, but 502 for ever", fault: github.Fault{Status: 502, After: true}, boot: 69, end: 75},
	{name: "401 once", fault: github.Fault{Status: 401, Times: 1}, boot: 77, end: 75},
	{name: "422", fault: github.Fault{Status: 422}, boot: 78, end: 75},
	{name: "expired token", strike: func(s *github.Server) { s.RevokePAT(testPAT); s.RevokeInstallationTokens() }, boot: 77, end: 75},
	{name: "wrong scope", strike: func(s *github.Server) { s.AddPAT(testPAT, github.Classic("gist")) }, boot: 77, end: 75},
	{name: "out of sight", strike: func(s *github.Server) { s.AddPAT(testPAT, github.Classic("repo", "admin:org").Only("orgs/other")) }, boot: 77, end: 75},
}

// special are the cells whose code is neither the one nor the other.
var special = map[string]lifecycle.Code{
	"installation token/422": 77, // that is how GitHub refuses a permission there
	// A new token is made, once.
	"JIT, App/401 once": 0, "fence, App/401 once": 0, "fence, App/expired token": 0, "fence, App's token/expired token": 0,
	// After the fence GitHub is asked again.
	"fence/401 once": 0, "fence, App's token/401 once": 0,
	// The end of a job has a minute.
	"deregistration/secondary limit": 75, "deregistration/primary limit": 75,
}

// Every request of a life with every trouble: the right exit code, in the right time, and nothing left over, by the
// registrar, the client, the judge and the loop of the program.
func TestLivesWithTrouble(t *testing.T) {
	key, text := newAppKey(t)
	for _, s := range ordeals {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			for _, a := range ailments {
				if s.app && (a.name == "wrong scope" || a.name == "out of sight") || s.app && !s.end && a.strike != nil {
					continue // a PAT's; see TestPermissionMistakes of registration for those of an App
				}
				t.Run(a.name, func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						hub := github.New(github.Options{})
						hub.AddPAT(testPAT, github.Classic("repo", "admin:org"))
						hub.AddApp(github.App{ID: 77, Name: "bot", Key: key})
						hub.Install(github.Installation{Account: "orgs/acme", Permissions: []string{"administration:write"}})
						suffer(t, hub, s, a, text)
					})
				})
			}
		})
	}
}

// suffer lives a life with one trouble in it.
func suffer(t *testing.T, hub *github.Server, s ordeal, a ailment, key string) {
	l := newLife(t, hub, s, key)
	if !s.end {
		l.strike(s, a)
	}
	begun, most := time.Now(), startTimeout+12*time.Second // in which a lost answer is looked for
	ended := make(chan lifecycle.Exit, 1)
	go func() { ended <- l.loop.Run(lifecycle.Begin(true)) }()
	var exit lifecycle.Exit
	select {
	case exit = <-ended:
		if took := time.Since(begun); exit.Code == lifecycle.Unreachable && took < startTimeout || exit.Code != lifecycle.Unreachable && took > time.Second {
			t.Errorf("the boot failed after %v", took)
		}
	case <-l.listening:
		if took := time.Since(begun); !s.end && (took < a.least || took > a.least*5/4+10*time.Second) {
			t.Errorf("the boot took %v, want %v and a little more", took, a.least)
		}
		if s.end {
			time.Sleep(time.Hour)
			l.strike(s, a)
		}
		begun, most = time.Now(), stopTimeout
		if s.job {
			l.listener.work()
		} else {
			l.loop.Stop(time.Now())
		}
		exit = <-ended
	}
	if took := time.Since(begun); took > most {
		t.Errorf("it took %v of %v", took, most)
	}
	time.Sleep(time.Minute) // for requests in flight, which nobody waits for any more
	want := a.boot
	if s.end {
		want = a.end
	}
	if code, is := special[s.name+"/"+a.name]; is {
		want = code
	}
	if exit.Code != want {
		t.Errorf("%v got exit code %d, %s, want %d, after %q", time.Since(begun), exit.Code, exit.Reason, want, l.asked())
	}
	if exit.Code == lifecycle.Unreachable && !strings.Contains(exit.Reason, "RUNNER_START_TIMEOUT was over: cannot ") {
		t.Errorf("the last cause is not told: %s", exit.Reason)
	}
	if left := hub.Runners(); len(left) > 0 && exit.Code != lifecycle.GhostLeft {
		t.Errorf("left behind with exit code %d: %+v", exit.Code, left)
	}
	l.heard.expectNoSecret(t, l.supervisor, exit)
}

const startTimeout, stopTimeout = 2 * time.Minute, 2 * time.Minute

// life is a supervisor by virtual time. Its listener takes no jobs.
type life struct {
	hub        *github.Server
	loop       *lifecycle.Loop
	supervisor *supervisor
	heard      *overheard
	listener   *idler
	listening  chan struct{}
}

func newLife(t *testing.T, hub *github.Server, o ordeal, key string) *life {
	t.Helper()
	environ := []string{"GITHUB_TOKEN=" + testPAT, fmt.Sprint("RUNNER_START_TIMEOUT=", startTimeout), fmt.Sprint("RUNNER_STOP_TIMEOUT=", stopTimeout)}
	if o.app {
		environ[0] = "GITHUB_APP_PRIVATE_KEY=" + key
		environ = append(environ, "GITHUB_APP_ID=77")
	}
	if environ = append(environ, strings.Fields(o.environ)...); !strings.Contains(o.environ, "RUNNER_ORG") {
		environ = append(environ, "RUNNER_REPO=acme/widgets")
	}
	c, err := config.Load(environ)
	if err != nil {
		t.Fatal(err)
	}
	credential, err := newCredential(c)
	if err != nil {
		t.Fatal(err)
	}
	r := standInRoot(t)
	options := clientOptions(c, credential)
	s := &supervisor{config: c, journal: journal{&signals.Parent{}}, listener: &listener{}}
	heard := overhear(t, s)
	heard.next = configuring{github.RoundTripper(hub), hub, r.Root}
	options.Transport, options.Logger, options.Minted = heard, s.log, func(secret string) { memorize(s.mask, secret) }
	client, err := registration.New(options)
	if err != nil {
		t.Fatal(err)
	}
	l := &life{hub: hub, supervisor: s, heard: heard, listener: &idler{}, listening: make(chan struct{})}
	reg := &registrar{
		config: c, client: client, runner: r, journal: s.journal, log: s.log, working: l.listener.Working,
	}
	w := &wiring{supervisor: s, registrar: reg}
	ready := sync.OnceFunc(func() { close(l.listening) })
	l.loop = lifecycle.New(lifecycle.Ports{
		Host: noHost{}, Registrar: reg, Listener: l.listener, Judge: w.judge,
		Observe: func(_, after lifecycle.Status) {
			if after.Phase == lifecycle.Listening {
				ready()
			}
		},
	}, lifecycle.NewPlan(c.StopTimeout, c.StartTimeout))
	return l
}

// asked are the requests, with the times at which they were answered.
func (l *life) asked() (all []string) {
	for _, e := range l.hub.Journal() {
		all = append(all, fmt.Sprintf("%s %s %s %d", e.Time.Format(time.TimeOnly), e.Method, e.Route, e.Status))
	}
	return all
}

// strike begins the trouble.
func (l *life) strike(s ordeal, a ailment) {
	switch {
	case a.strike != nil:
		a.strike(l.hub)
		return
	case a.fault.Status == 0 && !a.fault.Drop && !a.fault.Hang:
		return
	case a.limit > 0:
		a.fault.Header = http.Header{"X-Ratelimit-Remaining": {"0"}, "X-Ratelimit-Reset": {fmt.Sprint(time.Now().Add(a.limit).Unix())}}
	}
	a.fault.Method, a.fault.Route = s.method, s.route
	l.hub.Fault(a.fault)
}

// noHost is a machine on which everything is in order.
type noHost struct{}

func (noHost) Boot(context.Context) error { return nil }

// idler is a listener that ends when it is asked to, and after its one job.
type idler struct{ tell func(lifecycle.Event) }

var _ lifecycle.Listener = (*idler)(nil)

func (i *idler) Launch(tell func(lifecycle.Event)) error {
	i.tell = tell
	go tell(lifecycle.Ready{})
	return nil
}

func (i *idler) work() {
	i.tell(lifecycle.JobStarted{})
	i.tell(lifecycle.JobEnded{})
	i.tell(lifecycle.Ended{How: lifecycle.Finished})
}

func (i *idler) Working() bool                    { return false }
func (i *idler) Interrupt()                       { go i.tell(lifecycle.Ended{How: lifecycle.Finished}) }
func (i *idler) Kill()                            { go i.tell(lifecycle.Ended{How: lifecycle.Crashed}) }
func (i *idler) AwaitUpdate(context.Context) bool { return true }

// configuring stands for the way in which the runner's configure talks to GitHub, which virtual time has no room for: it
// registers the runner for a registration token that was handed out, and leaves what configure writes for our stand-in.
type configuring struct {
	http.RoundTripper
	hub  *github.Server
	root string
}

func (c configuring) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := c.RoundTripper.RoundTrip(req)
	if err == nil && resp.StatusCode == http.StatusCreated && strings.HasSuffix(req.URL.Path, "/registration-token") {
		id := c.hub.AddRunner(scope, "configured", false)
		err = os.WriteFile(filepath.Join(c.root, "identity"), fmt.Appendf(nil, `{"agentId":%d,"agentName":"configured"}`, id), 0o600)
	}
	return resp, err
}

// standInRoot is a runner directory with the test binary, in the role of standIn, as the runner.
func standInRoot(t *testing.T) *runner.Runner {
	t.Helper()
	root := t.TempDir()
	exe, exeErr := os.Executable()
	null, nullErr := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	t.Cleanup(func() { null.Close() })
	err := errors.Join(exeErr, nullErr, os.Mkdir(filepath.Join(root, "bin"), 0o755), os.Symlink(exe, filepath.Join(root, "bin", standInName)))
	if err != nil {
		t.Fatal(err)
	}
	return &runner.Runner{Root: root, Stdout: null, Stderr: null}
}

const standInName = "Runner.Listener"

// standIn is the runner's configure, as far as it concerns this machine.
func standIn() int {
	identity, err := os.ReadFile("identity")
	if err == nil {
		err = os.WriteFile(".runner", identity, 0o600)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}
