package config_test

import (
	"encoding/base64"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/runner-init/runner-init/internal/config"
)

const (
	pat   = "pat-for-tests-only"
	token = "registration-token-for-tests-only"
)

// jit is a just-in-time configuration as far as its form.
var jit = base64.StdEncoding.EncodeToString([]byte(`{".runner":"e30=",".credentials":"e30="}`))

// minimal is the least that is valid.
var minimal = []string{"GITHUB_TOKEN=" + pat, "RUNNER_REPO=acme/widgets"}

// load is Load of an environment that has to be valid, without a remark.
func load(t *testing.T, environ ...string) config.Config {
	t.Helper()
	c, err := config.Load(environ)
	if err != nil {
		t.Fatalf("Load(%q):\n%v", environ, err)
	}
	if w := c.Warnings(); len(w) > 0 {
		t.Errorf("Load(%q) warns: %q", environ, w)
	}
	return c
}

// problems are what Load finds wrong, with the hints; every problem has one.
func problems(t *testing.T, environ ...string) []config.Problem {
	t.Helper()
	_, err := config.Load(environ)
	if err == nil {
		return nil
	}
	invalid, ok := errors.AsType[*config.Invalid](err)
	if !ok {
		t.Fatalf("Load's error is a %T: %v", err, err)
	}
	if got, want := strings.Count(err.Error(), "\n")+1, len(invalid.Problems); got != want {
		t.Errorf("the error has %d lines for %d problems:\n%v", got, want, err)
	}
	for _, p := range invalid.Problems {
		if p.Hint == "" {
			t.Errorf("%q has no hint", p.Error())
		}
	}
	return invalid.Problems
}

// oneProblem is the one thing that is wrong, as its text.
func oneProblem(t *testing.T, environ ...string) string {
	t.Helper()
	found := problems(t, environ...)
	if len(found) != 1 {
		t.Errorf("Load(%q) finds %d problems, want 1: %v", environ, len(found), found)
		return ""
	}
	return found[0].Error()
}

// setting is one line of the report.
func setting(t *testing.T, c config.Config, name string) config.Setting {
	t.Helper()
	report := c.Report()
	i := slices.IndexFunc(report, func(s config.Setting) bool { return s.Name == name })
	if i < 0 {
		t.Fatalf("the report has no %s", name)
	}
	return report[i]
}
