package config_test

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	htmltemplate "html/template"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"text/template"

	"github.com/runner-init/runner-init/internal/config"
)

const canary = "canary-in-the-coal-mine"

// shapes are the ways in which a secret may stand in what is printed.
func shapes(t *testing.T) map[string]any {
	t.Helper()
	c := load(t, "GITHUB_TOKEN="+canary, "RUNNER_TOKEN=2-"+canary, "RUNNER_REPO=acme/widgets")
	hidden := struct{ secret config.Secret }{c.GitHubToken}
	return map[string]any{
		"secret":      c.GitHubToken,
		"pointer":     &c.GitHubToken,
		"config":      c,
		"config ptr":  &c,
		"slice":       []config.Secret{c.GitHubToken},
		"map":         map[string]any{"token": c.GitHubToken},
		"unexported":  hidden,
		"unexported*": &hidden,
	}
}

func TestSecretIsNotPrinted(t *testing.T) {
	for name, v := range shapes(t) {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "% x", "% #X", "%U", "%c", "%b", "%e", "%t", "%w", "%!", "%d", "%+d", "%10s", "%-60q", "%.3s", "%T", "%p"} {
			if got := fmt.Sprintf(verb, v); shows(got) {
				t.Errorf("%s with %s: %s", name, verb, got)
			}
		}
		for format, printed := range encodings(v) {
			if shows(printed) {
				t.Errorf("%s as %s: %s", name, format, printed)
			}
		}
	}
}

// shows reports whether a text holds the canary, as it is or in one of the ways in which fmt writes bytes.
func shows(text string) bool {
	decimal := strings.Trim(fmt.Sprint([]byte(canary)), "[]")
	for _, form := range []string{canary, fmt.Sprintf("%x", canary), fmt.Sprintf("% x", canary), decimal} {
		if strings.Contains(strings.ToLower(text), form) {
			return true
		}
	}
	return false
}

func encodings(v any) map[string]string {
	var text, jsonLog, asGob, page, html bytes.Buffer
	_ = gob.NewEncoder(&asGob).Encode(v)
	_ = template.Must(template.New("").Parse("{{.}} {{printf \"%#v %q\" . .}}")).Execute(&page, v)
	_ = htmltemplate.Must(htmltemplate.New("").Parse("<a href={{.}}>{{.}}</a><script>{{.}}</script>")).Execute(&html, v)
	slog.New(slog.NewTextHandler(&text, nil)).Info("m", "v", v, slog.Group("g", slog.Any("v", v)))
	slog.New(slog.NewJSONHandler(&jsonLog, nil)).Info("m", "v", v, slog.Group("g", slog.Any("v", v)))
	asJSON, _ := json.Marshal(v)
	asXML, _ := xml.Marshal(v)
	return map[string]string{
		"json": string(asJSON), "xml": string(asXML), "slog text": text.String(), "slog json": jsonLog.String(),
		"error": fmt.Errorf("cannot use %v: %w", v, errors.ErrUnsupported).Error(), "print": fmt.Sprint(v),
		"gob": asGob.String(), "template": page.String(), "HTML": html.String(), "reflection": dump(reflect.ValueOf(v), 0),
		"panic": panicked(func() { panic(v) }), "wrapped": errors.Join(fmt.Errorf("%w", wrapped{v}), wrapped{v}).Error(),
	}
}

// wrapped is an error that prints what it holds.
type wrapped struct{ v any }

func (w wrapped) Error() string { return fmt.Sprintf("%+v %#v", w.v, w.v) }

func panicked(f func()) (said string) {
	defer func() { said = fmt.Sprintf("%v %#v", recover(), recover()) }()
	f()
	return ""
}

