package github_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/runner-init/runner-init/internal/sim/github"
)

func TestCredentials(t *testing.T) {
	const repo, org, enterprise = "repos/acme/widgets", "orgs/acme", "enterprises/acme"
	classic, fine := github.Classic, github.FineGrained
	for _, test := range []struct {
		name       string
		credential *github.Credential
		owner      string
		method     string
		status     int
		says       string
		header     string // that the answer must have
	}{
		{"repo", classic("repo"), repo, "POST", 201, "", "X-Oauth-Scopes"},
		{"org", classic("admin:org"), org, "POST", 201, "", "X-Accepted-Oauth-Scopes"},
		{"enterprise", classic("manage_runners:enterprise"), enterprise, "POST", 201, "", "X-Oauth-Scopes"},
		{"repo scope for an org", classic("repo"), org, "POST", 403, "admin rights", "X-Accepted-Oauth-Scopes"},
		{"no scope", classic(), repo, "POST", 403, "Must have admin rights to Repository.", "X-Oauth-Scopes"},
		{"org scope for an enterprise", classic("admin:org"), enterprise, "POST", 403, "admin rights", ""},
		{"sees another repo only", classic("repo").Only("repos/acme/other"), repo, "POST", 404, "Not Found", ""},
		{"sees this repo", classic("repo").Only("repos/ACME/widgets"), repo, "POST", 201, "", ""},
		{"fine-grained", fine("administration:write"), repo, "POST", 201, "", "X-Accepted-Github-Permissions"},
		{"fine-grained, org", fine("organization_self_hosted_runners:write"), org, "POST", 201, "", ""},
		{"fine-grained, read", fine("administration:read"), repo, "GET", 200, "", ""},
		{"fine-grained, read but write", fine("administration:read"), repo, "POST", 403, "Resource not accessible by personal access token", "X-Accepted-Github-Permissions"},
		{"fine-grained, enterprise", fine("administration:write"), enterprise, "POST", 403, "Resource not accessible", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := newHub(t, github.Options{})
			h.AddPAT("another-pat-for-tests", test.credential.Named("it"))
			path := "/" + test.owner + "/actions/runners"
			if test.method == "POST" {
				path += "/registration-token"
			}
			r := h.as("Bearer another-pat-for-tests", test.method, path, nil)
			if r.status != test.status || !strings.Contains(r.body, test.says) {
				t.Errorf("%d %s, want %d with %q", r.status, r.body, test.status, test.says)
			}
			if _, ok := r.header[test.header]; test.header != "" && !ok {
				t.Errorf("no header %s in %v", test.header, r.header)
			}
		})
	}
}

func TestBadCredentials(t *testing.T) {
	h := newHub(t, github.Options{})
	h.AddPAT("revoked-pat-for-tests", github.Classic("repo"))
	h.RevokePAT("revoked-pat-for-tests")
	for header, says := range map[string]string{
		"":                             "Requires authentication",
		"Bearer nobody":                "Bad credentials",
		"token nobody":                 "Bad credentials",
		"Bearer revoked-pat-for-tests": "Bad credentials",
		"Basic !":                      "Bad credentials",
	} {
		r := h.as(header, "GET", "/orgs/acme/actions/runners", nil)
		if r.status != 401 || !strings.Contains(r.body, says) {
			t.Errorf("%q: %d %s, want 401 %s", header, r.status, r.body, says)
		}
	}
	if r := h.as("Bearer "+pat, "GET", "/orgs/acme/no/such/thing", nil); r.status != 404 {
		t.Errorf("unknown endpoint: %d", r.status)
	}
}

func TestPages(t *testing.T) {
	h := newHub(t, github.Options{})
	for i := range 5 {
		h.jit("orgs/acme", fmt.Sprintf("r%d", i))
	}
	var names []string
	for path := "/orgs/acme/actions/runners?per_page=2"; path != ""; {
		r := h.ask(200, "GET", path, nil)
		var page struct {
			Total   int `json:"total_count"`
			Runners []struct{ Name string }
		}
		r.into(t, &page)
		if page.Total != 5 || len(page.Runners) > 2 {
			t.Errorf("page %s: %s", path, r.body)
		}
		for _, runner := range page.Runners {
			names = append(names, runner.Name)
		}
		path = next(r.header)
	}
	if want := []string{"r0", "r1", "r2", "r3", "r4"}; !slices.Equal(names, want) {
		t.Errorf("names %v, want %v", names, want)
	}
	if r := h.ask(200, "GET", "/orgs/acme/actions/runners?page=9", nil); !strings.Contains(r.body, `"runners":[]`) {
		t.Errorf("page after the last: %s", r.body)
	}
}

