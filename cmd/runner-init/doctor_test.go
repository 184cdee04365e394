package main

import (
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/runner-init/runner-init/internal/doctor"
	"github.com/runner-init/runner-init/internal/need"
	"github.com/runner-init/runner-init/internal/sim/github"
	"github.com/runner-init/runner-init/registration"
)

// examined lets the doctor look at acme/widgets on a server, with what a test changes, and returns what it found, by
// check, and the exit code.
func examined(t *testing.T, server string, change func(*patient), environ ...string) (map[string]doctor.Finding, int) {
	t.Helper()
	p := newPatient(t.Context(), append([]string{
		"GITHUB_API_URL=" + server, "GITHUB_SERVER_URL=" + server, "RUNNER_REPO=acme/widgets", "GITHUB_TOKEN=" + testPAT,
	}, environ...))
	if change != nil {
		change(p)
	}
	var out strings.Builder
	code, err := p.examine(t.Context(), &out, true)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(out.String(), testPAT) {
		t.Errorf("the token was shown:\n%s", out.String())
	}
	var told struct {
		ExitCode int `json:"exit_code"`
		Checks   []doctor.Finding
	}
	if err := json.Unmarshal([]byte(out.String()), &told); err != nil || told.ExitCode != code {
		t.Fatalf("got %v of %s", err, out.String())
	}
	found := map[string]doctor.Finding{}
	for _, f := range told.Checks {
		found[f.Name] = f
	}
	return found, code
}

func expect(t *testing.T, found map[string]doctor.Finding, check string, status doctor.Status, says string) {
	t.Helper()
	f := found[check]
	if f.Status != status || !strings.Contains(f.Text+" "+f.Hint, says) {
		t.Errorf("%s: got %+v, want %s with %q", check, f, status, says)
	}
}

// What GitHub's answers say about time and rate is passed on.
func TestDoctorOfAnswers(t *testing.T) {
	t.Parallel()
	hub := github.New(github.Options{Now: func() time.Time { return time.Now().Add(-time.Hour) }})
	hub.AddPAT(testPAT, github.Classic("repo").Expiring(time.Now().Add(2*24*time.Hour)))
	hub.Fault(github.Fault{Method: "GET", Route: "/actions/runners", Status: 200, Body: `{"total_count":0,"runners":[]}`, Header: http.Header{
		"X-Ratelimit-Remaining": {"7"}, "X-Oauth-Scopes": {"repo"}, "Github-Authentication-Token-Expiration": {time.Now().Add(24 * time.Hour).UTC().Format("2006-01-02 15:04:05 UTC")},
	}})
	at := httptest.NewServer(hub)
	defer at.Close()
	found, _ := examined(t, at.URL, nil, "RUNNER_STOP_TIMEOUT=10")
	expect(t, found, "clock", doctor.Warn, "fast by GitHub's clock")
	expect(t, found, "token expiry", doctor.Warn, "make a new token in time")
	expect(t, found, "rate limit", doctor.Warn, "7 of 5000 requests left")
	expect(t, found, "grace period", doctor.Warn, "lets a running job run on for 5s only")
}

// A server that takes connections and says nothing costs one step, not the whole time.
func TestDoctorOfAHungServer(t *testing.T) {
	t.Parallel()
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	begin := time.Now()
	found, code := examined(t, "http://"+silent.Addr().String(), nil, "RUNNER_START_TIMEOUT=1s", "RUNNER_HOME="+t.TempDir())
	expect(t, found, connectionCheck, doctor.Fail, "1s were over")
	expect(t, found, credentialCheck, doctor.Skip, connectionCheck)
	if took := time.Since(begin); code != 78 || took > 10*time.Second { // the missing runner comes first
		t.Errorf("exit code %d after %v", code, took)
	}
}

