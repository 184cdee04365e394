package config_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/runner-init/runner-init/internal/config"
	"github.com/runner-init/runner-init/internal/reference"
)

// Credentials can be dropped where a runner is registered just in time, and nowhere else.
func TestDropCombinations(t *testing.T) {
	const drop = "RUNNER_DROP_CREDENTIALS=true"
	for _, allowed := range [][]string{
		append(slices.Clone(minimal), drop), append(slices.Clone(withApp), drop), append(slices.Clone(minimal), drop, "RUNNER_REGISTRATION=jit"),
		append(slices.Clone(minimal), drop, "RUNNER_TOKEN="+token), append(slices.Clone(minimal), "RUNNER_DROP_CREDENTIALS=false", "RUNNER_EPHEMERAL=false"),
		{drop, "RUNNER_JITCONFIG=eyJhIjoiYiJ9"},
	} {
		c, err := config.Load(allowed)
		if err != nil || c.DropCredentials != slices.Contains(allowed, drop) {
			t.Errorf("%q: %v", allowed, err)
		}
	}
	for _, test := range []struct{ environ, names string }{
		{"RUNNER_REGISTRATION=token PAT=" + pat, "RUNNER_REGISTRATION"}, {"EPHEMERAL=false PAT=" + pat, "EPHEMERAL"},
		{"DISABLE_AUTO_UPDATE=0 PAT=" + pat, "DISABLE_AUTO_UPDATE"}, {"RUNNER_SWEEP=true PAT=" + pat, "RUNNER_SWEEP"},
		{"RUNNER_TOKEN=" + token, "RUNNER_TOKEN"},
	} {
		got := problems(t, append(strings.Fields(test.environ), append(slices.Clone(repoOnly), drop)...)...)
		if want := []string{"RUNNER_DROP_CREDENTIALS", test.names}; len(got) != 1 || !slices.Equal(got[0].Variables, want) || got[0].Hint == "" {
			t.Errorf("%s: %v, want one about %q", test.environ, got, want)
		}
	}
}

// What is left holds no secret, under whatever name and from wherever it came, and means the same for all the rest.
func TestWithoutCredentials(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, []byte("45s\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte(canary), 0o600); err != nil {
		t.Fatal(err)
	}
	environ := append(slices.Clone(repoOnly),
		"RUNNER_DROP_CREDENTIALS=true", "PATH=/bin", "RUNNER_TOKEN_FILE="+secret, "COPY=x"+canary, "APP_ID=1", "APP_PRIVATE_KEY="+canary+"-key",
		"RUNNER_STOP_TIMEOUT_FILE="+file, "LABELS=a,b", "EPHEMERAL=1", "AWS_SECRET_ACCESS_KEY=not-for-us", "ACTIONS_RUNNER_INPUT_JITCONFIG=",
		"RUNNER_PASS_ENV=LABELS", "MINE=1", "no equals sign")
	c := load(t, environ...)
	left := c.WithoutCredentials(environ)
	for _, kv := range left {
		name, _, _ := strings.Cut(kv, "=")
		if strings.Contains(kv, canary) || slices.Contains([]string{"RUNNER_TOKEN_FILE", "AWS_SECRET_ACCESS_KEY", "APP_PRIVATE_KEY", "RUNNER_STOP_TIMEOUT_FILE"}, name) {
			t.Errorf("left: %s", name)
		}
	}
	os.Remove(file) // what has been read need not be there any more
	again := config.Reload(left)
	if again.API() || len(again.Secrets()) > 0 || len(again.Warnings()) > 0 {
		t.Errorf("credentials again: %v, %q", again.Report(), again.Warnings())
	}
	if again.StopTimeout != c.StopTimeout || !slices.Equal(again.Labels, c.Labels) || again.Scope != c.Scope || !again.DropCredentials {
		t.Errorf("got %+v, want %+v", again.Report(), c.Report())
	}
	got, want := again.JobEnviron(left), c.JobEnviron(environ)
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("a job sees %q, and %q before", got, want)
	}
}

