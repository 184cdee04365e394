package config_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/runner-init/runner-init/internal/config"
)

// A registration token is told by its form, where a token for the API belongs; whatever else stands there is one for the
// API.
func TestRegistrationTokenInTheWrongPlace(t *testing.T) {
	const ready = "REGISTRATIONTOKENFORTESTS2345"
	for _, name := range []string{"GITHUB_TOKEN", "PAT", "ACCESS_TOKEN"} {
		c, err := config.Load(append(slices.Clone(repoOnly), name+"="+ready))
		if err != nil || c.RegistrationToken.Reveal() != ready || c.API() || setting(t, c, "RUNNER_TOKEN").Origin == "default" {
			t.Errorf("%s: %v, %+v", name, err, c.Report())
		}
		if w := c.Warnings(); len(w) != 1 || !strings.HasPrefix(w[0], name+" holds a registration token") {
			t.Errorf("%s: warnings %q", name, w)
		}
	}
	c, err := config.Load(append(slices.Clone(repoOnly), "GITHUB_TOKEN="+ready, "RUNNER_TOKEN="+token))
	if err != nil || c.RegistrationToken.Reveal() != token || c.API() || len(c.Warnings()) != 1 {
		t.Errorf("besides another: %v, %q", err, c.Warnings())
	}
	for _, api := range []string{
		strings.Repeat("0123456789abcdef", 3)[:40], strings.Repeat("A", 40), "x_" + ready, "x", strings.Repeat("x", 400), strings.ToLower(ready), ready[:19],
	} {
		if c := load(t, append(slices.Clone(repoOnly), "GITHUB_TOKEN="+api)...); c.GitHubToken.Reveal() != api {
			t.Errorf("%q is taken for a registration token", api)
		}
	}
}

// A token for the API is told by its prefix, where a registration token belongs. Where GH_RUNNER_TOKEN comes from, it
// may be either.
func TestAPITokenInTheWrongPlace(t *testing.T) {
	for _, prefix := range []string{"ghp_", "github_pat_", "ghs_", "gho_", "ghu_"} {
		api := prefix + "for_tests_only"
		for _, name := range []string{"RUNNER_TOKEN", "GITHUB_RUNNER_TOKEN", "GH_RUNNER_TOKEN"} {
			c, err := config.Load(append(slices.Clone(repoOnly), name+"="+api))
			if err != nil || c.GitHubToken.Reveal() != api || !c.RegistrationToken.Empty() {
				t.Errorf("%s: %v, %+v", name, err, c.Report())
			}
			if got := setting(t, c, "GITHUB_TOKEN").Origin; !strings.HasSuffix(got, name) {
				t.Errorf("%s: the token comes from %q", name, got)
			}
			want := []string{name + " holds a token for the API, by its form, and is used as GITHUB_TOKEN"}
			if name == "GH_RUNNER_TOKEN" {
				want = nil
			}
			if !slices.Equal(c.Warnings(), want) {
				t.Errorf("%s: warnings %q, want %q", name, c.Warnings(), want)
			}
		}
	}
	c, err := config.Load(append(slices.Clone(minimal), "RUNNER_TOKEN=ghp_for_tests_only"))
	if err != nil || c.GitHubToken.Reveal() != pat || !c.RegistrationToken.Empty() || len(c.Warnings()) != 1 {
		t.Errorf("besides another: %v, %q", err, c.Warnings())
	}
	c, err = config.Load(append(slices.Clone(withApp), "RUNNER_TOKEN=ghp_for_tests_only"))
	if err != nil || !c.GitHubToken.Empty() || !c.RegistrationToken.Empty() || len(c.Warnings()) != 1 {
		t.Errorf("besides an App: %v, %q", err, c.Warnings())
	}
	c, err = config.Load(append(slices.Clone(repoOnly), "GITHUB_TOKEN=REGISTRATIONTOKENFORTESTS2345", "RUNNER_TOKEN=ghp_for_tests_only"))
	if err != nil || c.GitHubToken.Reveal() != "ghp_for_tests_only" || !c.RegistrationToken.Empty() {
		t.Errorf("exchanged: %v, %+v", err, c.Report())
	}
}

