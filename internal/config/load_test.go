package config_test

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/runner-init/runner-init/internal/config"
)

// Environments of the three entrypoints that are used most, as their users write them.
func TestOtherEntrypoints(t *testing.T) {
	c := load(t, "RUNNER_SCOPE=org", "ORG_NAME=acme", "ACCESS_TOKEN="+pat, "LABELS=linux,x64,gpu", "RUNNER_NAME_PREFIX=ci", "EPHEMERAL=1")
	check(t, c, config.Scope{Kind: config.Organization, Owner: "acme"}, pat, "", "linux,x64,gpu", true)
	if c.NamePrefix != "ci" || c.Name != "" {
		t.Errorf("the name is %q, its prefix %q", c.Name, c.NamePrefix)
	}

	c = load(t, "GITHUB_OWNER=acme", "GITHUB_REPOSITORY=widgets", "GITHUB_PERSONAL_TOKEN="+pat, "RUNNER_NAME=builder", "RUNNER_LABELS=gpu")
	check(t, c, config.Scope{Kind: config.Repository, Owner: "acme", Repo: "widgets"}, pat, "", "gpu", true)
	if c.Name != "builder" {
		t.Errorf("the name is %q", c.Name)
	}
	c = load(t, "GITHUB_OWNER=acme", "GITHUB_REPOSITORY=", "GITHUB_PERSONAL_TOKEN="+pat, "RUNNER_NAME=builder", "RUNNER_LABELS=gpu")
	check(t, c, config.Scope{Kind: config.Organization, Owner: "acme"}, pat, "", "gpu", true)

	c = load(t, "RUNNER_ORG=acme", "RUNNER_NAME=builder", "RUNNER_LABELS=gpu", "RUNNER_TOKEN="+token)
	check(t, c, config.Scope{Kind: config.Organization, Owner: "acme"}, "", token, "gpu", true)
	c = load(t, "RUNNER_REPO=acme/widgets", "RUNNER_NAME=builder", "RUNNER_LABELS=gpu", "RUNNER_TOKEN="+token)
	check(t, c, config.Scope{Kind: config.Repository, Owner: "acme", Repo: "widgets"}, "", token, "gpu", true)
}

// Environments of more images, as their documentation has them.
func TestMoreEntrypoints(t *testing.T) {
	repo, org := config.Scope{Kind: config.Repository, Owner: "acme", Repo: "widgets"}, config.Scope{Kind: config.Organization, Owner: "acme"}
	const api = "github_pat_for_tests_only"
	for _, test := range []struct {
		environ    string
		scope      config.Scope
		pat, token string
		labels     string
		ephemeral  bool
	}{
		{"GITHUB_RUNNER_URL=https://github.com/acme/widgets GITHUB_RUNNER_PAT=" + pat + " GITHUB_RUNNER_LABELS=gpu GITHUB_RUNNER_EPHEMERAL=false", repo, pat, "", "gpu", false},
		{"GITHUB_RUNNER_URL=https://github.com/acme GITHUB_RUNNER_TOKEN=" + token + " GITHUB_RUNNER_WORKDIR=/w GITHUB_RUNNER_GROUP=g", org, "", token, "", true},
		{"GH_RUNNER_URL=https://github.com/acme/widgets GH_RUNNER_TOKEN=" + api + " GH_RUNNER_NAME=a GH_RUNNER_MODE=persistent", repo, api, "", "", false},
		{"GH_RUNNER_URL=https://github.com/acme GH_RUNNER_APP_ID=7 GH_RUNNER_APP_PRIVATE_KEY=a-private-key GH_RUNNER_GROUP=g", org, "", "", "", true},
		{"GH_REPOSITORY=acme/widgets GH_RUNNER_TOKEN=" + token + " GH_RUNNER_LABELS=a,b", repo, "", token, "a,b", true},
		{"RUNNER_REPOSITORY_URL=https://github.com/acme/widgets GITHUB_ACCESS_TOKEN=" + pat + " RUNNER_WORK_DIRECTORY=_w", repo, pat, "", "", true},
		{"RUNNER_ORGANIZATION_URL=https://github.com/acme GITHUB_ACCESS_TOKEN=" + pat, org, pat, "", "", true},
		{"RUNNER_ENTERPRISE_URL=https://github.com/enterprises/acme GITHUB_TOKEN=" + pat, config.Scope{Kind: config.Enterprise, Owner: "acme"}, pat, "", "", true},
		{"GH_ORG=acme GH_REPO=widgets GH_ACCESS_TOKEN=" + pat, repo, pat, "", "", true},
		{"GH_ORG=acme GH_REPO=acme/widgets GH_ACCESS_TOKEN=" + pat, repo, pat, "", "", true},
		{"GH_ORG=acme RUNNER_TOKEN=" + token, org, "", token, "", true},
		{"ORGANIZATION=acme REPOSITORY=widgets ACCESS_TOKEN=" + pat, repo, pat, "", "", true},
		{"ORGANIZATION=acme ACCESS_TOKEN=" + pat, org, pat, "", "", true},
		{"GITHUB_OWNER=acme GITHUB_REPO=widgets GITHUB_APP_ID=7 GITHUB_APP_INSTALL_ID=5 GITHUB_APP_PEM=a-private-key", repo, "", "", "", true},
	} {
		check(t, load(t, strings.Fields(test.environ)...), test.scope, test.pat, test.token, test.labels, test.ephemeral)
	}
	c := load(t, "GITHUB_DOMAIN=git.acme.example", "GITHUB_OWNER=acme", "GITHUB_PAT="+pat)
	if c.APIURL != "https://git.acme.example/api/v3" {
		t.Errorf("the API is at %s", c.APIURL)
	}
}