// What came from a store is not asked for again.
func TestWithoutReferences(t *testing.T) {
	environ := append(slices.Clone(repoOnly), "RUNNER_DROP_CREDENTIALS=true", "GITHUB_TOKEN_VALUE_FROM=/ci/pat", "RUNNER_STOP_TIMEOUT_VALUE_FROM=/ci/stop")
	values := map[string]string{"/ci/pat": canary, "/ci/stop": "45s"}
	c, err := config.LoadWith(t.Context(), environ, func(_ context.Context, refs []reference.Reference) (answers []reference.Answer) {
		for _, r := range refs {
			answers = append(answers, reference.Answer{Value: values[r.String()]})
		}
		return answers
	})
	if err != nil {
		t.Fatal(err)
	}
	left := c.WithoutCredentials(environ)
	again := config.Reload(left)
	if again.StopTimeout != c.StopTimeout || c.StopTimeout != 45*time.Second || again.API() || strings.Contains(strings.Join(left, "\n"), "VALUE_FROM") {
		t.Errorf("%q is left; the stop timeout is %v, and was %v", left, again.StopTimeout, c.StopTimeout)
	}
}

// Who goes on without credentials still knows where it is: the platform's grace period, and whom to ask for protection.
func TestWithoutCredentialsOnECS(t *testing.T) {
	environ := append(slices.Clone(minimal), "RUNNER_DROP_CREDENTIALS=true", "RUNNER_PROTECT=always", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI=/v2/credentials/1",
		"ECS_AGENT_URI=http://169.254.170.2/api/1", "ECS_CONTAINER_METADATA_URI_V4=http://169.254.170.2/v4/1")
	c := load(t, environ...)
	left := c.WithoutCredentials(environ)
	if slices.ContainsFunc(left, func(kv string) bool { return strings.HasPrefix(kv, "AWS_CONTAINER_") }) {
		t.Errorf("left: %q", left)
	}
	if again := load(t, append(left, minimal...)...); again.StopTimeout != c.StopTimeout || again.Protect != config.ProtectAlways {
		t.Errorf("it stops within %s, want %s; protection: %s", again.StopTimeout, c.StopTimeout, again.Protect)
	}
	if seen := c.JobEnviron(left); slices.ContainsFunc(seen, func(kv string) bool { return strings.HasPrefix(kv, "ECS_") }) {
		t.Errorf("a job sees %q", seen)
	}
}

// What was resolved is read again without a file and without a store, to the same configuration.
func TestResolved(t *testing.T) {
	file := filepath.Join(t.TempDir(), "labels")
	if err := os.WriteFile(file, []byte("a,b\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	const arn = "arn:aws:ssm:eu-west-1:123456789012:parameter/ci/app"
	environ := append(slices.Clone(repoOnly), "GITHUB_TOKEN=", "GITHUB_TOKEN_VALUE_FROM=/ci/pat", "RUNNER_TOKEN="+arn, "LABELS_FILE="+file, "PATH=/bin", "no equals sign")
	c, err := config.LoadWith(t.Context(), environ, func(_ context.Context, refs []reference.Reference) (answers []reference.Answer) {
		for _, r := range refs {
			answers = append(answers, reference.Answer{Value: map[bool]string{true: token, false: canary}[r.String() == arn]})
		}
		return answers
	})
	if err != nil || !c.Sourced() {
		t.Fatal(err, c.Sourced())
	}
	os.Remove(file)
	left := c.Resolved(environ)
	again, err := config.Load(left)
	if err != nil || again.GitHubToken.Reveal() != canary || again.RegistrationToken.Reveal() != token || !slices.Equal(again.Labels, []string{"a", "b"}) || again.Sourced() {
		t.Errorf("%v; the labels are %q; left: %d variables", err, again.Labels, len(left))
	}
	if slices.ContainsFunc(left, func(kv string) bool { return strings.Contains(kv, "_VALUE_FROM=") || strings.Contains(kv, "_FILE=") }) {
		t.Error("a reference or the name of a file is left")
	}
	if dumped := fmt.Sprintf("%#v %+v", c, c); strings.Contains(dumped, canary) || strings.Contains(dumped, "a,b") {
		t.Error("a printed configuration shows what was resolved")
	}
	if c := load(t, minimal...); c.Sourced() {
		t.Error("a plain environment has everything itself")
	}
}
