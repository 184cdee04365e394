package github_test

import (
	"context"
	"testing"

	"github.com/runner-init/runner-init/internal/sim/github"
)

func TestGatesBeforeAndAfterTheAct(t *testing.T) {
	h := newHub(t, github.Options{})
	a := h.jit(repo, "one")
	after := h.Gate(github.Point{Method: "DELETE", Route: "/actions/runners/{id}", After: true})
	before := h.Gate(github.Point{Method: "DELETE", Route: "/actions/runners/{id}"})
	answered := make(chan response, 1)
	go func() {
		r, _ := h.try(t.Context(), "DELETE", a.path(repo), "Bearer "+pat, nil)
		answered <- r
	}()
	e, err := before.Arrived(soon(t))
	if err != nil || len(h.Runners()) != 1 || e.Status != 0 || e.Credential != "classic all" {
		t.Errorf("before: %v, %d registrations, %+v", err, len(h.Runners()), e)
	}
	before.Release()
	e, err = after.Arrived(soon(t))
	if err != nil || len(h.Runners()) != 0 || e.Status != 204 || e.Runner != "one" {
		t.Errorf("after: %v, %d registrations, %+v", err, len(h.Runners()), e)
	}
	select {
	case r := <-answered:
		t.Errorf("answered %d before the release", r.status)
	default:
	}
	after.Release()
	if r := <-answered; r.status != 204 {
		t.Errorf("answer %d, want 204", r.status)
	}
}

// A caller that hung up gets no job: GitHub would otherwise give it to nobody.
func TestPollOfACallerWhoIsGone(t *testing.T) {
	h := newHub(t, github.Options{})
	a := h.jit(repo, "one").open()
	run := h.Queue(github.Job{Name: "build", Scope: repo})
	gate := h.Gate(github.Point{Route: "/message"})
	ctx, hangUp := context.WithCancel(t.Context())
	go a.poll(ctx, "Online")
	if _, err := gate.Arrived(soon(t)); err != nil {
		t.Fatal(err)
	}
	hangUp()
	if e, err := h.WaitFor(soon(t), func(e github.Entry) bool { return e.Matches("GET", "/message") }); err != nil || e.Status != 0 {
		t.Errorf("%v, %+v", err, e)
	}
	if run.State() != github.Queued {
		t.Errorf("job %s, want queued", run.State())
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := h.Gate(github.Point{}).Arrived(ctx); err == nil {
		t.Error("a gate that nobody came to has an arrival")
	}
}
