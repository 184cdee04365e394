package runner_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/runner-init/runner-init/internal/sim/github"
	"github.com/runner-init/runner-init/internal/sim/runner"
)

func TestConfigureFailures(t *testing.T) {
	long := strings.Repeat("l", 257)
	for _, test := range []struct {
		name   string
		args   []string // in place of --unattended --url … --name one
		token  string   // "" is a good one
		before func(*world)
		out    string
		err    []string
		tries  int // failed calls
	}{
		{name: "no url", args: []string{"--unattended"}, err: []string{"Invalid configuration provided for url. Terminating unattended configuration.\n"}},
		{name: "no url, attended", args: []string{}, err: []string{"Cannot read keys when either application does not have a console"}},
		{name: "url of no scheme", args: []string{"--unattended", "--url", "github.test/acme"}, err: []string{"Invalid configuration provided for url."}},
		{name: "no token", token: "none", err: []string{"Invalid configuration provided for token. Terminating unattended configuration.\n"}},
		{name: "wrong token", token: "expired", err: []string{
			"Http response code: NotFound from 'POST URL/api/v3/actions/runner-registration' (Request Id: ",
			"Response status code does not indicate success: 404 (Not Found).\n"}, tries: 1},
		{name: "already configured", before: func(w *world) { w.configure("zero").ends(0) }, err: []string{"Cannot configure the runner because it is already configured."}},
		{name: "name taken", before: func(w *world) { w.jit("one") }, out: "A runner exists with the same name\n", err: []string{"A runner exists with the same name one.\n"}},
		{name: "group unknown", args: []string{"--runnergroup", "nobodies"}, err: []string{`Could not find any self-hosted runner group named "nobodies".` + "\n"}},
		{name: "no labels at all", args: []string{"--no-default-labels"}, err: []string{"Disabling default labels via --no-default-labels without specifying --labels is not supported\n"}},
		{name: "server fails", before: func(w *world) {
			w.github.Fault(github.Fault{Route: "/actions/runners/register", Status: 500, Times: 3})
		}, err: []string{"Http response code: InternalServerError from 'POST URL/api/v3/actions/runners/register'", "500 (Internal Server Error)."}, tries: 3},
		{name: "template missing", before: func(w *world) { os.Remove(filepath.Join(w.root, "bin/systemd.svc.sh.template")) },
			out: "√ Settings Saved.\n", err: []string{"systemd.svc.sh.template"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t, github.Options{}, runner.Behaviour{})
			if test.before != nil {
				test.before(w)
			}
			p := w.configureWith(test.args, test.token)
			p.ends(1)
			for _, want := range test.err {
				if !strings.Contains(p.stderr(), strings.ReplaceAll(want, "URL", w.url)) {
					t.Errorf("stderr lacks %q: %s", want, p.stderr())
				}
			}
			if got := strings.Count(p.stderr(), "Http response code: "); got != test.tries {
				t.Errorf("%d calls failed, want %d: %s", got, test.tries, p.stderr())
			}
			if !strings.Contains(p.stdout(), test.out) {
				t.Errorf("stdout lacks %q: %s", test.out, p.stdout())
			}
		})
	}
	t.Run("long label", func(t *testing.T) {
		w := newWorld(t, github.Options{}, runner.Behaviour{})
		w.configureWith([]string{"--labels", "good," + long}, "").ends(0)
		if got := w.github.Runners()[0].Labels; !slices.Equal(got, []string{"self-hosted", "Linux", "X64"}) {
			t.Errorf("labels %v; one that is too long drops all custom ones", got)
		}
	})
}

// configureWith is configure with a usable url and name unless the arguments leave them out.
func (w *world) configureWith(args []string, token string) *process {
	w.t.Helper()
	complete := []string{"configure", "--unattended", "--url", w.url + "/acme/widgets", "--name", "one"}
	switch {
	case args == nil:
		args = complete
	case len(args) == 0 || args[0] == "--unattended":
		args = append([]string{"configure"}, args...)
	default:
		args = append(complete, args...)
	}
	c := w.command(args...)
	switch token {
	case "":
		c.Env = []string{"ACTIONS_RUNNER_INPUT_TOKEN= " + w.github.RegistrationToken(owner) + " "}
	case "none":
	default:
		c.Env = []string{"ACTIONS_RUNNER_INPUT_TOKEN=" + token}
	}
	return w.start(c)
}

