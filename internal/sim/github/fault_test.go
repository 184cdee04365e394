package github_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/runner-init/runner-init/internal/sim/github"
)

func TestFaultsByCount(t *testing.T) {
	h := newHub(t, github.Options{})
	a := h.jit(org, "one")
	h.Fault(github.Fault{Method: "DELETE", Route: "/…/actions/runners/{id}", Status: 500, Skip: 1, Times: 2})
	h.Fault(github.Fault{Route: "/actions/runners", Status: 503, Times: 1, Body: "<html>", Header: http.Header{"Retry-After": {"7"}}})
	missing := "/" + org + "/actions/runners/99"
	for i, want := range []int{404, 500, 500, 404} {
		if got := h.as("Bearer "+pat, "DELETE", missing, nil).status; got != want {
			t.Errorf("delete %d: %d, want %d", i, got, want)
		}
	}
	r := h.as("Bearer "+pat, "GET", "/"+org+"/actions/runners", nil)
	if r.status != 503 || r.body != "<html>" || r.header.Get("Retry-After") != "7" {
		t.Errorf("list: %d %q %v", r.status, r.body, r.header)
	}
	h.ask(200, "GET", "/"+org+"/actions/runners", nil)
	h.Fault(github.Fault{Status: 502})
	h.ClearFaults()
	h.ask(200, "GET", a.path(org), nil)
}

// Before and after the act: the caller sees the same, the state differs.
func TestAmbiguousFaults(t *testing.T) {
	for _, test := range []struct {
		name  string
		fault github.Fault
		left  int
	}{
		{"dropped before", github.Fault{Drop: true}, 1},
		{"dropped after", github.Fault{Drop: true, After: true}, 0},
		{"refused before", github.Fault{Status: 502}, 1},
		{"refused after", github.Fault{Status: 502, After: true}, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := newHub(t, github.Options{})
			a := h.jit(repo, "one")
			test.fault.Method = "DELETE"
			h.Fault(test.fault)
			r, err := h.try(t.Context(), "DELETE", a.path(repo), "Bearer "+pat, nil)
			if test.fault.Drop != (err != nil) || err == nil && r.status != 502 {
				t.Errorf("caller saw %d, %v", r.status, err)
			}
			if got := len(h.Runners()); got != test.left {
				t.Errorf("%d registrations, want %d", got, test.left)
			}
			journal := h.Journal()
			if last := journal[len(journal)-1]; !last.Faulted || last.Status != r.status {
				t.Errorf("journal %+v", last)
			}
		})
	}
}

func TestSlowFaults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHub(t, github.Options{})
		h.Fault(github.Fault{Method: "GET", Delay: time.Minute, Times: 1})
		h.Fault(github.Fault{Method: "GET", Hang: true})
		start := time.Now()
		h.ask(200, "GET", "/"+org+"/actions/runners", nil)
		if time.Since(start) != time.Minute {
			t.Errorf("answered after %v, want 1m", time.Since(start))
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		if _, err := h.try(ctx, "GET", "/"+org+"/actions/runners", "Bearer "+pat, nil); err == nil || time.Since(start) != 61*time.Minute {
			t.Errorf("hung request: %v after %v", err, time.Since(start))
		}
	})
}

func TestRoutesOfFaults(t *testing.T) {
	e := github.Entry{Method: "GET", Route: "/repos/{owner}/{repo}/actions/runners/{runner_id}", Path: "/repos/acme/widgets/actions/runners/7"}
	for route, want := range map[string]bool{
		"":                                      true,
		"/actions/runners/{id}":                 true,
		"/…/actions/runners/{id}":               true,
		"/widgets/actions/runners/7":            true,
		"/{a}/{b}/actions/runners/{id}":         true,
		"/repos/acme/widgets/actions/runners/7": true,
		"/actions/runners":                      false,
		"/actions/runners/8":                    false,
		"/orgs/{org}/actions/runners/{id}":      false,
		"/x/repos/{o}/{r}/actions/runners/{id}": false,
	} {
		if got := e.Matches("GET", route); got != want {
			t.Errorf("%q: %v, want %v", route, got, want)
		}
	}
	if e.Matches("POST", "") {
		t.Error("another method matches")
	}
}

func TestJournal(t *testing.T) {
	h := newHub(t, github.Options{})
	var arrived, answered []string
	h.OnRequest(func(e github.Entry) { arrived = append(arrived, e.Method) })
	h.OnAnswer(func(e github.Entry) { answered = append(answered, e.Method) })
	later := make(chan github.Entry, 1)
	go func() {
		e, err := h.WaitFor(soon(t), func(e github.Entry) bool { return e.Method == "DELETE" })
		if err != nil {
			t.Error(err)
		}
		later <- e
	}()
	a := h.jit(repo, "one")
	h.as("Bearer nobody-s-token", "GET", "/orgs/acme/actions/runners", nil)
	h.as("", "DELETE", a.path(repo), nil)
	if e := <-later; e.Status != 401 || e.Credential != "none" {
		t.Errorf("awaited entry %+v", e)
	}
	want := []github.Entry{
		{Method: "POST", Route: "/repos/{owner}/{repo}/actions/runners/generate-jitconfig", Status: 201, Credential: "classic all", Runner: "one", RunnerID: 1},
		{Method: "GET", Route: "/orgs/{org}/actions/runners", Status: 401, Credential: "unknown"},
		{Method: "DELETE", Route: "/repos/{owner}/{repo}/actions/runners/{runner_id}", Status: 401, Credential: "none"},
	}
	for i, e := range h.Journal() {
		got := github.Entry{Method: e.Method, Route: e.Route, Status: e.Status, Credential: e.Credential, Runner: e.Runner, RunnerID: e.RunnerID}
		if got != want[i] {
			t.Errorf("entry %d: %+v, want %+v", i, got, want[i])
		}
		for _, secret := range h.Secrets() {
			if strings.Contains(e.Credential+e.Path, secret) {
				t.Errorf("entry %d holds a secret", i)
			}
		}
	}
	if methods := []string{"POST", "GET", "DELETE"}; !slices.Equal(arrived, methods) || !slices.Equal(answered, methods) {
		t.Errorf("hooks saw %v and %v", arrived, answered)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := h.WaitFor(ctx, func(e github.Entry) bool { return e.Status == 999 }); err == nil {
		t.Error("found what is not there")
	}
}
