package config_test

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/runner-init/runner-init/internal/config"
)

func TestProblems(t *testing.T) {
	notJSON := base64.StdEncoding.EncodeToString([]byte("not JSON"))
	tests := []struct {
		why     string
		environ []string // besides minimal
		want    string
	}{
		{"a choice", []string{"RUNNER_REGISTRATION=later"}, `cannot use RUNNER_REGISTRATION: "later" is not one of the choices`},
		{"a choice, in its synonyms", []string{"RUNNER_SCOPE=team"}, `cannot use RUNNER_SCOPE: "team" is not one of the choices`},
		{"groups", []string{"RUNNER_GROUP=builders"}, "cannot use RUNNER_GROUP: a repository has no runner groups"},
		{"long name", []string{"RUNNER_NAME=" + strings.Repeat("n", 65)}, `cannot use RUNNER_NAME: "` + strings.Repeat("n", 65) + `" has 65 characters, and GitHub takes 64`},
		{"strange name", []string{"RUNNER_NAME_PREFIX=büro"}, `cannot use RUNNER_NAME_PREFIX: "büro" has characters that a runner's name cannot have`},
		{"two lines", []string{"RUNNER_GROUP=a\nb"}, "cannot use RUNNER_GROUP: it holds a line break or another control character"},
		{"escape sequence", []string{"RUNNER_WORKDIR=\x1b[2J"}, "cannot use RUNNER_WORKDIR: it holds a line break or another control character"},
		{"not UTF-8", []string{"RUNNER_WORKDIR=\xff"}, "cannot use RUNNER_WORKDIR: it is not UTF-8"},
		{"quotes", []string{`RUNNER_NAME="builder"`}, "cannot use RUNNER_NAME: it stands in quotes"},
		{"jit, many jobs", []string{"RUNNER_REGISTRATION=jit", "EPHEMERAL=0"}, "cannot use RUNNER_REGISTRATION and EPHEMERAL: a just-in-time runner is ephemeral"},
		{"jit, updates", []string{"RUNNER_REGISTRATION=jit", "DISABLE_AUTO_UPDATE=false"}, "cannot use RUNNER_REGISTRATION and DISABLE_AUTO_UPDATE: a just-in-time runner does not update itself"},
		{"a wait longer than the start", []string{"RUNNER_START_JITTER=2m"}, "cannot use RUNNER_START_JITTER and RUNNER_START_TIMEOUT: a wait of 2m does not fit into 2m"},
		{"ready jit, many jobs", []string{"RUNNER_JITCONFIG=" + jit, "EPHEMERAL=0"}, "cannot use RUNNER_JITCONFIG and EPHEMERAL: a just-in-time runner is ephemeral"},
		{"ready jit, token", []string{"RUNNER_JITCONFIG=" + jit, "RUNNER_REGISTRATION=token"}, "cannot use RUNNER_REGISTRATION and RUNNER_JITCONFIG: a just-in-time configuration is a registration already"},
		{"jit, no base64", []string{"RUNNER_JITCONFIG=%%%%%%%%"}, "cannot use RUNNER_JITCONFIG: it is not the base64 of a JSON object"},
		{"jit, empty", []string{"RUNNER_JITCONFIG=" + base64.StdEncoding.EncodeToString([]byte("null"))}, "cannot use RUNNER_JITCONFIG: it is not the base64 of a JSON object"},
		{"jit, no JSON", []string{"ACTIONS_RUNNER_INPUT_JITCONFIG=" + notJSON}, "cannot use ACTIONS_RUNNER_INPUT_JITCONFIG: it is not the base64 of a JSON object"},
		{"ready jit, no boolean", []string{"RUNNER_JITCONFIG=" + jit, "EPHEMERAL=maybe"}, `cannot use EPHEMERAL: "maybe" is neither true nor false`},
		{"a pattern", []string{"RUNNER_PASS_ENV=A,[B"}, `cannot use RUNNER_PASS_ENV: "[B" is not the name of a variable, nor a pattern`},
		{"a value to pass", []string{"RUNNER_PASS_ENV=A=1"}, `cannot use RUNNER_PASS_ENV: "A=1" is not the name of a variable, nor a pattern`},
		{"half an address", []string{"GITHUB_API_PATH=/api/v3"}, `cannot use GITHUB_API_PATH: the path "/api/v3" has no host`},
		{"a hook somewhere", []string{"RUNNER_HOOK_PRE_START=./hook"}, `cannot use RUNNER_HOOK_PRE_START: "./hook" is not an absolute path`},
		{"a hook nowhere", []string{"RUNNER_HOOK_POST_STOP=/nowhere/hook"}, `cannot use RUNNER_HOOK_POST_STOP: there is no "/nowhere/hook"`},
		{"a directory of hooks", []string{"RUNNER_HOOK_PRE_START=/etc"}, `cannot use RUNNER_HOOK_PRE_START: "/etc" is no file`},
		{"a hook that is text", []string{"RUNNER_HOOK_PRE_START=/etc/passwd"}, `cannot use RUNNER_HOOK_PRE_START: "/etc/passwd" is not executable`},
		{"no time for hooks", []string{"RUNNER_HOOK_TIMEOUT=0"}, "cannot use RUNNER_HOOK_TIMEOUT: it has to be more than nothing"},
		{"a port alone", []string{"RUNNER_HTTP_ADDR=9090"}, `cannot use RUNNER_HTTP_ADDR: "9090" is not of the form host:port`},
		{"a host by name", []string{"RUNNER_HTTP_ADDR=runner.example:9090"}, `cannot use RUNNER_HTTP_ADDR: "runner.example" is not an IP address`},
		{"a service by name", []string{"RUNNER_HTTP_ADDR=:http"}, `cannot use RUNNER_HTTP_ADDR: "http" is not the number of a port`},
		{"a port that is none", []string{"RUNNER_HTTP_ADDR=:65536"}, `cannot use RUNNER_HTTP_ADDR: "65536" is not the number of a port`},
		{"an address to look at", []string{"RUNNER_HTTP_ADDR=http://127.0.0.1:9090"}, `cannot use RUNNER_HTTP_ADDR: "http://127.0.0.1:9090" is not of the form host:port`},
		{"an alias that is a boolean", []string{"RUN_AS_ROOT=sure"}, `cannot use RUN_AS_ROOT: "sure" is neither true nor false`},
	}
	for _, test := range tests {
		if got := oneProblem(t, slices.Concat(minimal, test.environ)...); got != test.want {
			t.Errorf("%s:\ngot  %s\nwant %s", test.why, got, test.want)
		}
	}
}