func TestConfigureReplaces(t *testing.T) {
	w := newWorld(t, github.Options{}, runner.Behaviour{})
	w.jit("one")
	p := w.configureWith([]string{"--replace", "--ephemeral"}, "")
	p.ends(0)
	if got := w.github.Runners(); len(got) != 1 || got[0].ID != 1 || !strings.Contains(p.stdout(), "√ Successfully replaced the runner") {
		t.Errorf("runners %+v, stdout %s", got, p.stdout())
	}
}

func TestConfigureAsksAgain(t *testing.T) {
	w := newWorld(t, github.Options{}, runner.Behaviour{})
	w.github.Fault(github.Fault{Route: "/actions/runner-groups", Status: 502, Times: 2})
	p := w.configure("one")
	p.ends(0)
	if got := strings.Count(p.stderr(), "Http response code: BadGateway from 'GET "); got != 2 {
		t.Errorf("%d failures printed, want 2: %s", got, p.stderr())
	}
}

func TestConfigureWithPAT(t *testing.T) {
	w := newWorld(t, github.Options{}, runner.Behaviour{})
	p := w.configureWith([]string{"--pat", pat}, "none")
	p.ends(0)
	if _, err := w.github.WaitFor(w.ctx, func(e github.Entry) bool { return e.Matches("POST", "/registration-token") && e.Status == 201 }); err != nil {
		t.Error(err)
	}
}

func TestCommandLine(t *testing.T) {
	w := newWorld(t, github.Options{}, runner.Behaviour{Version: "2.999.0"})
	for _, test := range []struct {
		args     []string
		code     int
		out, err string
	}{
		{[]string{"--version"}, 0, "2.999.0\n", ""},
		{[]string{"configure", "--version"}, 0, "2.999.0\n", ""},
		{[]string{"--commit"}, 0, "0000000", ""},
		{[]string{"run", "--help"}, 0, "--version", ""},
		{[]string{"warmup"}, 0, "", ""},
		{[]string{}, 0, "Commands:", ""},
		{[]string{"run", "--Frob", "x", "--knob", "--version"}, 0, "2.999.0\n", `Unrecognized command-line input arguments for command run: 'frob, knob'. For usage refer to: .\config.cmd --help or ./config.sh --help`},
		{[]string{"frobnicate"}, 0, "Commands:", "This command does not recognize the command-line input arguments: 'frobnicate'."},
		{[]string{"run", "--url=x", "--version"}, 0, "2.999.0\n", "'url=x'"},
		{[]string{"run"}, 1, "", "An error occurred: Not configured. Run config.(sh/cmd) to configure the runner.\n"},
		{[]string{"run", "--jitconfig", "%%%"}, 1, "", "An error occurred: The input is not a valid Base-64 string"},
		{[]string{"run", "--jitconfig", "e30K"}, 1, "", "Not configured."},
	} {
		p := w.listener(test.args...)
		if got := p.code(); got != test.code || !strings.Contains(p.stdout(), test.out) || !strings.Contains(p.stderr(), test.err) {
			t.Errorf("%q: %d, stdout %q, stderr %q", test.args, got, p.stdout(), p.stderr())
		}
	}
	worker := w.command()
	worker.Path = filepath.Join(w.root, "bin", "Runner.Worker")
	worker.Args = []string{worker.Path, "spawnclient", "3"}
	if p := w.start(worker); p.code() != 1 || p.stdout() == "" {
		t.Errorf("worker: %d, stdout %q", p.code(), p.stdout())
	}
}

