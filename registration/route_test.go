package registration

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/runner-init/runner-init/internal/sim/github"
)

// No name and no number gets into a route: whoever counts by it counts a handful.
func TestRoute(t *testing.T) {
	for _, test := range []struct {
		api        string
		scope      Scope
		path, want string
	}{
		{"https://api.test", Scope{Kind: Repository, Owner: "acme", Repo: "widgets"}, "/repos/acme/widgets/actions/runners/23", "/repos/{owner}/{repo}/actions/runners/{id}"},
		{"https://ghes.test/api/v3", Scope{Kind: Organization, Owner: "77"}, "/api/v3/orgs/77/actions/runner-groups", "/orgs/{org}/actions/runner-groups"},
		{"https://api.test", Scope{Kind: Enterprise, Owner: "acme"}, "/enterprises/acme/actions/runners/generate-jitconfig", "/enterprises/{enterprise}/actions/runners/generate-jitconfig"},
		{"https://api.test", Scope{Kind: Organization, Owner: "acme"}, "/app/installations/5/access_tokens", "/app/installations/{id}/access_tokens"},
		{"https://api.test", Scope{Kind: Repository, Owner: "acme", Repo: "old"}, "/repositories/99/actions/runners", "/repositories/{id}/actions/runners"},
	} {
		base, err := address(test.api)
		if err != nil {
			t.Fatal(err)
		}
		if got := (&Client{base: base, scope: test.scope}).route(test.path); got != test.want {
			t.Errorf("%s: got %s, want %s", test.path, got, test.want)
		}
	}
}

// Each attempt is told of, the ones that fail and the ones without an answer too.
func TestAnswered(t *testing.T) {
	var told []string
	server, c := simulated(t, func(o *Options) {
		o.Answered = func(method, route string, status int) {
			told = append(told, fmt.Sprint(method, " ", route, " ", status))
		}
		o.Retried = func(r Reason) { told = append(told, "again: "+string(r)) }
	})
	const route = "/orgs/{org}/actions/runners/registration-token"
	server.Fault(github.Fault{Status: 502, Method: http.MethodPost, Route: route, Times: 1})
	server.Fault(github.Fault{Drop: true, Method: http.MethodPost, Route: route, Times: 1})
	synctest.Test(t, func(t *testing.T) { // the waits in between
		if _, err := c.RegistrationToken(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
	want := []string{
		"POST " + route + " 502", "again: unreachable", "POST " + route + " 0", "again: unreachable", "POST " + route + " 201",
	}
	if !slices.Equal(told, want) {
		t.Errorf("told of %q, want %q", told, want)
	}
}