// dump prints a value as those do that go by reflection alone: fields that are not exported, and what pointers lead to.
func dump(v reflect.Value, depth int) string {
	if depth > 8 || !v.IsValid() {
		return ""
	}
	var b strings.Builder
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		b.WriteString(dump(v.Elem(), depth+1))
	case reflect.Struct:
		for _, field := range v.Fields() {
			b.WriteString(dump(field, depth+1))
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			b.WriteString(dump(v.Index(i), depth+1))
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			b.WriteString(dump(key, depth+1) + dump(v.MapIndex(key), depth+1))
		}
	default:
		b.WriteString(v.String() + " ")
	}
	return b.String()
}

func TestSecret(t *testing.T) {
	c := load(t, minimal...)
	full, empty := c.GitHubToken, c.RegistrationToken
	if full.Empty() || full.Reveal() != pat {
		t.Errorf("the secret is %q, want %q", full.Reveal(), pat)
	}
	if !empty.Empty() || empty.Reveal() != "" {
		t.Errorf("the empty secret is %q", empty.Reveal())
	}
	for _, verb := range []string{"%v", "%s", "%q", "%#v", "%x", "%d"} {
		if got := fmt.Sprintf(verb, full); got != "[redacted]" {
			t.Errorf("%s is %q", verb, got)
		}
		if got := fmt.Sprintf(verb, empty); got != "" {
			t.Errorf("%s of nothing is %q", verb, got)
		}
	}
	if got, err := json.Marshal([]config.Secret{full, empty}); err != nil || string(got) != `["[redacted]",""]` {
		t.Errorf("as JSON: %s, %v", got, err)
	}
	if full.GoString() != "[redacted]" || full.String() != "[redacted]" || empty.String() != "" {
		t.Errorf("as strings: %q, %q, %q", full.GoString(), full.String(), empty.String())
	}
	if got := full.LogValue().String(); got != "[redacted]" {
		t.Errorf("in a log: %q", got)
	}
}

func TestSecrets(t *testing.T) {
	environ := append([]string{"ACCESS_TOKEN=another-pat", "APP_PRIVATE_KEY=a-private-key"}, minimal...)
	c, _ := config.Load(environ)
	for _, want := range []string{pat, "another-pat", "a-private-key"} {
		if !strings.Contains(fmt.Sprintf("%q", c.Secrets()), `"`+want+`"`) {
			t.Errorf("%q is not among the secrets", want)
		}
	}
}

// A secret is found as it is and as %q writes it, where a name, a path or a bad value repeats it.
func TestSecretsAreTakenOutOfMessages(t *testing.T) {
	const odd = `a"quoted\secret`
	c, err := config.Load([]string{"RUNNER_REPO=acme/widgets", "PAT=" + odd, "RUNNER_NAME_FILE=/" + odd, "ORG_RUNNER=" + odd, "RUNNER_" + odd + "=x"})
	said := fmt.Sprintf("%v\n%q", err, c.Warnings())
	for _, part := range []string{"quoted", "/[redacted]: no such file", `"[redacted]" is neither`, "RUNNER_[redacted] is not known"} {
		if found := strings.Contains(said, part); found != strings.Contains(part, "[") {
			t.Errorf("%q: found %v in\n%s", part, found, said)
		}
	}
}

// One secret may begin with another; the rest of it is secret too.
func TestSecretWithinASecret(t *testing.T) {
	_, err := config.Load([]string{"RUNNER_REPO=acme/widgets", "PAT=" + canary, "RUNNER_TOKEN=" + canary + "-and-more", "ORG_RUNNER=" + canary + "-and-more"})
	if err == nil || strings.Contains(err.Error(), "more") {
		t.Errorf("got %v", err)
	}
}

func TestOriginsAreNoWayOut(t *testing.T) {
	path := filepath.Join(t.TempDir(), canary)
	if err := os.WriteFile(path, []byte("builder"), 0o600); err != nil {
		t.Fatal(err)
	}
	c := load(t, "RUNNER_REPO=acme/widgets", "PAT="+canary, "RUNNER_NAME_FILE="+path)
	if got := setting(t, c, "RUNNER_NAME"); got.Value != "builder" || strings.Contains(got.Origin, canary) {
		t.Errorf("got %+v", got)
	}
}