// next is the path of the next page.
func next(h http.Header) string {
	link, _, _ := strings.Cut(h.Get("Link"), ">")
	return strings.TrimPrefix(link, "<http://github.test")
}

func TestScopesDoNotSeeEachOther(t *testing.T) {
	h := newHub(t, github.Options{})
	a := h.jit("orgs/acme", "one")
	if r := h.as("Bearer "+pat, "DELETE", a.path("orgs/other"), nil); r.status != 404 {
		t.Errorf("deleted through another organization: %d", r.status)
	}
	h.jit("orgs/other", "one") // the name is free there
	if r := h.ask(200, "GET", "/orgs/other/actions/runners", nil); !strings.Contains(r.body, `"total_count":1`) {
		t.Errorf("list of the other organization: %s", r.body)
	}
	if n := len(h.Runners()); n != 2 {
		t.Errorf("%d runners, want 2", n)
	}
}

func TestJITConfigurationIsTheRunners(t *testing.T) {
	h := newHub(t, github.Options{})
	body := `{"name":"one","runner_group_id":1,"labels":["gpu"],"work_folder":"_there"}`
	var made struct {
		Config string `json:"encoded_jit_config"`
	}
	h.ask(201, "POST", "/api/v3/repos/acme/widgets/actions/runners/generate-jitconfig", body).into(t, &made)
	var settings map[string]any
	response{body: string(decodeJIT(t, made.Config)[".runner"])}.into(t, &settings)
	for key, want := range map[string]any{
		"AgentId": "1", "AgentName": "one", "Ephemeral": "True", "DisableUpdate": "True", "PoolName": nil, "UseV2Flow": "True",
		"WorkFolder": "_there", "ServerUrl": "http://github.test/broker/1/", "ServerUrlV2": "http://github.test/broker/1/",
	} {
		if settings[key] != want {
			t.Errorf("%s is %v, want %v", key, settings[key], want)
		}
	}
	if secrets := h.Secrets(); !slices.Contains(secrets, made.Config) || !slices.Contains(secrets, pat) {
		t.Errorf("secrets miss the configuration or the PAT: %d of them", len(secrets))
	}
}

func TestTokensExpire(t *testing.T) {
	now := time.Now()
	h := newHub(t, github.Options{Now: func() time.Time { return now }})
	var made struct {
		Token   string
		Expires time.Time `json:"expires_at"`
	}
	h.ask(201, "POST", "/repos/acme/widgets/actions/runners/registration-token", nil).into(t, &made)
	if left := made.Expires.Sub(now); left < 59*time.Minute || left > time.Hour {
		t.Errorf("token lives %v, want an hour", left)
	}
	enrol := func(url, event string) int {
		body := map[string]string{"url": url, "runner_event": event}
		return h.as("RemoteAuth "+made.Token, "POST", "/actions/runner-registration", body).status
	}
	if got := enrol("http://github.test/acme/widgets", "register"); got != 200 {
		t.Errorf("live token: %d", got)
	}
	if got := enrol("http://github.test/acme/other", "register"); got != 404 {
		t.Errorf("token of another repository: %d", got)
	}
	now = now.Add(time.Hour)
	if got := enrol("http://github.test/acme/widgets", "register"); got != 404 {
		t.Errorf("expired token: %d", got)
	}
	h.ask(201, "POST", "/repos/acme/widgets/actions/runners/remove-token", nil).into(t, &made)
	if got := enrol("http://github.test/acme/widgets", "remove"); got != 200 {
		t.Errorf("remove-token for remove: %d", got)
	}
	if got := enrol("http://github.test/acme/widgets", "register"); got != 404 {
		t.Errorf("remove-token for register: %d", got)
	}
	var seen []string
	for _, e := range h.Journal() {
		seen = append(seen, e.Credential)
	}
	want := []string{"classic all", "registration-token", "registration-token", "registration-token", "classic all", "remove-token", "remove-token"}
	if !slices.Equal(seen, want) {
		t.Errorf("credentials %q, want %q", seen, want)
	}
}