func TestRemove(t *testing.T) {
	const gone = "\n√ Runner removed successfully\n√ Removed .credentials\n√ Removed .runner\n\n"
	for _, test := range []struct {
		name   string
		before func(*world)
		args   []string
		token  string // kind: "remove", "registration", "wrong", ""
		code   int
		kept   int
		left   int // registrations
		out    string
		err    string
	}{
		{name: "remove-token", token: "remove", out: gone},
		{name: "registration token", token: "registration", out: gone},
		{name: "wrong token", token: "wrong", code: 1, kept: 3, left: 1, err: "Failed: Removing runner from the server\nResponse status code does not indicate success: 404"},
		{name: "no token", code: 1, kept: 3, left: 1, err: "Failed: Removing runner from the server\nCannot read keys when"},
		{name: "no token, unattended", args: []string{"--unattended"}, code: 1, kept: 3, left: 1,
			err: "Invalid configuration provided for token. Terminating unattended configuration."},
		{name: "local", args: []string{"--local"}, left: 1, out: "√ Removed .credentials\n√ Removed .runner\n"},
		{name: "local, nothing there", before: func(w *world) { w.listener("remove", "--local").ends(0) }, args: []string{"--local"}, left: 1,
			out: "Does not exist. Skipping Removing .credentials\nDoes not exist. Skipping Removing .runner\n"},
		{name: "files missing", before: func(w *world) { os.Remove(filepath.Join(w.root, ".credentials")) }, token: "remove", left: 1,
			out: "Cannot connect to server, because config files are missing. Skipping removing runner from the server.\nDoes not exist. Skipping Removing .credentials\n√ Removed .runner\n"},
		{name: "service", before: func(w *world) { os.WriteFile(filepath.Join(w.root, ".service"), nil, 0o644) }, token: "remove", code: 1, kept: 3, left: 1,
			err: "Failed: Removing service\nUninstall service first\n"},
		{name: "already gone", before: func(w *world) { w.deleteFirst() }, token: "remove", code: 1, kept: 3,
			err: "Http response code: NotFound from 'DELETE URL/api/v3/repos/acme/widgets/actions/runners/1' (Request Id: "},
		{name: "busy", before: func(w *world) {
			w.github.Queue(github.Job{Name: "build", Scope: owner, Run: "sleep 60"})
			w.listener("run")
			if _, err := w.github.WaitRunner(w.ctx, "two", github.Busy); err != nil {
				w.t.Error(err)
			}
		}, token: "remove", code: 1, kept: 3, left: 1, err: "still running a job"},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t, github.Options{}, runner.Behaviour{})
			w.configure("two", "--ephemeral").ends(0)
			if test.before != nil {
				test.before(w)
			}
			args := append([]string{"remove"}, test.args...)
			if token := w.token(test.token); token != "" {
				args = append(args, "--token", token)
			}
			p := w.listener(args...)
			p.ends(test.code)
			if !strings.Contains(p.stdout(), test.out) || !strings.Contains(p.stderr(), strings.ReplaceAll(test.err, "URL", w.url)) {
				t.Errorf("stdout %q, want %q\nstderr %q, want %q", p.stdout(), test.out, p.stderr(), test.err)
			}
			if got := len(w.files()); got != test.kept || len(w.github.Runners()) != test.left {
				t.Errorf("%d files and %d registrations left, want %d and %d", got, len(w.github.Runners()), test.kept, test.left)
			}
		})
	}
}

// The remove command cannot remove a runner that was registered by JIT configuration.
func TestRemoveAfterJIT(t *testing.T) {
	w := newWorld(t, github.Options{}, runner.Behaviour{})
	p := w.listener("run", "--jitconfig", w.jit("one"))
	p.says("Listening for Jobs")
	r := w.listener("remove", "--token", w.token("remove"))
	r.ends(1)
	if _, err := w.github.WaitFor(w.ctx, func(e github.Entry) bool { return e.Path == "/broker/1/_apis/connectionData" }); err != nil {
		t.Error("the token was not tried on the runner's own server")
	}
	if !strings.Contains(r.stderr(), "Failed: Removing runner from the server") || len(w.files()) != 2 || len(w.github.Runners()) != 1 {
		t.Errorf("stderr %s; left %v and %+v", r.stderr(), w.files(), w.github.Runners())
	}
}
