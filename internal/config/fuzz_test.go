package config_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/runner-init/runner-init/internal/config"
)

// Whatever else the environment holds, nothing that Load says, and nothing that the job gets, holds a secret.
func FuzzLoad(f *testing.F) {
	for _, seed := range []string{
		"", "RUNNER_REPO=acme/widgets", "RUNNER_NAME=" + canary, "RUNNER_ORG=" + canary + "\nORG=x", "REPO_URL=https://u:" + canary + "@h/a/b",
		"GITHUB_API_URL=https://" + canary + "@h", "GITHUB_API_URL=://" + canary, "EPHEMERAL=" + canary, "RUNNER_STOP_TIMEOUT=" + canary,
		"RUNNER_LABELS=" + strings.Repeat(canary, 20), "RUNNER_SCOPE=" + canary, "LOG_LEVEL=" + canary, "RUNNER_PASS_ENV=" + canary + "=",
		"RUNNER_PASS_ENV=only:*", "RUNNER_PASS_ENV=*\nX=" + canary, "RUNNER_NAME_FILE=/" + canary, "GITHUB_API_PATH=" + canary, "RUNNER_COUNT=" + canary,
		"PAT='" + canary + "'", "RUNNER_TOKEN=\"" + canary, "RUNNER_JITCONFIG=" + canary, "RUNNER_USER=\x1b\xff", "APP_ID=1\nRUNNER_DOCKER=dind",
		"RUNNER_JITCONFIG=" + jit, "RUNNER_HTTP_ADDR=" + canary, "RUNNER_HOME_VALUE_FROM=" + canary,
		"GITHUB_HOST=[::1]:80\nRUNNER_REPO=https://[::1]/a/b", "RUNNER_LOG_FORMAT=x\nRUNNER_START_JITTER=-1ns\nRANDOM_RUNNER_SUFFIX=2",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, block string) {
		environ := append([]string{"GITHUB_TOKEN=" + canary, "RUNNER_TOKEN=2-" + canary}, withoutFiles(block)...)
		c, err := config.Load(environ)
		var said strings.Builder
		fmt.Fprintf(&said, "%v %+v %#v %q %+v", err, c, c, c.Warnings(), c.Report())
		if invalid, ok := err.(*config.Invalid); ok {
			fmt.Fprintf(&said, "%+v", invalid.Problems)
		}
		var text, object bytes.Buffer
		if c.WriteText(&text) != nil || c.WriteJSON(&object) != nil || !json.Valid(object.Bytes()) {
			t.Errorf("cannot write the report: %s", &object)
		}
		if all := said.String() + text.String() + object.String(); strings.Contains(all, canary) {
			i := strings.Index(all, canary)
			t.Errorf("a secret got out with %q: …%s", environ, all[max(0, i-300):i+len(canary)])
		}
		if job := strings.Join(c.JobEnviron(environ), "\n"); strings.Contains(job, canary) {
			t.Errorf("the job sees a secret with %q:\n%s", environ, job)
		}
	})
}

// Whatever stands in a variable, under any of its names, is refused, once and with a hint, or means what the report shows:
// that, under the canonical name, means the same again.
func FuzzValues(f *testing.F) {
	for _, seed := range []string{
		"", " ", "acme", "acme/widgets", "https://github.com/acme/widgets/", "git@github.com:acme/widgets.git", "true", "1", "No", "90", "1.5", "1h30m", "0x10", "-1ns",
		"1e9", "9223372036854775807ns", "a,b,,A", " a , b\r", "only:A,B_*", "only:", "[A", "\ufeffx", "\u200b", "'quoted'", "\"", "[::1]:8080", "http://[::1]/", "https://u:p@h/", "root", "1001:1001",
		"ephemeral", "$HOSTNAME", "$", "${", "hostname", "jit", "org", "warning", "debug-4", "/_work", "..", "ü", strings.Repeat("x", 300), jit, "arn:aws:ssm:::x", "Default",
	} {
		for i := range config.Variables() {
			f.Add(i, i, seed)
		}
	}
	table := config.Variables()
	f.Fuzz(func(t *testing.T, variable, name int, value string) {
		v := table[uint(variable)%uint(len(table))]
		as := v.Names()[uint(name)%uint(len(v.Names()))]
		if v.Name == "RUNNER_CA_FILE" || strings.ContainsRune(value, 0) {
			return // a file of the machine's; no environment holds a NUL
		}
		base := []string{"GITHUB_TOKEN=" + pat, "HOSTNAME=worker"}
		if !slices.Contains([]string{"RUNNER_ORG", "RUNNER_REPO", "RUNNER_ENTERPRISE"}, v.Name) {
			base = append(base, "RUNNER_ORG=acme")
		}
		c, err := config.Load(append([]string{as + "=" + value}, base...))
		if invalid, ok := err.(*config.Invalid); ok {
			checkRefused(t, as, value, invalid.Problems)
			return
		}
		if s := setting(t, c, v.Name); !v.Secret && s.Value != "" {
			again, err := config.Load(append([]string{v.Name + "=" + s.Value}, base...))
			if got := setting(t, again, v.Name); err != nil || got.Value != s.Value {
				t.Errorf("%s=%q is %q, and that is %q: %v", as, value, s.Value, got.Value, err)
			}
		}
	})
}

func checkRefused(t *testing.T, as, value string, problems []config.Problem) {
	t.Helper()
	seen := map[string]bool{}
	for _, p := range problems {
		if p.Hint == "" || p.Message == "" || seen[p.Error()] {
			t.Errorf("%s=%q: %q, hint %q", as, value, p.Error(), p.Hint)
		}
		seen[p.Error()] = true
	}
}

// withoutFiles are the lines of block, without those that would read a file of the machine: what those say is not ours
// to predict.
func withoutFiles(block string) (environ []string) {
	for line := range strings.Lines(block) {
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
		if !strings.HasSuffix(name, "_FILE") || strings.Contains(value, canary) {
			environ = append(environ, name+"="+value)
		}
	}
	return environ
}

func BenchmarkLoad(b *testing.B) {
	for b.Loop() {
		c, err := config.Load(container)
		if err != nil {
			b.Fatal(err)
		}
		c.JobEnviron(container)
	}
}