func TestCredentials(t *testing.T) {
	const repo = "RUNNER_REPO=acme/widgets"
	const none = "cannot use the configuration: there is no credential"
	if got := oneProblem(t, repo); got != none {
		t.Errorf("got %q, want %q", got, none)
	}
	for _, credential := range []string{"GITHUB_TOKEN=" + pat, "RUNNER_TOKEN=" + token, "RUNNER_JITCONFIG=" + jit} {
		load(t, repo, credential)
	}
	const refused = "cannot use RUNNER_REGISTRATION: jit needs a personal access token or a GitHub App"
	if got := oneProblem(t, repo, "RUNNER_TOKEN="+token, "RUNNER_REGISTRATION=jit"); got != refused {
		t.Errorf("got %q, want %q", got, refused)
	}
	for _, bad := range []string{"GITHUB_TOKEN=two words", "RUNNER_TOKEN=two words", "GITHUB_TOKEN=a\nb", "PAT='quoted'", "GITHUB_TOKEN=arn:aws:secretsmanager:eu-west-1:1:secret:x"} {
		_, value, _ := strings.Cut(bad, "=")
		if got := oneProblem(t, repo, bad); strings.Contains(got, value) {
			t.Errorf("shows the secret: %s", got)
		}
	}
}

// What a scale set of Kubernetes hands out is all that is needed, with line breaks or without.
func TestReadyJIT(t *testing.T) {
	c := load(t, "ACTIONS_RUNNER_INPUT_JITCONFIG="+jit)
	if c.JITConfig.Reveal() != jit || c.Scope.Kind != "" {
		t.Errorf("got %q, %+v", c.JITConfig.Reveal(), c.Scope)
	}
	c = load(t, "RUNNER_JITCONFIG="+jit[:10]+"\n"+jit[10:]+"\n")
	if c.JITConfig.Reveal() != jit {
		t.Errorf("wrapped: got %q", c.JITConfig.Reveal())
	}
}

