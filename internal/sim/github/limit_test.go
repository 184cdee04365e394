package github_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/runner-init/runner-init/internal/sim/github"
)

// The documented limits: 80 requests a minute that create something, 900 points a minute.
func TestRateLimits(t *testing.T) {
	for name, test := range map[string]struct {
		method, path string
		most         int
	}{
		"creating": {"POST", "/orgs/acme/actions/runners/registration-token", 80},
		"deleting": {"DELETE", "/orgs/acme/actions/runners/7", 180},
		"reading":  {"GET", "/orgs/acme/actions/runners", 900},
	} {
		synctest.Test(t, func(t *testing.T) {
			h := newHub(t, github.Options{RateLimits: true})
			for n := range test.most {
				if r := h.as("Bearer "+pat, test.method, test.path, nil); r.status == 403 {
					t.Fatalf("%s: request %d is one too many", name, n+1)
				}
			}
			r := h.as("Bearer "+pat, test.method, test.path, nil)
			if r.status != 403 || r.header.Get("Retry-After") != "60" {
				t.Errorf("%s: got %d", name, r.status)
			}
			time.Sleep(time.Minute)
			if r := h.as("Bearer "+pat, test.method, test.path, nil); r.status == 403 {
				t.Errorf("%s: still limited after a minute", name)
			}
		})
	}
}
