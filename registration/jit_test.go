package registration

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/runner-init/runner-init/internal/sim/github"
)

const generate = "/…/actions/runners/generate-jitconfig"

// simulated is a GitHub that knows the tests' token, and a client of the organization acme there.
func simulated(t *testing.T, change ...func(*Options)) (*github.Server, *Client) {
	t.Helper()
	server := github.New(github.Options{})
	server.AddPAT(canary, github.Classic("repo", "admin:org", "manage_runners:enterprise"))
	return server, newClient(t, github.RoundTripper(server), change...)
}

var wanted = JITRequest{Name: "r-1", Labels: []string{"self-hosted", "Linux", "X64"}}

func TestJITIsOneRequest(t *testing.T) {
	server, c := simulated(t)
	r, encoded, err := c.JIT(t.Context(), wanted)
	if err != nil || r.ID == 0 || r.Name != "r-1" || encoded == "" {
		t.Fatalf("got %+v, %d bytes, %v", r, len(encoded), err)
	}
	if journal := server.Journal(); len(journal) != 1 {
		t.Errorf("got requests %+v, want one", journal)
	}
	if left := server.Runners(); len(left) != 1 || left[0].GroupID != 1 || len(left[0].Labels) != 3 {
		t.Errorf("got runners %+v", left)
	}
}

func TestJITInGroup(t *testing.T) {
	server, c := simulated(t)
	groups := []string{"Production"}
	for i := range 150 { // more than a page
		groups = append([]string{"g" + string(rune('a'+i%26)) + strings.Repeat("x", i/26)}, groups...)
	}
	id := server.AddGroup("orgs/acme", groups...)
	in := wanted
	in.Group = "production"
	if _, _, err := c.JIT(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	if left := server.Runners(); len(left) != 1 || left[0].GroupID != id {
		t.Errorf("got %+v, want it in group %d", left, id)
	}
	in.Name, in.Group = "r-2", "nowhere"
	_, _, err := c.JIT(t.Context(), in)
	if e := failure(t, err); e.Reason != NotFound || !strings.Contains(e.Error(), `cannot find runner group "nowhere" in organization "acme"`) || !strings.Contains(e.Error(), `"Default", `) {
		t.Errorf("got %v, hint %q", err, e.Hint)
	}
}

func TestJITRefusesUpFront(t *testing.T) {
	for name, r := range map[string]JITRequest{
		"no name":             {Labels: []string{"a"}},
		"no labels":           {Name: "r"},
		"101 labels":          {Name: "r", Labels: make([]string, 101)},
		"group at repository": {Name: "r", Labels: []string{"a"}, Group: "g"},
	} {
		server, c := simulated(t, func(o *Options) { o.Scope = Scope{Kind: Repository, Owner: "acme", Repo: "widgets"} })
		_, _, err := c.JIT(t.Context(), r)
		if e := failure(t, err); e.Reason != Invalid || len(server.Journal()) != 0 {
			t.Errorf("%s: got %v after %d requests", name, err, len(server.Journal()))
		}
	}
}

// Somebody else's runner of the same name is left alone: the caller picks another name.
func TestJITConflict(t *testing.T) {
	server, c := simulated(t)
	first, _, err := c.JIT(t.Context(), wanted)
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = c.JIT(t.Context(), wanted)
	if e := failure(t, err); e.Reason != Conflict || e.Uncertain {
		t.Errorf("got %v, uncertain %v", err, e.Uncertain)
	}
	if left := server.Runners(); len(left) != 1 || left[0].ID != first.ID {
		t.Errorf("got runners %+v, want the first", left)
	}
}

// GitHub registers the runner and the answer is lost, in every way an answer can be lost: the call still ends with one
// registration, the one whose configuration it returns.
func TestLostAnswer(t *testing.T) {
	for name, fault := range map[string]github.Fault{
		"502 after":     {Status: 502},
		"500 after":     {Status: 500},
		"broken":        {Drop: true},
		"hang":          {Hang: true},
		"garbage":       {Status: 201, Body: "<html>"},
		"cut short":     {Status: 201, Body: `{"runner":{"id":1,"na`},
		"lost twice":    {Status: 502, Times: 2},
		"502 before":    {Status: 502, Times: 3},
		"broken before": {Drop: true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server, c := simulated(t)
				fault.Method, fault.Route, fault.After = http.MethodPost, generate, !strings.HasSuffix(name, "before")
				fault.Times = max(fault.Times, 1)
				server.Fault(fault)
				r, encoded, err := c.JIT(t.Context(), wanted)
				if err != nil || encoded == "" {
					t.Fatalf("got %v", err)
				}
				if left := server.Runners(); len(left) != 1 || left[0].ID != r.ID {
					t.Errorf("got runners %+v, want only %+v", left, r)
				}
			})
		})
	}
}

