package config_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/runner-init/runner-init/internal/config"
)

// container is an environment as a container's is, with the runner's configuration among it.
var container = []string{
	"PATH=/usr/bin", "HOME=/root", "USER=root", "LANG=C.UTF-8", "LC_ALL=C", "TZ=UTC", "JAVA_HOME=/opt/java",
	"HTTPS_PROXY=http://proxy:3128", "no_proxy=localhost", "RUNNER_ALLOW_RUNASROOT=1", "RUNNER_TOOL_CACHE=/opt/cache",
	"ACTIONS_RUNNER_HOOK_JOB_STARTED=/hook.sh", "AWS_REGION=eu-west-1", "EMPTY=",
	"GITHUB_TOKEN=" + pat, "RUNNER_REPO=acme/widgets", "LABELS=gpu", "ACCESS_TOKEN_FILE=", "RUNNER_NAME_VALUE_FROM=",
	"APP_PRIVATE_KEY=", "ACTIONS_RUNNER_INPUT_PAT=x", "actions_runner_input_url=x",
	"AWS_ACCESS_KEY_ID=id", "AWS_SECRET_ACCESS_KEY=key", "AWS_SESSION_TOKEN=t", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI=/v2", "ECS_AGENT_URI=http://x",
	"CLONE_URL=https://x:" + pat + "@github.com/acme/widgets", "broken", "=x",
}

const passedOn = "PATH HOME USER LANG LC_ALL TZ JAVA_HOME HTTPS_PROXY no_proxy RUNNER_ALLOW_RUNASROOT RUNNER_TOOL_CACHE ACTIONS_RUNNER_HOOK_JOB_STARTED AWS_REGION EMPTY"

func TestJobEnviron(t *testing.T) {
	const aws = " AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN AWS_CONTAINER_CREDENTIALS_RELATIVE_URI ECS_AGENT_URI"
	for lists, want := range map[string]string{
		"":                                passedOn,
		"RUNNER_PASS_ENV=LABELS,RUNNER_*": passedOn + " RUNNER_REPO LABELS RUNNER_PASS_ENV RUNNER_NAME_VALUE_FROM",
		"RUNNER_PASS_ENV=GITHUB_TOKE?,ACCESS_*,CLONE_URL,AWS_SECRET_ACCESS_KEY": passedOn + " AWS_SECRET_ACCESS_KEY",
		"RUNNER_PASS_AWS_ENV=true":                             passedOn + aws,
		"RUNNER_PASS_ENV=only:JAVA_HOME,LABELS":                "PATH HOME USER LANG LC_ALL TZ JAVA_HOME LABELS",
		"RUNNER_PASS_ENV=only:":                                "PATH HOME USER LANG LC_ALL TZ",
		"RUNNER_PASS_ENV=only:JAVA_* RUNNER_PASS_AWS_ENV=true": "PATH HOME USER LANG LC_ALL TZ JAVA_HOME" + aws,
		"RUNNER_PASS_ENV=only:*":                               passedOn + " RUNNER_REPO LABELS RUNNER_PASS_ENV RUNNER_NAME_VALUE_FROM" + aws,
	} {
		environ := slices.Concat(container, strings.Fields(lists))
		c, err := config.Load(environ)
		if err != nil {
			t.Fatal(err)
		}
		got, wanted := names(c.JobEnviron(environ)), strings.Fields(want)
		slices.Sort(got)
		slices.Sort(wanted)
		if !slices.Equal(got, wanted) {
			t.Errorf("%s:\ngot  %q\nwant %q", lists, got, wanted)
		}
	}
}

func names(environ []string) (all []string) {
	for _, kv := range environ {
		name, _, _ := strings.Cut(kv, "=")
		all = append(all, name)
	}
	return all
}

// No name under which Load reads anything reaches the job, whether or not it was set when Load read.
func TestJobSeesNoConfiguration(t *testing.T) {
	c := load(t, minimal...)
	for _, v := range config.Variables() {
		for _, name := range v.Names() {
			for _, n := range []string{name, name + "_FILE", name + "_VALUE_FROM"} {
				if got := c.JobEnviron([]string{n + "=x"}); len(got) != 0 {
					t.Errorf("the job sees %q", got)
				}
			}
		}
	}
}

// What a file holds is as secret as what the environment holds.
func TestJobSeesNoSecretOfAFile(t *testing.T) {
	c := load(t, "RUNNER_REPO=acme/widgets", "GITHUB_TOKEN_FILE="+writeFile(t, pat+"\n"))
	if got := c.JobEnviron([]string{"NETRC=machine github.com password " + pat, "SEEN_" + pat + "=1", "A=b"}); !slices.Equal(got, []string{"A=b"}) {
		t.Errorf("got %q", got)
	}
}

// A configuration that was wrapped is known without its line breaks too.
func TestJobSeesNoUnwrappedSecret(t *testing.T) {
	c := load(t, "RUNNER_JITCONFIG="+jit[:10]+"\n"+jit[10:])
	if got := c.JobEnviron([]string{"COPY=" + jit, "WRAPPED=" + jit[:10] + "\n" + jit[10:]}); len(got) != 0 {
		t.Errorf("got %q", got)
	}
}

// A value that lost to another name is a secret all the same, and so is one that lost to a duplicate.
func TestJobSeesNoSecretThatLost(t *testing.T) {
	environ := append(minimal, "PAT=another-pat", "COPY=another-pat", "GITHUB_TOKEN=a-third-pat")
	c, err := config.Load(environ)
	if err != nil {
		t.Fatal(err)
	}
	if got := c.JobEnviron(environ); len(got) != 0 {
		t.Errorf("got %q", got)
	}
}

func TestPassingASecretIsRemarkedOn(t *testing.T) {
	c, err := config.Load(append(minimal, "RUNNER_PASS_ENV=LABELS,GITHUB_TOKEN"))
	if err != nil || len(c.Warnings()) != 1 || !strings.Contains(c.Warnings()[0], "GITHUB_TOKEN") {
		t.Errorf("got %q, %v", c.Warnings(), err)
	}
}
