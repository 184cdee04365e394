package registration

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"

	"github.com/runner-init/runner-init/internal/sim/github"
)

func TestVerdicts(t *testing.T) {
	for name, c := range map[string]struct {
		steps   []step
		verdict Verdict
		reason  Reason
	}{
		"204":                        {[]step{answer(204, "")}, Gone, ""},
		"404":                        {[]step{answer(404, "{}")}, Absent, ""},
		"422":                        {[]step{answer(422, "{}")}, Busy, ""},
		"502 and it was carried out": {[]step{answer(502, ""), answer(404, "")}, Absent, ""},
		"502 and a job came":         {[]step{answer(502, ""), answer(422, "")}, Busy, ""},
		"401":                        {[]step{answer(401, "")}, "", Unauthorized},
		"403":                        {[]step{answer(403, "")}, "", Forbidden},
		"409":                        {[]step{answer(409, "")}, "", Conflict},
		"202":                        {[]step{answer(202, "")}, "", Invalid},
		"a page instead":             {[]step{answer(301, "", "Location: https://api.test/")}, "", Moved},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				github := &script{steps: c.steps}
				got, err := newClient(t, github).Delete(t.Context(), 7)
				if got != c.verdict {
					t.Errorf("got verdict %q, %v, want %q", got, err, c.verdict)
				}
				if (err != nil) != (c.reason != "") || err != nil && failure(t, err).Reason != c.reason {
					t.Errorf("got %v, want reason %q", err, c.reason)
				}
				if want := "DELETE /orgs/acme/actions/runners/7"; github.requests[0] != want {
					t.Errorf("got request %s, want %s", github.requests[0], want)
				}
			})
		})
	}
}

func TestGet(t *testing.T) {
	for _, test := range []struct {
		status int
		body   string
		want   Runner
	}{
		{200, `{"id":7,"name":"r","status":"online","busy":true}`, Runner{ID: 7, Name: "r", Online: true, Busy: true}},
		{200, `{"id":7,"name":"r","status":"offline","busy":false}`, Runner{ID: 7, Name: "r"}},
		{404, "{}", Runner{}},
		{403, "{}", Runner{}},
	} {
		got, found, err := newClient(t, &script{steps: []step{answer(test.status, test.body)}}).Get(t.Context(), 7)
		if got != test.want || found != (test.want.ID != 0) || (err != nil) != (test.status == 403) {
			t.Errorf("%d: got %+v, %v, %v, want %+v", test.status, got, found, err, test.want)
		}
	}
}

// A server that does not know the name filter answers with everybody, page by page.
func TestFindPages(t *testing.T) {
	page := func(names string, link ...string) step {
		return answer(200, `{"total_count":3,"runners":[`+names+`]}`, link...)
	}
	next := `Link: <https://api.test/x?page=2>; rel="next"`
	s := &script{steps: []step{page(`{"id":1,"name":"a"},{"id":2,"name":"R"}`, next), page(`{"id":3,"name":"r"}`)}}
	if got, found, err := newClient(t, s).Find(t.Context(), "r"); got != (Runner{ID: 3, Name: "r"}) || !found || err != nil {
		t.Errorf("got %+v, %v, %v", got, found, err)
	}
	s = &script{steps: []step{page(`{"id":1,"name":"a"}`, next)}} // and always another page
	if got, found, err := newClient(t, s).Find(t.Context(), "r"); found || err != nil || len(s.requests) != 2 {
		t.Errorf("got %+v, %v, %v after %d requests", got, found, err, len(s.requests))
	}
}

// The life of registrations at every kind of scope, with and without a path before GitHub's own.
func TestLifeAtEveryScope(t *testing.T) {
	everywhere(t, plain)
	t.Run("App", func(t *testing.T) { throughApps(t, plain) })
}

// plain serves as it is, not held to GitHub's description.
func plain(_ *testing.T, server http.Handler) http.Handler { return server }

func everywhere(t *testing.T, around func(*testing.T, http.Handler) http.Handler) {
	for _, scope := range []Scope{
		{Kind: Repository, Owner: "acme", Repo: "widgets"}, acme, {Kind: Enterprise, Owner: "corp"},
	} {
		for _, below := range []string{"", "/api/v3"} {
			t.Run(string(scope.Kind)+below, func(t *testing.T) {
				server := github.New(github.Options{})
				server.AddPAT(canary, github.Classic("repo", "admin:org", "manage_runners:enterprise"))
				at := httptest.NewServer(around(t, server))
				defer at.Close()
				live(t, server, newClient(t, nil, func(o *Options) { o.API, o.Scope = at.URL+below, scope }))
			})
		}
	}
}

// throughApps is the same life by the tokens of Apps, whose installation is found in every way.
func throughApps(t *testing.T, around func(*testing.T, http.Handler) http.Handler) {
	for name, c := range map[string]struct {
		scope   Scope
		account string
		login   string
	}{
		"repository of an organization": {widgets, "orgs/acme", ""},
		"repository of a user":          {widgets, "users/acme", ""},
		"organization":                  {acme, "orgs/acme", ""},
		"by another login":              {acme, "orgs/acme", "corp"},
	} {
		t.Run(name, func(t *testing.T) {
			server := github.New(github.Options{})
			bot(server)
			server.Install(github.Installation{Account: c.account, Permissions: atAcme.Permissions})
			if c.login != "" { // an enterprise's installation is listed, but cannot see the organization
				server.Install(github.Installation{Account: "enterprises/corp", Permissions: atAcme.Permissions})
				client := appClient(t, github.RoundTripper(around(t, server)), c.scope, func(s *AppSettings) { s.Login = c.login })
				_, err := client.RegistrationToken(t.Context())
				if e := failure(t, err); e.Reason != NotFound {
					t.Errorf("got %v", err)
				}
				return
			}
			live(t, server, appClient(t, github.RoundTripper(around(t, server)), c.scope))
		})
	}
}

func live(t *testing.T, server *github.Server, c *Client) {
	ctx, in := t.Context(), wanted
	in.WorkFolder = "_elsewhere"
	if c.scope.Kind != Repository {
		in.Group = "Default"
	}
	for name, mint := range map[string]func(context.Context) (string, error){"registration": c.RegistrationToken, "remove": c.RemoveToken} {
		if token, err := mint(ctx); token == "" || err != nil {
			t.Errorf("%s token: got %q, %v", name, token, err)
		}
	}
	r, encoded, err := c.JIT(ctx, in)
	if err != nil || encoded == "" {
		t.Fatal(err)
	}
	if found, ok, err := c.Find(ctx, r.Name); found != r || !ok || err != nil {
		t.Errorf("found %+v, %v, %v, want %+v", found, ok, err, r)
	}
	if _, ok, err := c.Find(ctx, "another"); ok || err != nil {
		t.Errorf("found another: %v, %v", ok, err)
	}
	for _, want := range []struct {
		standing bool
		verdict  Verdict
	}{{true, Gone}, {false, Absent}} {
		if _, standing, err := c.Get(ctx, r.ID); standing != want.standing || err != nil {
			t.Errorf("standing %v, %v, want %v", standing, err, want.standing)
		}
		if verdict, err := c.Delete(ctx, r.ID); verdict != want.verdict || err != nil {
			t.Errorf("got verdict %q, %v, want %q", verdict, err, want.verdict)
		}
	}
	if left := server.Runners(); len(left) != 0 {
		t.Errorf("left behind: %+v", left)
	}
}