func check(t *testing.T, c config.Config, scope config.Scope, pat, token, labels string, ephemeral bool) {
	t.Helper()
	if c.Scope != scope {
		t.Errorf("scope: got %+v, want %+v", c.Scope, scope)
	}
	if c.GitHubToken.Reveal() != pat || c.RegistrationToken.Reveal() != token {
		t.Errorf("credentials: got %q and %q, want %q and %q", c.GitHubToken.Reveal(), c.RegistrationToken.Reveal(), pat, token)
	}
	if got := strings.Join(c.Labels, ","); got != labels || c.Ephemeral != ephemeral {
		t.Errorf("got labels %s, ephemeral %v; want %s, %v", got, c.Ephemeral, labels, ephemeral)
	}
}

func TestDefaults(t *testing.T) {
	c := load(t, minimal...)
	got := fmt.Sprintln(c.Ephemeral, c.DisableUpdate, c.Deregister, c.NoDefaultLabels, c.PassAWSEnv, c.ExitOnSignal,
		c.NamePrefix, c.NameSuffix, c.Registration, c.StopTimeout, c.StartTimeout, c.StartJitter, c.LogLevel, c.LogFormat, c.ServerURL, c.APIURL)
	want := fmt.Sprintln(true, true, true, false, false, false,
		"github-runner", config.SuffixAuto, config.RegistrationAuto, 10*time.Second, 2*time.Minute, time.Duration(0), "info", config.FormatAuto, "https://github.com", "https://api.github.com")
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestBooleans(t *testing.T) {
	for _, value := range []string{"1", "true", "TRUE", "Yes", "on", " true ", "true\r"} {
		if c := load(t, append(minimal, "EPHEMERAL="+value)...); !c.Ephemeral {
			t.Errorf("EPHEMERAL=%q means false", value)
		}
	}
	for _, value := range []string{"0", "false", "False", "no", "OFF"} {
		if c := load(t, append(minimal, "EPHEMERAL="+value)...); c.Ephemeral {
			t.Errorf("EPHEMERAL=%q means true", value)
		}
	}
	if got, want := oneProblem(t, append(minimal, "EPHEMERAL=maybe")...), `cannot use EPHEMERAL: "maybe" is neither true nor false`; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestDurations(t *testing.T) {
	for value, want := range map[string]time.Duration{
		"90": 90 * time.Second, "1.5": 1500 * time.Millisecond, "90s": 90 * time.Second, "1h30m": 90 * time.Minute, " 5 ": 5 * time.Second,
	} {
		if c := load(t, append(minimal, "RUNNER_STOP_TIMEOUT="+value)...); c.StopTimeout != want {
			t.Errorf("RUNNER_STOP_TIMEOUT=%s is %v, want %v", value, c.StopTimeout, want)
		}
	}
	for _, value := range []string{"0", "-1", "0s", "soon", "1d", "NaN", "inf", "1e300", "99999999999999999999", "0x10"} {
		oneProblem(t, append(minimal, "RUNNER_STOP_TIMEOUT="+value)...)
	}
	oneProblem(t, append(minimal, "RUNNER_START_TIMEOUT=0")...)
	oneProblem(t, append(minimal, "RUNNER_START_JITTER=-1")...)
}

func TestGracePeriodOfThePlatform(t *testing.T) {
	for _, platform := range []string{"ECS_CONTAINER_METADATA_URI_V4=http://169.254.170.2/v4/1", "KUBERNETES_SERVICE_HOST=10.0.0.1"} {
		c := load(t, append(minimal, platform)...)
		if c.StopTimeout != 30*time.Second {
			t.Errorf("with %s the grace period is %v", platform, c.StopTimeout)
		}
		if c := load(t, append(minimal, platform, "RUNNER_STOP_TIMEOUT=120")...); c.StopTimeout != 2*time.Minute {
			t.Errorf("with %s a given grace period is %v", platform, c.StopTimeout)
		}
	}
}

// Where an orchestrator restarts us at once, a failure that stays the same is not repeated at once; that holds for a
// failure of the configuration as well.
func TestFailureHoldOfThePlatform(t *testing.T) {
	const kubernetes = "KUBERNETES_SERVICE_HOST=10.0.0.1"
	for _, test := range []struct {
		environ []string
		want    time.Duration
	}{
		{nil, 0},
		{[]string{"RUNNER_FAILURE_HOLD=90"}, 90 * time.Second},
		{[]string{"ECS_CONTAINER_METADATA_URI_V4=http://169.254.170.2/v4/1"}, 30 * time.Second},
		{[]string{kubernetes}, 30 * time.Second},
		{[]string{kubernetes, "RUNNER_FAILURE_HOLD=0"}, 0},
		{[]string{kubernetes, "RUNNER_FAILURE_HOLD=soon"}, 30 * time.Second},
		{[]string{kubernetes, "RUNNER_EPHEMERAL=perhaps"}, 30 * time.Second},
	} {
		c, _ := config.Load(append(minimal, test.environ...))
		if c.FailureHold != test.want {
			t.Errorf("with %q the hold is %v, want %v", test.environ, c.FailureHold, test.want)
		}
	}
	oneProblem(t, append(minimal, "RUNNER_FAILURE_HOLD=-1")...)
}

func TestLevels(t *testing.T) {
	for value, want := range map[string]slog.Level{
		"debug": slog.LevelDebug, "INFO": slog.LevelInfo, "warning": slog.LevelWarn, "Error": slog.LevelError, "trace": slog.LevelDebug, "fatal": slog.LevelError,
	} {
		if c := load(t, append(minimal, "LOG_LEVEL="+value)...); c.LogLevel.Level() != want {
			t.Errorf("LOG_LEVEL=%s is %v, want %v", value, c.LogLevel, want)
		}
	}
	if c := load(t, append(minimal, "DEBUG_OUTPUT=true")...); c.LogLevel.Level() != slog.LevelDebug {
		t.Errorf("DEBUG_OUTPUT=true is %v", c.LogLevel)
	}
	oneProblem(t, append(minimal, "RUNNER_LOG_LEVEL=debug-2")...)
}

func TestLabels(t *testing.T) {
	c := load(t, append(minimal, "RUNNER_LABELS= b ,a,,B,c,a, ")...)
	if got, want := strings.Join(c.Labels, ","), "b,a,c"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	merged := config.MergeLabels([]string{"self-hosted", "Linux"}, []string{"linux", "gpu", ""})
	if !slices.Equal(merged, []string{"self-hosted", "Linux", "gpu"}) {
		t.Errorf("merged: %q", merged)
	}
	load(t, append(minimal, "RUNNER_LABELS="+strings.Repeat("ü", 256))...)
	oneProblem(t, append(minimal, "RUNNER_LABELS=a,"+strings.Repeat("x", 257))...)
	many := make([]string, 98)
	for i := range many {
		many[i] = fmt.Sprint("l", i)
	}
	load(t, append(minimal, "RUNNER_LABELS="+strings.Join(many[:97], ","))...)
	oneProblem(t, append(minimal, "RUNNER_LABELS="+strings.Join(many, ","))...)
	oneProblem(t, append(minimal, "NO_DEFAULT_LABELS=true")...)
	load(t, append(minimal, "NO_DEFAULT_LABELS=true", "LABELS=a")...)
}

func TestUnsetIsEmpty(t *testing.T) {
	environ := slices.Clone(minimal)
	for _, v := range config.Variables() {
		for _, name := range v.Names() {
			environ = append(environ, name+"=  ", name+"_FILE=", name+"_VALUE_FROM= ")
		}
	}
	got, want := load(t, environ...).Report(), load(t, minimal...).Report()
	if !slices.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}
