package main

import (
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/runner-init/runner-init/lifecycle"
)

// What a day without a job costs at GitHub, request by request, by the program's own registrar and client: those of the
// boot, a question every so often, as docs/lifecycle.md has it, and those of the stop. The runner's own are not ours.
func TestIdleDay(t *testing.T) {
	const (
		runners  = "/repos/{owner}/{repo}/actions/runners"
		jit      = "POST " + runners + "/generate-jitconfig 201"
		register = "POST " + runners + "/registration-token 201"
		question = "GET " + runners + "/{runner_id} 200"
		fence    = "DELETE " + runners + "/{runner_id} 204"
		find     = "GET /repos/{owner}/{repo}/installation 200"
		mint     = "POST /app/installations/{installation_id}/access_tokens 201"
	)
	key, text := newAppKey(t)
	for _, test := range []struct {
		how       string
		app       bool
		ephemeral bool
		boot      []string
		asks      []string // six times
		stop      []string
	}{
		{"jit", false, true, []string{jit}, []string{question}, []string{fence}},
		{"jit", true, true, []string{find, mint, jit}, []string{mint, question}, []string{mint, fence}},
		{"token", false, true, []string{register}, []string{question}, []string{fence}},
		{"token", false, false, []string{register}, []string{question}, []string{fence}},
		{"token", true, false, []string{find, mint, register}, []string{mint, question}, []string{mint, fence}},
		{"ready-jit", false, true, nil, nil, nil}, // we cannot ask, and do not
		{"ready-token", false, false, nil, nil, nil},
	} {
		t.Run(fmt.Sprintf("%s, App %v, ephemeral %v", test.how, test.app, test.ephemeral), func(t *testing.T) {
			p := plot{how: test.how, app: test.app, lag: time.Millisecond, launches: []launch{{boot: time.Second, quit: time.Second}}}
			if strings.HasSuffix(test.how, "token") {
				p.environ = []string{"RUNNER_REGISTRATION=token", fmt.Sprint("RUNNER_EPHEMERAL=", test.ephemeral)}
			}
			p.acts = []act{{after: 24 * time.Hour, do: func(s *scene) { s.stop(syscall.SIGTERM) }}}
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				s, err := newScene(p, dir, key, text)
				if err != nil {
					t.Fatal(err)
				}
				s.play()
				if code := s.told.exit.Code; code != lifecycle.OK && !strings.HasPrefix(test.how, "ready") {
					t.Errorf("exit code %d, want 0", code)
				}
				want := slices.Concat(test.boot, slices.Repeat(test.asks, 6), test.stop)
				if got := s.askedByUs(); !slices.Equal(got, want) {
					t.Errorf("in a day we asked %q, want %q", got, want)
				}
			})
		})
	}
}

// askedByUs are the requests that were made with a credential of ours.
func (s *scene) askedByUs() (asked []string) {
	for _, e := range s.hub.Journal() {
		if slices.Contains([]string{"classic ours", "app bot", "installation bot"}, e.Credential) {
			asked = append(asked, fmt.Sprintf("%s %s %d", e.Method, e.Route, e.Status))
		}
	}
	return asked
}