// A value may be as long as the kernel allows; what is said of it is not, and holds no part of a secret.
func TestHugeValues(t *testing.T) {
	huge := strings.Repeat("ü", 60_000)
	for _, name := range []string{"RUNNER_SCOPE", "EPHEMERAL", "RUNNER_STOP_TIMEOUT", "RUNNER_NAME", "RUNNER_USER", "RUNNER_REPO", "GITHUB_HOST", "RUNNER_PASS_ENV", "PAT", "GH_RUNNER_MODE"} {
		c, err := config.Load([]string{"RUNNER_REPO=acme/widgets", "GITHUB_TOKEN=" + pat, name + "=" + huge + "=", "RUNNER_" + huge + "=1"})
		said := append([]string{fmt.Sprint(err)}, c.Warnings()...)
		for _, text := range said {
			if len(text) > 2000 || !utf8.ValidString(text) {
				t.Errorf("%s: %d bytes: %.100s", name, len(text), text)
			}
		}
	}
	for pad := range 60 {
		_, err := config.Load(append(slices.Clone(repoOnly), "PAT="+canary, "GH_RUNNER_MODE="+strings.Repeat("x", 450+pad)+canary))
		if err == nil || strings.Contains(err.Error(), canary[:8]) {
			t.Errorf("a part of a secret is shown: %v", err)
		}
	}
}

