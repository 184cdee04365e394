package registration

import (
	"net/http"
	"testing"

	"github.com/runner-init/runner-init/internal/need"
	"github.com/runner-init/runner-init/internal/sim/github"
	"github.com/runner-init/runner-init/internal/sim/openapi"
)

// Every request of ours, and every answer it is tested with, is one that GitHub's own description of its API allows.
func TestContract(t *testing.T) {
	described := need.GitHubOpenAPI(t)
	held := func(t *testing.T, server http.Handler) http.Handler { return openapi.Middleware(t, described, server) }
	everywhere(t, held)
	t.Run("App", func(t *testing.T) { throughApps(t, held) })
	t.Run("Examine", func(t *testing.T) { examinations(t, held) })
	t.Run("LatestRunner", func(t *testing.T) { latestRunner(t, held) })
	t.Run("Reach", func(t *testing.T) {
		client := newClient(t, github.RoundTripper(held(t, github.New(github.Options{}))))
		if _, err := client.Reach(t.Context()); err != nil {
			t.Error(err)
		}
	})
}
