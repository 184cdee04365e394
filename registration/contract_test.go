package registration

import (
	"net/http"
	"testing"

	"github.com/runner-init/runner-init/internal/need"
	"github.com/runner-init/runner-init/internal/sim/openapi"
)

// Every request of ours, and every answer it is tested with, is one that GitHub's own description of its API allows.
func TestContract(t *testing.T) {
	described := need.GitHubOpenAPI(t)
	held := func(t *testing.T, server http.Handler) http.Handler { return openapi.Middleware(t, described, server) }
	everywhere(t, held)
	t.Run("App", func(t *testing.T) { throughApps(t, held) })
}
