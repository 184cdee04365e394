package config_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/runner-init/runner-init/internal/config"
	"github.com/runner-init/runner-init/internal/reference"
)

const (
	patARN   = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:ci/pat-AbCdEf"
	labelARN = "arn:aws:ssm:eu-west-1:123456789012:parameter/ci/labels"
)

// shelf is a store in memory, which keeps what it was asked for. A name that it does not hold is not there.
type shelf struct {
	values map[string]string
	asked  [][]string
	within time.Duration
}

func (s *shelf) get(ctx context.Context, refs []reference.Reference) []reference.Answer {
	deadline, _ := ctx.Deadline()
	s.within = time.Until(deadline)
	var names []string
	answers := make([]reference.Answer, len(refs))
	for i, r := range refs {
		names = append(names, r.String())
		value, ok := s.values[r.String()]
		if answers[i].Value = value; !ok {
			answers[i].Err = &reference.Failure{Fault: reference.Wrong, Message: "there is no " + r.String(), Hint: "look"}
		}
	}
	s.asked = append(s.asked, names)
	return answers
}

func (s *shelf) load(t *testing.T, environ ...string) (config.Config, []config.Problem) {
	t.Helper()
	c, err := config.LoadWith(t.Context(), environ, s.get)
	if err == nil {
		return c, nil
	}
	return c, err.(*config.Invalid).Problems
}

func TestReferences(t *testing.T) {
	s := &shelf{values: map[string]string{patARN + ":token::": canary + "\n", labelARN: "gpu,large", "/ci/org:3": "acme"}}
	c, problems := s.load(t, "PAT="+patARN+":token::", "RUNNER_LABELS_VALUE_FROM= "+labelARN+" ", "ORG_NAME_VALUE_FROM=/ci/org:3", "RUNNER_START_TIMEOUT=77")
	if len(problems) > 0 || len(c.Warnings()) > 0 {
		t.Fatalf("problems %v, warnings %q", problems, c.Warnings())
	}
	if c.GitHubToken.Reveal() != canary || !slices.Equal(c.Labels, []string{"gpu", "large"}) || c.Scope.Owner != "acme" {
		t.Errorf("got %q, %q, %v", c.GitHubToken.Reveal(), c.Labels, c.Scope)
	}
	if len(s.asked) != 1 || len(s.asked[0]) != 3 {
		t.Errorf("the stores were asked for %q, want everything at once", s.asked)
	}
	if s.within <= 70*time.Second || s.within > 77*time.Second {
		t.Errorf("the stores had %v, want RUNNER_START_TIMEOUT", s.within)
	}
	for name, origin := range map[string]string{
		"GITHUB_TOKEN":  "alias PAT=" + patARN + ":token:: (secretsmanager)",
		"RUNNER_LABELS": "RUNNER_LABELS_VALUE_FROM=" + labelARN + " (ssm)",
		"RUNNER_ORG":    "alias ORG_NAME_VALUE_FROM=/ci/org:3 (ssm)",
	} {
		if got := setting(t, c, name).Origin; got != origin {
			t.Errorf("%s comes from %q, want %q", name, got, origin)
		}
	}
	// It is a secret like any other.
	if got := setting(t, c, "GITHUB_TOKEN").Value; got != "[redacted]" || !slices.Contains(c.Secrets(), canary) || strings.Contains(c.Redact("x "+canary), canary) {
		t.Errorf("the token is shown as %q, among the secrets %q", got, c.Secrets())
	}
	job := c.JobEnviron([]string{"PAT=" + patARN, "RUNNER_LABELS_VALUE_FROM=" + labelARN, "COPY=" + canary, "OTHER=1"})
	if !slices.Equal(job, []string{"OTHER=1"}) {
		t.Errorf("the job sees %q", job)
	}
	want := []config.Referenced{{Variable: "ORG_NAME_VALUE_FROM", Reference: "/ci/org:3", Store: reference.SSM}, {Variable: "PAT", Reference: patARN + ":token::", Store: reference.SecretsManager},
		{Variable: "RUNNER_LABELS_VALUE_FROM", Reference: labelARN, Store: reference.SSM}}
	if !slices.Equal(c.References(), want) {
		t.Errorf("references: %+v, want %+v", c.References(), want)
	}
}

// Where nothing is referred to, nobody is asked: an ARN in a variable that is no secret is a value like any other.
func TestNoReference(t *testing.T) {
	s := &shelf{}
	c, problems := s.load(t, append(minimal, "RUNNER_WORKDIR="+labelARN, "RUNNER_LABELS_VALUE_FROM= ", "OTHER_VALUE_FROM="+labelARN, "RUNNER_NAEM_VALUE_FROM="+labelARN)...)
	if len(problems) > 0 || len(s.asked) > 0 || c.Workdir != labelARN {
		t.Errorf("problems %v, asked for %q", problems, s.asked)
	}
}

