package registration

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/runner-init/runner-init/internal/sim/github"
)

// trouble is one column of the matrix: what goes wrong with a route, and what has to come of it. Its times are what the
// fault itself makes the call take.
type trouble struct {
	name        string
	faults      []github.Fault
	before      func(*github.Server) // instead of a fault
	reason      Reason               // empty: the call succeeds in the end
	least, most time.Duration
	requests    int // that reach the route; 0: as many as fit into the deadline, but more than one
}

const deadline = 2 * time.Minute

// troubles by the clock of a synctest bubble, which begins at 946684800.
func troubles() []trouble {
	limited := `{"message":"You have exceeded a secondary rate limit.","documentation_url":"https://docs.github.com/rest"}`
	primary := http.Header{"X-Ratelimit-Remaining": {"0"}, "X-Ratelimit-Reset": {"946684890"}}
	return []trouble{
		{name: "nothing", requests: 1},
		{name: "502 once", faults: []github.Fault{{Status: 502, Times: 1}}, most: time.Second, requests: 2},
		{name: "502 three times", faults: []github.Fault{{Status: 502, Times: 3}}, most: 7 * time.Second, requests: 4},
		{name: "502 for ever", faults: []github.Fault{{Status: 502}}, reason: Unreachable, least: deadline, most: deadline},
		{name: "429 with Retry-After", faults: []github.Fault{{Status: 429, Times: 1, Header: http.Header{"Retry-After": {"40"}}}}, least: 40 * time.Second, most: 50 * time.Second, requests: 2},
		{name: "secondary limit", faults: []github.Fault{{Status: 403, Times: 1, Body: limited}}, least: time.Minute, most: 75 * time.Second, requests: 2},
		{name: "secondary limit with Retry-After", faults: []github.Fault{{Status: 403, Times: 1, Body: limited, Header: http.Header{"Retry-After": {"8"}}}}, least: 8 * time.Second, most: 10 * time.Second, requests: 2},
		{name: "secondary limit for ever", faults: []github.Fault{{Status: 403, Body: limited}}, reason: Throttled, least: deadline, most: deadline, requests: 2},
		{name: "primary limit", faults: []github.Fault{{Status: 403, Times: 1, Header: primary}}, least: 90 * time.Second, most: 113 * time.Second, requests: 2},
		{name: "reset", faults: []github.Fault{{Drop: true, Times: 1}}, most: time.Second, requests: 2},
		{name: "reset for ever", faults: []github.Fault{{Drop: true}}, reason: Unreachable, least: deadline, most: deadline},
		{name: "hang", faults: []github.Fault{{Hang: true, Times: 1}}, least: 15 * time.Second, most: 16 * time.Second, requests: 2},
		{name: "hang for ever", faults: []github.Fault{{Hang: true}}, reason: Unreachable, least: deadline, most: deadline + 3*time.Second},
		{name: "garbage", faults: []github.Fault{{Status: 200, Body: "<html>welcome to the hotel", Times: 1}}, most: time.Second, requests: 2},
		{name: "garbage for ever", faults: []github.Fault{{Status: 200, Body: "<html>"}}, reason: Unreachable, least: deadline, most: deadline},
		{name: "done, but 502", faults: []github.Fault{{Status: 502, Times: 1, After: true}}, most: 3 * time.Second},
		{name: "done, but reset", faults: []github.Fault{{Drop: true, Times: 1, After: true}}, most: 3 * time.Second},
		{name: "done, but slow", faults: []github.Fault{{Hang: true, Times: 1, After: true}}, least: 15 * time.Second, most: 18 * time.Second},
		{name: "done, but 502 for ever", faults: []github.Fault{{Status: 502, After: true}}, reason: Unreachable, least: deadline, most: deadline},
		{name: "expired token", before: func(s *github.Server) { s.RevokePAT(canary) }, reason: Unauthorized, requests: 1},
		{name: "wrong scope", before: func(s *github.Server) { s.AddPAT(canary, github.Classic("gist")) }, reason: Forbidden, requests: 1},
		{name: "out of sight", before: func(s *github.Server) { s.AddPAT(canary, github.Classic("admin:org").Only("orgs/other")) }, reason: NotFound, requests: 1},
		{name: "422", faults: []github.Fault{{Status: 422}}, reason: Invalid, requests: 1},
	}
}

// row is one row of the matrix: a call, and the route that the trouble is with.
type row struct {
	name, method, route string
	call                func(context.Context, *Client, int64) error
	// meant are the reasons that are answers to this call, not errors.
	meant map[Reason]bool
	// twice: done and done again is another outcome than done once.
	twice bool
	// app: asked with a GitHub App, whose troubles these are.
	app bool
}

