package config_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

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
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "% x", "%d", "%10s", "%.3s", "%T", "%p"} {
			if got := fmt.Sprintf(verb, v); strings.Contains(got, canary) || strings.Contains(got, fmt.Sprintf("%x", canary)) {
				t.Errorf("%s with %s: %s", name, verb, got)
			}
		}
		for format, printed := range encodings(v) {
			if strings.Contains(printed, canary) {
				t.Errorf("%s as %s: %s", name, format, printed)
			}
		}
	}
}

func encodings(v any) map[string]string {
	var text, jsonLog bytes.Buffer
	slog.New(slog.NewTextHandler(&text, nil)).Info("m", "v", v, slog.Group("g", slog.Any("v", v)))
	slog.New(slog.NewJSONHandler(&jsonLog, nil)).Info("m", "v", v, slog.Group("g", slog.Any("v", v)))
	asJSON, _ := json.Marshal(v)
	asXML, _ := xml.Marshal(v)
	return map[string]string{
		"json": string(asJSON), "xml": string(asXML), "slog text": text.String(), "slog json": jsonLog.String(),
		"error": fmt.Errorf("cannot use %v: %w", v, errors.ErrUnsupported).Error(), "print": fmt.Sprint(v),
	}
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