// A problem is with the variable as it was written: an alias, perhaps with the suffix of a file.
func TestNamesAsWritten(t *testing.T) {
	maybe, later := writeFile(t, "maybe"), writeFile(t, "soon")
	for want, environ := range map[string][]string{
		`cannot use EPHEMERAL_FILE: "maybe" is neither true nor false`:                                                {"EPHEMERAL_FILE=" + maybe},
		`cannot use RUNNER_STOP_TIMEOUT_FILE: "soon" is not a duration`:                                               {"RUNNER_STOP_TIMEOUT_FILE=" + later},
		`cannot use RUN_AS_ROOT_FILE: "maybe" is neither true nor false`:                                              {"RUN_AS_ROOT_FILE=" + maybe},
		"cannot use LABELS_FILE and GH_RUNNER_LABELS: they have different values, and all of them mean RUNNER_LABELS": {"LABELS_FILE=" + maybe, "GH_RUNNER_LABELS=b"},
		"cannot use RUNNER_REGISTRATION_FILE and GH_RUNNER_MODE: a just-in-time runner is ephemeral":                  {"RUNNER_REGISTRATION_FILE=" + writeFile(t, "jit"), "GH_RUNNER_MODE=persistent"},
	} {
		if got := oneProblem(t, slices.Concat(minimal, environ)...); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

// A ready configuration has decided what others would say.
func TestReadyJITBesidesOthers(t *testing.T) {
	c, err := config.Load([]string{"RUNNER_JITCONFIG=" + jit, "LABELS=a", "GH_RUNNER_NAME=b"})
	if w := c.Warnings(); err != nil || len(w) != 2 || !strings.HasPrefix(w[0], "GH_RUNNER_NAME is not used") || !strings.HasPrefix(w[1], "LABELS is not used") {
		t.Errorf("got %v, %q", err, w)
	}
}

// Many write the default group out, for repositories too.
func TestDefaultGroup(t *testing.T) {
	if c := load(t, append(minimal, "RUNNER_GROUP=Default")...); c.Group != "" {
		t.Errorf("a repository has the group %q", c.Group)
	}
	if c := load(t, "GITHUB_TOKEN="+pat, "RUNNER_ORG=acme", "RUNNER_GROUP=Default"); c.Group != "Default" {
		t.Errorf("an organization has the group %q", c.Group)
	}
}

func TestAllProblemsAtOnce(t *testing.T) {
	found := problems(t, "EPHEMERAL=maybe", "RUNNER_STOP_TIMEOUT=soon", "RUNNER_NAME="+strings.Repeat("n", 65), "ORG=a", "ORG_NAME=b", "PAT_FILE=/nowhere", "APP_ID=1", "RUNNER_COUNT=7")
	var names []string
	for _, p := range found {
		names = append(names, strings.Join(p.Variables, "+"))
	}
	slices.Sort(names)
	want := []string{"APP_ID", "EPHEMERAL", "ORG+ORG_NAME", "PAT_FILE", "RUNNER_COUNT", "RUNNER_NAME", "RUNNER_STOP_TIMEOUT"}
	if !slices.Equal(names, want) {
		t.Errorf("got %q, want %q", names, want)
	}
}

func TestLaterVersions(t *testing.T) {
	for _, on := range []string{
		"RUNNER_COUNT=2",
		"RUNNER_NAME_VALUE_FROM=/ssm/name",
	} {
		name, value, _ := strings.Cut(on, "=")
		if got := oneProblem(t, append(minimal, on)...); !strings.HasPrefix(got, "cannot use "+name+": ") || strings.Contains(got, canary) {
			t.Errorf("%s=%s: %s", name, value, got)
		}
	}
	for _, off := range []string{
		"RUNNER_COUNT=1",
	} {
		load(t, append(minimal, off)...)
	}
}

// Who insists on protection is told where there is none.
func TestProtectAlways(t *testing.T) {
	want := "cannot use RUNNER_PROTECT: nothing here can be asked for protection: this is no task of ECS, and no pod of Kubernetes"
	if got := oneProblem(t, append(minimal, "RUNNER_PROTECT=always")...); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	pod := append(slices.Clone(minimal), "RUNNER_PROTECT=always", "KUBERNETES_SERVICE_HOST=10.96.0.1")
	if got := oneProblem(t, pod...); !strings.Contains(got, "POD_NAME does not say") {
		t.Errorf("in a pod: %s", got)
	}
	load(t, append(pod, "POD_NAME=github-runner-1")...)
	if c := load(t, append(minimal, "RUNNER_PROTECT=Always", "ECS_AGENT_URI=http://169.254.170.2/api/1")...); c.Protect != config.ProtectAlways {
		t.Errorf("got %q", c.Protect)
	}
	if c := load(t, minimal...); c.Protect != config.ProtectAuto {
		t.Errorf("by default %q", c.Protect)
	}
}

// The name of a runner is sent to GitHub and logged: a token does not belong there.
func TestMisplacedSecret(t *testing.T) {
	want := "cannot use RUNNER_NAME: it holds the value of a secret"
	if got := oneProblem(t, "RUNNER_REPO=acme/widgets", "PAT="+canary, "RUNNER_NAME=builder-"+canary); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	got := problems(t, append(minimal, "RUNNER_NAME="+canary, "APP_PRIVATE_KEY="+canary)...)
	if len(got) != 2 || got[0].Error() != want {
		t.Errorf("the key of an App: got %v, want %s first", got, want)
	}
	want = "cannot use LABELS: it holds the value of a secret"
	if got := oneProblem(t, "RUNNER_REPO=acme/widgets", "RUNNER_TOKEN_FILE="+writeFile(t, canary), "LABELS=a,"+canary); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