func rows() []row {
	asError := func(verdict Verdict, err error) error {
		if err == nil && verdict == Busy {
			return &Error{Reason: Invalid}
		}
		return err
	}
	const runners = "/…/actions/runners"
	return []row{
		{name: "registration token", method: "POST", route: runners + "/registration-token", call: func(ctx context.Context, c *Client, _ int64) error {
			_, err := c.RegistrationToken(ctx)
			return err
		}},
		{name: "remove token", method: "POST", route: runners + "/remove-token", call: func(ctx context.Context, c *Client, _ int64) error {
			_, err := c.RemoveToken(ctx)
			return err
		}},
		{name: "JIT", method: "POST", route: generate, twice: true, call: func(ctx context.Context, c *Client, _ int64) error {
			_, _, err := c.JIT(ctx, JITRequest{Name: "new", Labels: []string{"a"}})
			return err
		}},
		{name: "installation token", method: "POST", route: mintRoute, app: true, call: func(ctx context.Context, c *Client, _ int64) error {
			_, err := c.RegistrationToken(ctx)
			return err
		}},
		{name: "installation", method: "GET", route: "/orgs/{org}/installation", app: true, call: func(ctx context.Context, c *Client, _ int64) error {
			_, err := c.RegistrationToken(ctx)
			return err
		}},
		{name: "group", method: "GET", route: "/…/actions/runner-groups", call: func(ctx context.Context, c *Client, _ int64) error {
			_, err := c.Group(ctx, "default")
			return err
		}},
		{name: "find", method: "GET", route: runners, call: func(ctx context.Context, c *Client, _ int64) error {
			_, _, err := c.Find(ctx, "old")
			return err
		}},
		{name: "look up", method: "GET", route: runners + "/{runner_id}", meant: map[Reason]bool{NotFound: true}, call: func(ctx context.Context, c *Client, id int64) error {
			_, _, err := c.Get(ctx, id)
			return err
		}},
		{name: "delete", method: "DELETE", route: runners + "/{runner_id}", meant: map[Reason]bool{NotFound: true}, call: func(ctx context.Context, c *Client, id int64) error {
			return asError(c.Delete(ctx, id))
		}},
	}
}

// Every route with every trouble: the right end, after the right time, with the right number of requests, and exactly the
// registrations that the answer speaks of.
func TestFaultMatrix(t *testing.T) {
	for _, r := range rows() {
		for _, w := range troubles() {
			if r.app && w.before != nil { // see TestPermissionMistakes
				continue
			}
			t.Run(r.name+"/"+w.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { meet(t, r, w) })
			})
		}
	}
}

func meet(t *testing.T, r row, w trouble) {
	server, client := simulated(t)
	if r.app {
		bot(server)
		server.Install(atAcme)
		client = appClient(t, github.RoundTripper(server), acme)
	}
	old := server.AddRunner("orgs/acme", "old", false)
	for _, f := range w.faults {
		f.Method, f.Route = r.method, r.route
		if f.Status == 200 && r.name == "delete" {
			f.Status = 500 // its success has no body
		}
		server.Fault(f)
	}
	if w.before != nil {
		w.before(server)
	}
	ctx, cancel := contextFor(t, deadline)
	defer cancel()
	begun := time.Now()
	err := r.call(ctx, client, old)
	took := time.Since(begun)
	reason := w.reason
	if r.meant[reason] {
		reason = ""
	}
	if r.name == "installation token" && reason == Invalid {
		reason = Forbidden // it is how GitHub refuses a permission there
	}
	if got := reasonOf(err); got != reason {
		t.Errorf("got %q: %v, want %q", got, err, reason)
	}
	if most := w.most + slack(r, w); took < w.least || took > most {
		t.Errorf("took %v, want %v to %v", took, w.least, most)
	}
	requests := 0
	for _, e := range server.Journal() {
		if e.Matches(r.method, r.route) {
			requests++
		}
	}
	if w.requests > 0 && requests != w.requests || w.requests == 0 && requests < 2 {
		t.Errorf("%d requests, want %d", requests, w.requests)
	}
	if got, want := names(server), standing(r, w, err); got != want {
		t.Errorf("registrations %s, want %s", got, want)
	}
}

// slack is the time in which JIT finds and removes what a lost answer left behind, also after the deadline.
func slack(r row, w trouble) time.Duration {
	if r.twice && w.reason == Unreachable {
		return 3 * time.Second
	}
	return 0
}

func reasonOf(err error) Reason {
	if err == nil {
		return ""
	}
	e, ok := err.(*Error)
	if !ok {
		return Reason(fmt.Sprint(err))
	}
	return e.Reason
}

// standing are the registrations that there should be in the end: the old one unless it was deleted, and the new one if
// that was made, once.
func standing(r row, w trouble, err error) string {
	switch {
	case r.name == "JIT" && err == nil:
		return "old new "
	case r.name == "delete" && (err == nil && w.reason == "" || w.name == "done, but 502 for ever"):
		return ""
	}
	return "old "
}

func names(s *github.Server) (all string) {
	for _, r := range s.Runners() {
		all += r.Name + " "
	}
	return all
}
