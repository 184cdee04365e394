package main

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/runner-init/runner-init/internal/config"
	"github.com/runner-init/runner-init/internal/mask"
	"github.com/runner-init/runner-init/internal/runner"
	"github.com/runner-init/runner-init/internal/sim/github"
	"github.com/runner-init/runner-init/lifecycle"
)

// leaks reports whether a text shows a secret, or a piece of one that is worth anything.
func leaks(text, secret string) bool {
	const piece = 16
	for at := 0; at+piece <= len(secret); at += piece {
		if strings.Contains(text, secret[at:at+piece]) {
			return true
		}
	}
	return len(secret) < piece && strings.Contains(text, secret)
}

// overheard is all that a supervisor says to the world, under a GitHub that repeats in each of its errors every credential
// that it was sent or has handed out to it.
type overheard struct {
	next http.RoundTripper
	log  buffer
	path string // of the termination message

	mu     sync.Mutex
	passed []string
}

// overhear gives a supervisor its mask, its log and its termination message.
func overhear(t *testing.T, s *supervisor) *overheard {
	o := &overheard{path: filepath.Join(t.TempDir(), "termination")}
	s.config.TerminationLog, s.config.LogLevel = o.path, config.Level(slog.LevelDebug)
	s.config.LogFormat = config.FormatJSON
	s.mask = mask.New(s.config.Secrets()...)
	s.outlet = newOutlet(&o.log)
	s.log = newLogger(s.config, s.mask.Writer(s.outlet))
	return o
}

// RoundTrip lets GitHub repeat secrets, and notes those that pass by.
func (o *overheard) RoundTrip(req *http.Request) (*http.Response, error) {
	_, credential, _ := strings.Cut(req.Header.Get("Authorization"), " ")
	o.note(credential)
	resp, err := o.next.RoundTrip(req)
	if err != nil {
		return resp, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	var told map[string]any
	message, isError := "", json.Unmarshal(body, &told) == nil && resp.StatusCode >= 400
	if isError {
		message, isError = told["message"].(string)
	}
	if isError {
		told["message"] = strings.Join(append([]string{message}, o.note()...), " ")
		body, _ = json.Marshal(told)
	} else {
		for _, key := range []string{"token", "encoded_jit_config"} {
			secret, _ := told[key].(string)
			o.note(append(runner.JITSecrets(secret), secret)...)
		}
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	resp.ContentLength = int64(len(body))
	return resp, nil
}

// note adds to the secrets that the supervisor knows, the newest first, and returns them.
func (o *overheard) note(secrets ...string) []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, s := range secrets {
		if s != "" && !slices.Contains(o.passed, s) {
			o.passed = slices.Insert(o.passed, 0, s)
		}
	}
	return slices.Clone(o.passed)
}

// expectNoSecret reports the end as the program does, and looks for secrets in all that was said.
func (o *overheard) expectNoSecret(t *testing.T, s *supervisor, exit lifecycle.Exit) {
	t.Helper()
	s.report(exit)
	s.outlet.flush()
	close(s.outlet.pieces)
	message, err := os.ReadFile(o.path)
	if err != nil || !strings.Contains(o.log.String(), `"msg":"exited"`) {
		t.Errorf("the end was not reported: %v\n%s", err, o.log.String())
	}
	secrets := append(s.config.Secrets(), o.note()...)
	for _, line := range strings.FieldsFunc(s.config.AppKey.Reveal(), func(r rune) bool { return r == '\n' }) {
		if !strings.HasPrefix(line, "-----") {
			secrets = append(secrets, line)
		}
	}
	for where, text := range map[string]string{"log": o.log.String(), "termination message": string(message)} {
		for _, secret := range secrets {
			if secret != "" && leaks(text, secret) {
				t.Errorf("the %s shows a secret:\n%s", where, text)
				return
			}
		}
	}
	if strings.Contains(o.log.String(), "GitHub answered") && !strings.Contains(o.log.String(), mask.Redacted) && len(o.note()) > 0 {
		t.Errorf("GitHub repeated nothing that is shown:\n%s", o.log.String())
	}
}

// The whole program, under a GitHub that repeats its token: not in its output, and not in its termination message.
func TestRepeatedSecrets(t *testing.T) {
	for name, test := range map[string]struct {
		environ []string
		fault   github.Fault
		stop    bool
		code    int
	}{
		"registering": {usual(), github.Fault{Status: 422, Route: "/repos/{owner}/{repo}/actions/runners/generate-jitconfig"}, false, 78},
		"authenticating": {
			usual("RUNNER_REGISTRATION=token"), github.Fault{Status: 403, Route: "/repos/{owner}/{repo}/actions/runners/registration-token"}, false, 77,
		},
		"deregistering": {usual("RUNNER_STOP_TIMEOUT=4"), github.Fault{Status: 401, Method: "DELETE", Route: registrations}, true, 75},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHub(t)
			body, _ := json.Marshal(map[string]string{"message": "cannot parse token " + testPAT + "\n<" + testPAT + ">", "documentation_url": "https://docs.github.com/rest"})
			test.fault.Body = string(body)
			h.Fault(test.fault)
			path := filepath.Join(t.TempDir(), "termination")
			b := open(t, h, newRoot(t), append(test.environ, "RUNNER_TERMINATION_LOG="+path))
			if test.stop {
				h.listening(t, b)
				b.signal(15)
			}
			b.expectExit(test.code)
			message, err := os.ReadFile(path)
			if text := b.stderr.String() + string(message); err != nil || leaks(text, testPAT) || !strings.Contains(text, "cannot parse token [redacted]") {
				t.Errorf("got %v:\n%s", err, text)
			}
		})
	}
}