// The answer is lost and the call ends, for whatever reason: nothing is left behind.
func TestLostAnswerAndNoMore(t *testing.T) {
	for name, c := range map[string]struct {
		faults []github.Fault
		stop   time.Duration
		reason Reason
	}{
		"cancelled while GitHub is silent": {[]github.Fault{{Hang: true, Times: 1}}, time.Second, Interrupted},
		"cancelled while trying again":     {[]github.Fault{{Status: 502, Times: 1, Header: http.Header{"Retry-After": {"60"}}}}, time.Second, Unreachable},
		"an answer without configuration":  {[]github.Fault{{Status: 201, Body: `{}`, Times: 1}}, time.Hour, Invalid},
		"an answer of another type":        {[]github.Fault{{Status: 201, Body: `{"runner":5}`, Times: 1}}, time.Hour, Invalid},
		"lost again and again":             {[]github.Fault{{Status: 502, Times: 1}, {Status: 502, Skip: 1, Times: 1}, {Status: 502, Skip: 2, Times: 1}}, time.Hour, Conflict},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server, client := simulated(t)
				for _, f := range c.faults {
					f.Method, f.Route, f.After = http.MethodPost, generate, true
					server.Fault(f)
				}
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				time.AfterFunc(c.stop, cancel)
				_, _, err := client.JIT(ctx, wanted)
				if e := failure(t, err); e.Reason != c.reason || e.Uncertain {
					t.Errorf("got %v, reason %q, uncertain %v", err, e.Reason, e.Uncertain)
				}
				if left := server.Runners(); len(left) != 0 {
					t.Errorf("left behind: %+v", left)
				}
			})
		})
	}
}

// What could not be found out is said, in bounded time.
func TestUncertain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, c := simulated(t)
		server.Fault(github.Fault{Method: http.MethodPost, Route: generate, After: true, Drop: true})
		server.Fault(github.Fault{Method: http.MethodGet, Hang: true})
		ctx, cancel := contextFor(t, time.Minute)
		defer cancel()
		begun := time.Now()
		_, _, err := c.JIT(ctx, wanted)
		if e := failure(t, err); !e.Uncertain || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, uncertain %v", err, e.Uncertain)
		}
		if over := time.Since(begun) - time.Minute; over > 6*time.Second {
			t.Errorf("returned %v after the end of the context", over)
		}
	})
}

// GitHub refuses to delete what the lost answer left behind: that is as uncertain as no answer.
func TestRefusedWithdrawalIsUncertain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, c := simulated(t)
		server.Fault(github.Fault{Method: http.MethodPost, Hang: true, After: true})
		server.Fault(github.Fault{Method: http.MethodDelete, Status: 422})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, _, err := c.JIT(ctx, wanted)
		if e := failure(t, err); !e.Uncertain || len(server.Runners()) != 1 {
			t.Errorf("got %v, uncertain %v, left %+v", err, e.Uncertain, server.Runners())
		}
	})
}

// A request that never reached GitHub leaves no doubt, and a conflict after it is a real one.
func TestUnsentIsNotLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, _ := simulated(t)
		taken := newClient(t, github.RoundTripper(server))
		if _, _, err := taken.JIT(t.Context(), wanted); err != nil {
			t.Fatal(err)
		}
		c := newClient(t, &script{steps: []step{refused, refused, github.RoundTripper(server).RoundTrip}})
		_, _, err := c.JIT(t.Context(), wanted)
		if e := failure(t, err); e.Reason != Conflict || len(server.Runners()) != 1 {
			t.Errorf("got %v, runners %+v", err, server.Runners())
		}
	})
}

// A lost answer and a conflict, but the runner of that name is at work: it was there before us.
func TestOnlineRunnerIsNotOurs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		listed := `{"total_count":1,"runners":[{"id":3,"name":"r-1","os":"Linux","status":"online","busy":false,"labels":[]}]}`
		s := &script{steps: []step{answer(502, ""), answer(409, "{}"), answer(200, listed)}}
		_, _, err := newClient(t, s).JIT(t.Context(), wanted)
		if e := failure(t, err); e.Reason != Conflict || e.Uncertain || len(s.requests) != 3 {
			t.Errorf("got %v after %q", err, s.requests)
		}
	})
}
