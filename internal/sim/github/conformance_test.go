package github_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/runner-init/runner-init/internal/need"
	"github.com/runner-init/runner-init/internal/sim/github"
	"github.com/runner-init/runner-init/internal/sim/openapi"
)

// TestEndpoints walks over every endpoint in every scope, under GitHub's own description.
func TestEndpoints(t *testing.T) {
	spec := need.GitHubOpenAPI(t)
	for _, owner := range []string{"repos/acme/widgets", "orgs/acme", "enterprises/acme"} {
		for _, prefix := range []string{"", "/api/v3"} {
			t.Run(owner+prefix, func(t *testing.T) {
				h := newHub(t, github.Options{})
				h.client.Transport = github.RoundTripper(openapi.Middleware(t, spec, h.Server))
				walk(t, h, owner, prefix+"/"+owner+"/actions/")
			})
		}
	}
}

func walk(t *testing.T, h *hub, owner, base string) {
	group := h.AddGroup(owner, "builders")
	jit := func(name string, group int64, labels string) string {
		return fmt.Sprintf(`{"name":%q,"runner_group_id":%d,"labels":%s}`, name, group, labels)
	}
	many := "[" + strings.Repeat(`"x",`, 100) + `"y"]`
	busy := h.jit(owner, "busy")
	busy.open()
	h.Queue(github.Job{Name: "j", Scope: owner})
	busy.offered()
	h.jit(owner, "idle", "gpu") // id 2
	for _, test := range []struct {
		name, method, path, body string
		status                   int
		says                     string
	}{
		{"registration token", "POST", "runners/registration-token", "", 201, `"expires_at"`},
		{"remove token", "POST", "runners/remove-token", "", 201, `"token"`},
		{"list", "GET", "runners", "", 200, `"total_count":2`},
		{"list by name", "GET", "runners?name=IDLE", "", 200, `"total_count":1`},
		{"list nobody", "GET", "runners?name=nobody", "", 200, `"runners":[]`},
		{"get", "GET", "runners/2", "", 200, `"name":"idle"`},
		{"get busy", "GET", "runners/1", "", 200, `"busy":true`},
		{"get nobody", "GET", "runners/99", "", 404, "Not Found"},
		{"jit", "POST", "runners/generate-jitconfig", jit("three", 1, `["self-hosted","Linux"]`), 201, `"encoded_jit_config"`},
		{"jit in a group", "POST", "runners/generate-jitconfig", jit("four", group, `["a"]`), 201, `"id":4`},
		{"jit in no group", "POST", "runners/generate-jitconfig", jit("five", 77, `["a"]`), 404, "Not Found"},
		{"jit twice", "POST", "runners/generate-jitconfig", jit("THREE", 1, `["a"]`), 409, "already exists"},
		{"jit without labels", "POST", "runners/generate-jitconfig", jit("six", 1, `[]`), 422, "Labels"},
		{"jit with labels null", "POST", "runners/generate-jitconfig", jit("six", 1, `null`), 422, "nil is not an array"},
		{"jit with 101 labels", "POST", "runners/generate-jitconfig", jit("six", 1, many), 422, "Labels"},
		{"jit with a long label", "POST", "runners/generate-jitconfig", jit("six", 1, `["`+strings.Repeat("l", 257)+`"]`), 422, "256"},
		{"jit with a long name", "POST", "runners/generate-jitconfig", jit(strings.Repeat("n", 65), 1, `["a"]`), 422, "1 to 64"},
		{"jit without a name", "POST", "runners/generate-jitconfig", jit("", 1, `["a"]`), 422, "1 to 64"},
		{"jit of no JSON", "POST", "runners/generate-jitconfig", "{", 400, "Problems parsing JSON"},
		{"delete", "DELETE", "runners/2", "", 204, ""},
		{"delete again", "DELETE", "runners/2", "", 404, "Not Found"},
		{"delete busy", "DELETE", "runners/1", "", 422, "still running a job"},
		{"delete no number", "DELETE", "runners/x", "", 404, "Not Found"},
	} {
		r := h.as("Bearer "+pat, test.method, base+test.path, test.body)
		if r.status != test.status || !strings.Contains(r.body, test.says) {
			t.Errorf("%s: %d %s, want %d with %q", test.name, r.status, r.body, test.status, test.says)
		}
		if r.header.Get("X-GitHub-Request-Id") == "" || r.header.Get("X-RateLimit-Remaining") == "" {
			t.Errorf("%s: headers %v", test.name, r.header)
		}
	}
	groups := h.as("Bearer "+pat, "GET", base+"runner-groups", nil)
	if strings.HasPrefix(owner, "repos/") {
		if groups.status != http.StatusNotFound {
			t.Errorf("a repository has runner groups: %s", groups.body)
		}
	} else if groups.status != 200 || !strings.Contains(groups.body, `"name":"builders"`) {
		t.Errorf("groups: %d %s", groups.status, groups.body)
	}
}