// A listener for another machine could not be started: 126, as a shell has it.
func TestDoctorOfAnotherMachine(t *testing.T) {
	t.Parallel()
	hub := github.New(github.Options{})
	hub.AddPAT(testPAT, github.Classic("repo"))
	at := httptest.NewServer(hub)
	defer at.Close()
	root := t.TempDir()
	own, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	own[18] ^= 0xff // the low byte of e_machine
	listener := filepath.Join(root, "bin", "Runner.Listener")
	if err := os.MkdirAll(filepath.Dir(listener), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(listener, own, 0o755); err != nil {
		t.Fatal(err)
	}
	found, code := examined(t, at.URL, nil, "RUNNER_HOME="+root)
	expect(t, found, architectureCheck, doctor.Fail, "and this is "+runtime.GOARCH)
	expect(t, found, versionCheck, doctor.Skip, architectureCheck)
	expect(t, found, permissionCheck, doctor.OK, "")
	if code != 126 {
		t.Errorf("exit code %d", code)
	}
}

// What counts is when the first release after ours came, which need not be the newest.
func TestDoctorOfTheNewestRelease(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	for name, c := range map[string]struct {
		own    string
		status doctor.Status
		code   int
		says   string
	}{
		"the newest":              {"2.336.0", doctor.OK, 0, "2.336.0 is the newest"},
		"not yet published":       {"2.337.0", doctor.OK, 0, "2.337.0 is the newest"},
		"the one before":          {"2.335.1", doctor.Warn, 0, "2.336.0 was released 2 days ago; GitHub gives jobs to 2.335.1 for 27 days more"},
		"followed by a patch":     {"2.335.0", doctor.Warn, 0, "2.335.1 was released 20 days ago; GitHub gives jobs to 2.335.0 for 9 days more"},
		"outdated since long":     {"2.334.0", doctor.Fail, 7, "2.334.0 is outdated: 2.335.0 was released 31 days ago"},
		"followed by nothing":     {"2.300.7", doctor.Warn, 0, "2.336.0 was released 2 days ago"},
		"of a form of its own":    {"2.400-beta", doctor.OK, 0, "is the newest"},
		"another form, and older": {"2.100-beta", doctor.Warn, 0, "2.336.0 was released 2 days ago"},
	} {
		t.Run(name, func(t *testing.T) {
			hub := github.New(github.Options{})
			hub.AddPAT(testPAT, github.Classic("repo"))
			now := time.Now()
			hub.Release("2.335.0", now.Add(-31*day))
			hub.Release("2.335.1", now.Add(-20*day-time.Hour))
			hub.Release("2.336.0", now.Add(-2*day-time.Hour))
			p := newPatient(t.Context(), []string{"RUNNER_REPO=acme/widgets", "GITHUB_TOKEN=" + testPAT})
			if p.invalid != nil {
				t.Fatal(p.invalid)
			}
			p.client, p.version = roundTripClient(t, p.config, hub), c.own
			f := p.checkRelease(t.Context())[0]
			if f.Status != c.status || f.Code != c.code || !strings.Contains(f.Text, c.says) || (f.Hint == "") != (c.status == doctor.OK) {
				t.Errorf("got %+v", f)
			}
			if n := len(hub.Journal()); n > 3 || c.status == doctor.OK && n > 1 {
				t.Errorf("%d requests", n)
			}
		})
	}
}

func TestCompareRelease(t *testing.T) {
	now := time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC)
	newest := registration.Release{Version: "2.336.10", Published: now.Add(-20 * 24 * time.Hour)}
	old := registration.Release{Version: "2.336.10", Published: now.Add(-31 * 24 * time.Hour)}
	for name, c := range map[string]struct {
		own     string
		newest  registration.Release
		updates bool
		status  doctor.Status
		says    string
	}{
		"the same":           {"2.336.10", newest, false, doctor.OK, "is the newest"},
		"newer still":        {"2.337.0", newest, false, doctor.OK, "is the newest"},
		"by number":          {"2.336.9", newest, false, doctor.Warn, "released 20 days ago; GitHub gives jobs to 2.336.9 for 10 days more"},
		"longer ago":         {"2.336.9", old, false, doctor.Fail, "outdated: 2.336.10 was released 31 days ago"},
		"updated by itself":  {"2.99.0", old, true, doctor.OK, "updates itself to 2.336.10"},
		"not even a version": {"x", newest, false, doctor.Warn, ""},
	} {
		if f := compareRelease(c.own, c.newest, c.newest, now, c.updates)[0]; f.Status != c.status || !strings.Contains(f.Text, c.says) {
			t.Errorf("%s: got %+v", name, f)
		}
	}
}

// As PID 1 of a container too, a stop ends the examination at once: what was found is told, and all is not well.
func TestDoctorStopped(t *testing.T) {
	h := newHub(t)
	h.Fault(github.Fault{Hang: true})
	asked := make(chan struct{}, 100)
	h.OnRequest(func(github.Entry) { asked <- struct{}{} })
	b := open(t, h, newRoot(t), usual(), "doctor", "--output", "json")
	<-asked
	b.signal(syscall.SIGTERM)
	b.expectExit(143)
	out := b.stdout.String()
	if !strings.Contains(out, `"exit_code": 143`) || !strings.Contains(out, "not checked: ended by signal 15 (terminated)") {
		t.Errorf("it said:\n%s", out)
	}
	h.expectEmpty(t)
}