func TestReferenceProblems(t *testing.T) {
	s := &shelf{values: map[string]string{labelARN: "  ", patARN: `{"token":"` + canary + `"}`, "arn": patARN, "/two/lines": "a\nb"}}
	file := writeFile(t, patARN)
	_, problems := s.load(t, "RUNNER_REPO=acme/widgets",
		"GITHUB_TOKEN="+patARN, "RUNNER_LABELS_VALUE_FROM="+labelARN, "RUNNER_NAME_VALUE_FROM=/gone", "RUNNER_TOKEN_VALUE_FROM=arn", "RUNNER_GROUP_VALUE_FROM=a+b",
		"RUNNER_USER=me", "RUNNER_USER_VALUE_FROM=/me", "RUNNER_HOME=/a", "RUNNER_HOME_FILE=/b", "RUNNER_HOME_VALUE_FROM=/c", "RUNNER_WORKDIR_VALUE_FROM=/two/lines",
		"APP_PRIVATE_KEY=arn:aws:s3:::key", "RUNNER_JITCONFIG_FILE="+file, "RUNNER_NAME_PREFIX_VALUE_FROM=ghp_notarealtoken")
	want := map[string]string{
		"GITHUB_TOKEN": "JSON object", "RUNNER_LABELS_VALUE_FROM": "nothing but white space", "RUNNER_NAME_VALUE_FROM": "there is no /gone",
		"RUNNER_TOKEN_VALUE_FROM": "another reference", "RUNNER_GROUP_VALUE_FROM": "letters, digits", "RUNNER_USER+RUNNER_USER_VALUE_FROM": "both give",
		"RUNNER_HOME+RUNNER_HOME_FILE+RUNNER_HOME_VALUE_FROM": "all of them give", "RUNNER_WORKDIR_VALUE_FROM": "a line break", "APP_PRIVATE_KEY": "another service",
		"RUNNER_JITCONFIG_FILE": "ARN of a secret", "RUNNER_NAME_PREFIX_VALUE_FROM": "holds a credential",
	}
	for _, p := range problems {
		names := strings.Join(p.Variables, "+")
		if !strings.Contains(p.Message, want[names]) || want[names] == "" || p.Hint == "" {
			t.Errorf("unexpected: %+v", p)
		}
		delete(want, names)
		if text := p.Error() + p.Hint; strings.Contains(text, canary) || strings.Contains(text, "ghp_") {
			t.Errorf("a secret got out: %s", text)
		}
	}
	if len(want) > 0 {
		t.Errorf("not found: %v", want)
	}
	if asked := slices.Concat(s.asked...); slices.Contains(asked, "ghp_notarealtoken") || slices.Contains(asked, "/me") {
		t.Errorf("the stores were asked for %q", asked)
	}
}

// What hangs on a reference that came to nothing is no problem of its own.
func TestOneProblemEach(t *testing.T) {
	for _, environ := range [][]string{
		{"RUNNER_REPO=acme/widgets", "APP_ID_VALUE_FROM=/gone", "APP_PRIVATE_KEY=" + canary},
		{"RUNNER_REPO=acme/widgets", "APP_ID=7", "APP_PRIVATE_KEY_VALUE_FROM=/gone"},
		{"RUNNER_REPO=acme/widgets", "GITHUB_TOKEN_VALUE_FROM=/gone"},
		{"RUNNER_ORG_VALUE_FROM=/gone", "GITHUB_TOKEN=" + pat},
		{"RUNNER_REPO=acme/widgets", "GITHUB_TOKEN=" + pat, "RUNNER_START_TIMEOUT_VALUE_FROM=/gone"},
	} {
		if _, problems := new(shelf).load(t, environ...); len(problems) != 1 || !strings.HasSuffix(problems[0].Message, "/gone") {
			t.Errorf("with %q: %v", environ, problems)
		}
	}
}

// All three forms at once are one problem, also where one of them would refer to AWS.
func TestAllFormsAreOneProblem(t *testing.T) {
	for _, own := range []string{pat, patARN} {
		_, problems := new(shelf).load(t, "RUNNER_REPO=acme/widgets", "GITHUB_TOKEN="+own, "GITHUB_TOKEN_FILE=/gone", "GITHUB_TOKEN_VALUE_FROM=/gone")
		if len(problems) != 1 || !strings.HasSuffix(problems[0].Message, "all of them give a value") {
			t.Errorf("with %q: %v", own, problems)
		}
	}
}

// Whose fault it is decides how we end: what has to be changed first comes first.
func TestFaults(t *testing.T) {
	for _, c := range []struct {
		faults []reference.Fault
		others []string
		want   reference.Fault
	}{
		{[]reference.Fault{reference.Unreachable, reference.Unreachable}, nil, reference.Unreachable},
		{[]reference.Fault{reference.Unreachable, reference.Denied}, nil, reference.Denied},
		{[]reference.Fault{reference.Denied, reference.Wrong}, nil, reference.Wrong},
		{[]reference.Fault{reference.Unreachable, reference.Denied}, []string{"EPHEMERAL=perhaps"}, reference.Wrong},
	} {
		stores := func(_ context.Context, refs []reference.Reference) []reference.Answer {
			answers := make([]reference.Answer, len(refs))
			for i := range refs {
				answers[i].Err = &reference.Failure{Fault: c.faults[i], Message: "no", Hint: "none"}
			}
			return answers
		}
		environ := append([]string{"RUNNER_REPO=acme/widgets", "APP_ID_VALUE_FROM=id", "APP_PRIVATE_KEY=" + patARN}, c.others...)
		_, err := config.LoadWith(t.Context(), environ, stores)
		invalid := err.(*config.Invalid)
		if got := invalid.Fault(); got != c.want || len(invalid.Problems) != 2+len(c.others) {
			t.Errorf("with %v and %q the fault is %d, want %d: %v", c.faults, c.others, got, c.want, err)
		}
	}
}
