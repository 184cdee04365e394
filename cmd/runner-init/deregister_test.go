package main

import (
	"context"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/runner-init/runner-init/internal/sim/github"
	"github.com/runner-init/runner-init/lifecycle"
	"github.com/runner-init/runner-init/registration"
)

// What the watchdog takes for a proof, and what it does not: a registration is gone only if GitHub, asked in two ways, shows
// it in neither.
func TestStanding(t *testing.T) {
	const pat, one, list = "pat-for-tests-only", "/actions/runners/{id}", "/actions/runners"
	notFound := github.Fault{Method: "GET", Route: one, Status: 404}
	for name, test := range map[string]struct {
		prepare func(*github.Server, *registrar)
		want    lifecycle.Standing
		most    time.Duration
	}{
		"idle": {func(s *github.Server, r *registrar) {
			r.held = entry{Name: "idle", ID: s.AddRunner("repos/acme/widgets", "idle", true)}
		}, lifecycle.Vacant, 0},
		"nobody listens":    {func(*github.Server, *registrar) {}, lifecycle.Offline, 0},
		"deleted":           {func(_ *github.Server, r *registrar) { r.client.Delete(context.Background(), r.held.ID) }, lifecycle.Missing, 0},
		"found by its name": {func(s *github.Server, _ *registrar) { s.Fault(notFound) }, lifecycle.Unclear, 0},
		"the list is refused": {func(s *github.Server, _ *registrar) {
			s.Fault(notFound)
			s.Fault(github.Fault{Route: list, Status: 403})
		}, lifecycle.Unclear, 0},
		"the list is not found": {func(s *github.Server, _ *registrar) {
			s.Fault(notFound)
			s.Fault(github.Fault{Route: list, Status: 404})
		}, lifecycle.Unclear, 0},
		"the list is broken": {func(s *github.Server, _ *registrar) {
			s.Fault(notFound)
			s.Fault(github.Fault{Route: list, Status: 502})
		}, lifecycle.Unclear, lookTime},
		"401":           {func(s *github.Server, _ *registrar) { s.RevokePAT(pat) }, lifecycle.Unasked, 0},
		"403":           {func(s *github.Server, _ *registrar) { s.Fault(github.Fault{Status: 403}) }, lifecycle.Unclear, 0},
		"503":           {func(s *github.Server, _ *registrar) { s.Fault(github.Fault{Status: 503}) }, lifecycle.Unclear, lookTime},
		"no answer":     {func(s *github.Server, _ *registrar) { s.Fault(github.Fault{Hang: true}) }, lifecycle.Unclear, lookTime},
		"no id":         {func(_ *github.Server, r *registrar) { r.held.ID = 0 }, lifecycle.Unasked, 0},
		"no credential": {func(_ *github.Server, r *registrar) { r.client = nil }, lifecycle.Unasked, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := github.New(github.Options{})
				server.AddPAT(pat, github.Classic("repo"))
				credential, err := registration.NewPAT(pat)
				if err != nil {
					t.Fatal(err)
				}
				client, err := registration.New(registration.Options{
					API: "https://api.test", Scope: registration.Scope{Kind: registration.Repository, Owner: "acme", Repo: "widgets"},
					Credential: credential, Transport: github.RoundTripper(server),
				})
				if err != nil {
					t.Fatal(err)
				}
				made, _, err := client.JIT(t.Context(), registration.JITRequest{Name: "r", Labels: []string{"x"}})
				if err != nil {
					t.Fatal(err)
				}
				r := &registrar{client: client, held: entry{Name: made.Name, ID: made.ID}, log: slog.New(slog.DiscardHandler)}
				test.prepare(server, r)
				begin := time.Now()
				if got := r.Standing(t.Context()); got != test.want {
					t.Errorf("got %d, want %d", got, test.want)
				}
				if took := time.Since(begin); took > test.most {
					t.Errorf("it took %s, want %s at most", took, test.most)
				}
			})
		})
	}
}