// A directory that a run has yet to give to the job's user is left as it is, and is no mistake.
func TestDoctorBeforeTheFirstRun(t *testing.T) {
	need.Root(t)
	h := newHub(t)
	root := newRoot(t)
	if err := os.RemoveAll(filepath.Join(root, "_diag")); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(root, 0o755); err != nil {
		t.Fatal(err)
	}
	listener := func(environ ...string) doctor.Finding {
		found, code := examined(t, h.url, nil, append(environ, "RUNNER_HOME="+root, "RUNNER_USER=65534:65534")...)
		if _, err := os.Stat(filepath.Join(root, "_diag")); err == nil || code != 0 {
			t.Errorf("exit code %d, _diag: %v", code, err)
		}
		return found[versionCheck]
	}
	if f := listener(); f.Status != doctor.Skip || !strings.Contains(f.Text, "it was not started") {
		t.Errorf("got %+v", f)
	}
	deps := filepath.Join(root, "bin", "Runner.Listener.deps.json")
	if err := os.WriteFile(deps, []byte(`{"libraries":{"Runner.Listener/2.336.0":{}}}`), 0o644); err != nil {
		t.Fatal(err)
	}
	if f := listener(); f.Status != doctor.OK || !strings.HasPrefix(f.Text, "2.336.0 by its files") {
		t.Errorf("got %+v", f)
	}
}

// As PID 1 of a container the doctor finds what a run would, in a container with a runner at work it disturbs nobody.
func TestDoctorInAContainer(t *testing.T) {
	nsenter := need.Installed(t, "nsenter")
	h := newHub(t)
	root := newRoot(t)
	environ := usual("RUNNER_HOME=" + root)
	alone := open(t, h, root, environ, "doctor")
	alone.expectExit(0)
	if out := alone.stdout.String(); !strings.Contains(out, "ok    runner version     2.336.0") || !strings.Contains(out, " 0 fail, ") {
		t.Errorf("as PID 1 it says:\n%s", out)
	}
	if n := slices.IndexFunc(h.Journal(), func(e github.Entry) bool { return e.Method != http.MethodGet }); n >= 0 {
		t.Errorf("asked for %+v", h.Journal()[n])
	}

	over := filepath.Join(t.TempDir(), "over")
	job := h.job("echo working; until test -e " + over + "; do sleep 0.05; done")
	b := open(t, h, root, environ)
	working(t, job)
	before := identity(t, root)
	visit := exec.CommandContext(t.Context(), nsenter, "--target", strconv.Itoa(b.pid), "--mount", "--pid", need.Program(t, "cmd/runner-init"), "doctor")
	visit.Env = append(b.command.Env, "A_VARIABLE=1")
	if out, err := visit.CombinedOutput(); err != nil {
		t.Errorf("%v:\n%s", err, out)
	}
	if after := identity(t, root); after != before {
		t.Errorf("the runner's identity was %q, and is %q", before, after)
	}
	if n := len(h.Runners()); n != 1 {
		t.Errorf("%d registrations", n)
	}
	if err := os.WriteFile(over, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	b.expectExit(0)
	expectResult(t, job, github.Succeeded)
	h.expectEmpty(t)
}

// identity is what a runner at work needs of its directory.
func identity(t *testing.T, root string) string {
	t.Helper()
	var all strings.Builder
	for _, name := range []string{".runner", ".credentials"} {
		text, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		all.Write(text)
	}
	return all.String()
}

// The page lists the checks that there are, in their order.
func TestDoctorPage(t *testing.T) {
	page, err := os.ReadFile("../../docs/doctor.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(page), "| check | looks at | exit code |\n|---|---|---|\n")
	table, _, _ = strings.Cut(table, "\n\n")
	var documented, made []string
	for row := range strings.Lines(table) {
		documented = append(documented, strings.TrimSpace(strings.Split(row, "|")[1]))
	}
	for _, c := range newPatient(t.Context(), nil).checks() {
		made = append(made, c.Name)
	}
	if !slices.Equal(documented, made) {
		t.Errorf("docs/doctor.md lists %q, and the checks are %q", documented, made)
	}
}
