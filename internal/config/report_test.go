package config_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/runner-init/runner-init/internal/config"
)

func TestReport(t *testing.T) {
	path := writeFile(t, "gpu\n")
	c, err := config.Load([]string{"ACCESS_TOKEN=" + canary, "REPO_URL=https://git.acme.example/acme/widgets", "LABELS_FILE=" + path, "RUNNER_USR=x"})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]config.Setting{
		"GITHUB_TOKEN":      {Value: "[redacted]", Origin: "alias ACCESS_TOKEN", Secret: true},
		"RUNNER_TOKEN":      {Value: "", Origin: "default", Secret: true},
		"RUNNER_REPO":       {Value: "https://git.acme.example/acme/widgets", Origin: "alias REPO_URL"},
		"RUNNER_SCOPE":      {Value: "repository", Origin: "derived from REPO_URL"},
		"GITHUB_SERVER_URL": {Value: "https://git.acme.example", Origin: "derived from REPO_URL"},
		"GITHUB_API_URL":    {Value: "https://git.acme.example/api/v3", Origin: "derived from GITHUB_SERVER_URL"},
		"RUNNER_LABELS":     {Value: "gpu", Origin: "alias LABELS_FILE=" + path},
		"RUNNER_EPHEMERAL":  {Value: "true", Origin: "default"},
	} {
		got := setting(t, c, name)
		got.Name, got.Default, got.Doc = "", "", ""
		if got != want {
			t.Errorf("%s: got %+v, want %+v", name, got, want)
		}
	}
	var text, object bytes.Buffer
	if err := errors.Join(c.WriteText(&text), c.WriteJSON(&object)); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(text.String()+object.String(), canary) {
		t.Errorf("a secret is shown:\n%s%s", &text, &object)
	}
	checkText(t, text.String(), len(c.Report()))
	checkJSON(t, object.Bytes(), c)
}

func checkText(t *testing.T, text string, settings int) {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(text), "\n")
	if len(lines) != settings+1 || !strings.HasPrefix(lines[settings], "warning: RUNNER_USR is not known; did you mean RUNNER_USER?") {
		t.Errorf("%d lines for %d settings and a warning:\n%s", len(lines), settings, text)
	}
	checkLine(t, text, "RUNNER_WORKDIR", "(_work)", "default")
	checkLine(t, text, "RUNNER_SCOPE", "repository", "derived", "from", "REPO_URL")
}

func checkLine(t *testing.T, text string, want ...string) {
	t.Helper()
	for line := range strings.Lines(text) {
		if slices.Equal(strings.Fields(line), want) {
			return
		}
	}
	t.Errorf("no line %q in\n%s", want, text)
}

func checkJSON(t *testing.T, text []byte, c config.Config) {
	t.Helper()
	var got struct {
		Scope    string
		Settings []config.Setting
		Warnings []string
	}
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	if got.Scope != "repository acme/widgets" || !slices.Equal(got.Settings, c.Report()) || !slices.Equal(got.Warnings, c.Warnings()) {
		t.Errorf("got %s", text)
	}
}

// What an invalid configuration shows is as far as it could be understood, without tricks played on the terminal.
func TestReportOfTheInvalid(t *testing.T) {
	c, err := config.Load([]string{"RUNNER_REPO=https://me:" + canary + "@github.com/a/b", "RUNNER_NAME=\x1b[2J", "EPHEMERAL=maybe", "RUNNER_HOME=/opt/\u202egro"})
	if err == nil {
		t.Fatal("it is valid")
	}
	var text bytes.Buffer
	if err := c.WriteText(&text); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(text.String(), canary) || strings.ContainsAny(text.String(), "\x1b\u202e") {
		t.Errorf("got %q", text.String())
	}
	for name, want := range map[string]config.Setting{
		"RUNNER_EPHEMERAL": {Origin: "alias EPHEMERAL", Refused: true},
		"RUNNER_NAME":      {Origin: "RUNNER_NAME", Refused: true},
		"RUNNER_WORKDIR":   {Origin: "default"},
	} {
		got := setting(t, c, name)
		got.Name, got.Default, got.Doc = "", "", ""
		if got != want {
			t.Errorf("%s: got %+v, want %+v", name, got, want)
		}
	}
	checkLine(t, text.String(), "RUNNER_EPHEMERAL", "(refused)", "alias", "EPHEMERAL")
	checkProblems(t, c, err)
}

// checkProblems holds the JSON to the error.
func checkProblems(t *testing.T, c config.Config, err error) {
	t.Helper()
	var object bytes.Buffer
	if err := c.WriteJSON(&object); err != nil {
		t.Fatal(err)
	}
	var got struct{ Problems []config.Problem }
	if err := json.Unmarshal(object.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	invalid, ok := errors.AsType[*config.Invalid](err)
	if !ok || !slices.EqualFunc(got.Problems, invalid.Problems, func(a, b config.Problem) bool { return a.Error() == b.Error() && a.Hint == b.Hint }) {
		t.Errorf("got %+v, want %v", got.Problems, err)
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left") }

func TestWriteErrors(t *testing.T) {
	c := load(t, minimal...)
	for _, err := range []error{c.WriteText(full{}), c.WriteJSON(full{}), config.WriteMarkdown(full{})} {
		if err == nil || !strings.HasPrefix(err.Error(), "cannot write ") {
			t.Errorf("got %v", err)
		}
	}
}

func TestMarkdown(t *testing.T) {
	var page bytes.Buffer
	if err := config.WriteMarkdown(&page); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(page.String(), "\n")
	for _, v := range config.Variables() {
		i := slices.IndexFunc(lines, func(l string) bool { return strings.HasPrefix(l, "| `"+v.Name+"` |") })
		if i < 0 {
			t.Errorf("%s has no row", v.Name)
			continue
		}
		if cells := strings.Count(strings.ReplaceAll(lines[i], `\|`, ""), "|") - 1; cells != 6 {
			t.Errorf("%s has %d cells: %s", v.Name, cells, lines[i])
		}
		for _, a := range v.Aliases {
			if !strings.Contains(lines[i], "`"+a.Name+"`") {
				t.Errorf("%s lacks its alias %s", v.Name, a.Name)
			}
		}
	}
}

func TestTable(t *testing.T) {
	seen := map[string]string{}
	for _, v := range config.Variables() {
		for _, name := range v.Names() {
			if other := seen[name]; other != "" {
				t.Errorf("%s means %s and %s", name, other, v.Name)
			}
			seen[name] = v.Name
		}
		if v.Doc == "" || !strings.HasSuffix(v.Doc, ".") || v.Type == "" {
			t.Errorf("%s is not documented: %+v", v.Name, v)
		}
		if v.Example == "" || v.Example == v.Default {
			t.Errorf("%s has no example but its default", v.Name)
		}
	}
}
