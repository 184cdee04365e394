package main

import (
	"encoding/pem"
	"fmt"
	"maps"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/runner-init/runner-init/internal/need"
	"github.com/runner-init/runner-init/internal/sim/github"
	simrunner "github.com/runner-init/runner-init/internal/sim/runner"
)

// TestScripts runs the program as a person would, not as PID 1 but as a subreaper, with a simulated GitHub at $GITHUB,
// which is a proxy too, and at $GITHUB_BY_TLS, whose authority is in $WORK/ca.pem, and with a simulated runner in
// $WORK/runner. Commands beyond testscript's own:
//
//	queue NAME LABEL COMMAND     put a job into the queue of acme/widgets
//	result NAME RESULT           the job has to end so
//	registrations N              so many registrations have to be left
//	token VARIABLE               a ready registration token into a variable
//	pat TOKEN KIND GRANT         GitHub knows a token, classic or fine-grained, with one scope or permission
//	left PREFIX AGE [online]     a registration that was made so long ago, still there
//	release VERSION AGE          the newest release of the official runner, made so long ago
//	fault STATUS METHOD ROUTE [N [after]]  GitHub answers so, N times or always, perhaps after it has done what it was asked
//	asked REGEXP                 GitHub was asked, as "METHOD ROUTE STATUS"; with ! it was not
//
// Those about AWS stand with awsCmds.
//
// An App with the ID 77 is installed at acme; its key is in $WORK/app.pem.
func TestScripts(t *testing.T) {
	t.Parallel()
	program := need.Program(t, "cmd/runner-init")
	runner := need.Program(t, "internal/sim/cmd/simrunner")
	commands := awsCmds()
	maps.Copy(commands, map[string]func(*testscript.TestScript, bool, []string){
		"queue": queueCmd, "result": resultCmd, "registrations": registrationsCmd, "token": tokenCmd, "status": statusCmd,
		"left": leftCmd, "fault": faultCmd, "asked": askedCmd, "pat": patCmd, "release": releaseCmd,
	})
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(e *testscript.Env) error {
			hub := github.New(github.Options{})
			hub.AddPAT(testPAT, github.Classic("repo", "admin:org"))
			if err := installApp(hub, filepath.Join(e.WorkDir, "app.pem")); err != nil {
				return err
			}
			server := httptest.NewServer(hub)
			e.Defer(func() { server.CloseClientConnections(); server.Close() })
			e.Values[hubKey{}] = hub
			e.Setenv("GITHUB", server.URL)
			secure := httptest.NewTLSServer(hub)
			e.Defer(func() { secure.CloseClientConnections(); secure.Close() })
			e.Setenv("GITHUB_BY_TLS", secure.URL)
			authority := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: secure.Certificate().Raw})
			if err := os.WriteFile(filepath.Join(e.WorkDir, "ca.pem"), authority, 0o644); err != nil {
				return err
			}
			e.Setenv("PROXY_WITH_PASSWORD", strings.Replace(server.URL, "://", "://me:not-for-your-eyes@", 1))
			e.Setenv("PAT_FOR_TESTS", testPAT)
			e.Setenv("PATH", filepath.Dir(program)+":"+e.Getenv("PATH"))
			return simrunner.Install(filepath.Join(e.WorkDir, "runner"), runner)
		},
		Cmds: commands,
	})
}

type hubKey struct{}

func scriptHub(ts *testscript.TestScript) *github.Server { return ts.Value(hubKey{}).(*github.Server) }

func queueCmd(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 3 {
		ts.Fatalf("usage: queue NAME LABEL COMMAND")
	}
	scriptHub(ts).Queue(github.Job{Name: args[0], Scope: scope, Labels: args[1:2], Run: args[2]})
}

func resultCmd(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 || neg {
		ts.Fatalf("usage: result NAME RESULT")
	}
	for _, j := range scriptHub(ts).Jobs() {
		if j.Name == args[0] {
			if got := string(j.Result()); got != args[1] {
				ts.Fatalf("job %q: %q, want %q; it printed:\n%s", j.Name, got, args[1], j.Log())
			}
			return
		}
	}
	ts.Fatalf("no job %q", args[0])
}

func registrationsCmd(ts *testscript.TestScript, _ bool, args []string) {
	if got := fmt.Sprint(len(scriptHub(ts).Runners())); len(args) != 1 || got != args[0] {
		ts.Fatalf("%s registrations, want %q", got, args)
	}
}

func tokenCmd(ts *testscript.TestScript, _ bool, args []string) {
	ts.Setenv(args[0], scriptHub(ts).RegistrationToken(scope))
}

// installApp makes GitHub know an App, and puts its key into a file.
func installApp(hub *github.Server, path string) error {
	keys, texts := testKeys()
	hub.AddApp(github.App{ID: 77, Name: "bot", Key: &keys[0].PublicKey})
	hub.Install(github.Installation{Account: "orgs/acme", Permissions: []string{"administration:write", "organization_self_hosted_runners:write"}})
	return os.WriteFile(path, []byte(texts[0]), 0o600)
}

func patCmd(ts *testscript.TestScript, _ bool, args []string) {
	known := github.Classic(args[2])
	if args[1] == "fine-grained" {
		known = github.FineGrained(args[2])
	}
	scriptHub(ts).AddPAT(args[0], known)
}

func leftCmd(ts *testscript.TestScript, _ bool, args []string) {
	age, err := time.ParseDuration(args[1])
	ts.Check(err)
	scriptHub(ts).AddRunner(scope, withSuffix(args[0], newSuffix(time.Now().Add(-age))), len(args) > 2)
}

func releaseCmd(ts *testscript.TestScript, _ bool, args []string) {
	age, err := time.ParseDuration(args[1])
	ts.Check(err)
	scriptHub(ts).Release(args[0], time.Now().Add(-age))
}

func faultCmd(ts *testscript.TestScript, _ bool, args []string) {
	status, err := strconv.Atoi(args[0])
	ts.Check(err)
	times := 0
	if len(args) > 3 {
		times, err = strconv.Atoi(args[3])
		ts.Check(err)
	}
	scriptHub(ts).Fault(github.Fault{Status: status, Method: args[1], Route: args[2], Times: times, After: len(args) > 4})
}

func askedCmd(ts *testscript.TestScript, neg bool, args []string) {
	var asked []string
	for _, e := range scriptHub(ts).Journal() {
		asked = append(asked, fmt.Sprintf("%s %s %d", e.Method, e.Route, e.Status))
	}
	want, err := regexp.Compile(args[0])
	ts.Check(err)
	if slices.ContainsFunc(asked, want.MatchString) == neg {
		ts.Fatalf("GitHub was asked:\n%s", strings.Join(asked, "\n"))
	}
}

// statusCmd runs a program and compares its exit code: status 78 runner-init.
func statusCmd(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	begin := time.Now()
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	if e, ok := err.(interface{ ExitCode() int }); ok {
		got = e.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("exit code %d after %v, want %d", got, time.Since(begin), want)
	}
}