// What is pasted along with a token is told, and the token is not.
func TestTokensOfStrangeCharacters(t *testing.T) {
	for _, added := range []string{"\u200b", "\u00a0x", "é", " x", "\ufeff", "\x00"} {
		for _, name := range []string{"PAT", "GH_RUNNER_TOKEN"} {
			got := oneProblem(t, append(slices.Clone(repoOnly), name+"="+canary+added)...)
			if !strings.HasPrefix(got, "cannot use "+name+": it holds ") || strings.Contains(got, canary) {
				t.Errorf("%q: got %s", added, got)
			}
		}
	}
}

func TestApp(t *testing.T) {
	const key = "-----BEGIN X-----\nline one\nline two\n-----END X-----"
	c := load(t, append(slices.Clone(repoOnly), "APP_ID=Iv23.client", "APP_PRIVATE_KEY="+key)...)
	if !c.API() || c.AppKey.Reveal() != strings.ReplaceAll(key, "\n", `\n`) {
		t.Errorf("got key %q", c.AppKey.Reveal())
	}
	if job := c.JobEnviron([]string{"A=" + key, "B=x " + strings.ReplaceAll(key, "\n", `\n`)}); len(job) != 0 {
		t.Errorf("the job sees %q", job)
	}
	c, err := config.Load(append(slices.Clone(withApp), "GITHUB_TOKEN="+pat))
	if err != nil || !c.GitHubToken.Empty() || len(c.Warnings()) != 1 {
		t.Errorf("an App and a token: %v, %q", err, c.Warnings())
	}
	for _, test := range []struct{ environ, want string }{
		{"APP_ID=1", "cannot use APP_ID: the App has no private key here"},
		{"GITHUB_TOKEN=x APP_PRIVATE_KEY=" + canary, "cannot use APP_PRIVATE_KEY: there is no App that it belongs to"},
		{"GITHUB_TOKEN=x APP_INSTALLATION_ID=5", "cannot use APP_INSTALLATION_ID: there is no App that it belongs to"},
		{"GITHUB_TOKEN=x APP_LOGIN=acme", "cannot use APP_LOGIN: there is no App that it belongs to"},
		{"APP_ID=a/b APP_PRIVATE_KEY=" + canary, `cannot use APP_ID: "a/b" is not the ID of an App`},
		{"APP_ID=1 APP_INSTALLATION_ID=five APP_PRIVATE_KEY=" + canary, `cannot use APP_INSTALLATION_ID: "five" is not a number`},
	} {
		if got := oneProblem(t, append(strings.Fields(test.environ), repoOnly...)...); got != test.want {
			t.Errorf("%s: got %s", test.environ, got)
		}
	}
}

func TestSweepWithoutACredential(t *testing.T) {
	c, err := config.Load(append(slices.Clone(repoOnly), "RUNNER_TOKEN="+token, "RUNNER_SWEEP=1"))
	if w := c.Warnings(); err != nil || len(w) != 1 || !strings.HasPrefix(w[0], "RUNNER_SWEEP has no effect") {
		t.Errorf("got %v, %q", err, w)
	}
}

func TestCA(t *testing.T) {
	c := load(t, append(slices.Clone(minimal), "RUNNER_CA_FILE=testdata/ca.pem")...)
	if !strings.Contains(c.CA, "BEGIN CERTIFICATE") {
		t.Errorf("got %q", c.CA)
	}
	if job := c.JobEnviron([]string{"A=b"}); !slices.Equal(job, []string{"A=b", "NODE_EXTRA_CA_CERTS=" + caPath}) {
		t.Errorf("the job sees %q", job)
	}
	if job := c.JobEnviron([]string{"NODE_EXTRA_CA_CERTS=/own"}); !slices.Equal(job, []string{"NODE_EXTRA_CA_CERTS=/own"}) {
		t.Errorf("the job sees %q", job)
	}
	empty := writeFile(t, "no certificate")
	for environ, want := range map[string]string{
		"RUNNER_CA_FILE=/nowhere":               "cannot use RUNNER_CA_FILE: /nowhere: no such file or directory",
		"RUNNER_CA_FILE=" + empty:               "cannot use RUNNER_CA_FILE: " + empty + " holds no certificate",
		"GITHUB_ACTIONS_RUNNER_TLS_NO_VERIFY=1": "cannot use GITHUB_ACTIONS_RUNNER_TLS_NO_VERIFY: certificates are always verified",
	} {
		if got := oneProblem(t, append(slices.Clone(minimal), environ)...); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	load(t, append(slices.Clone(minimal), "GITHUB_ACTIONS_RUNNER_TLS_NO_VERIFY=0")...)
}
