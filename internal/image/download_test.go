package image_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/runner-init/runner-init/internal/need"
)

// TestDownload looks at what the build fetches, for each architecture by GitHub's name of it, and that it unpacks nothing
// whose checksum it was not given.
func TestDownload(t *testing.T) {
	t.Parallel()
	need.Docker(t)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.URL.Path) }))
	defer s.Close()
	context := buildContext(t)
	args := []string{"build", "--network=host", "--build-arg=RUNNER_BASE_URL=" + s.URL, "--build-arg=RUNNER_VERSION=9.9.9",
		"--build-arg=BASE_IMAGE=" + importBase(t)}
	for target, path := range map[string]string{
		"download-amd64": "/v9.9.9/actions-runner-linux-x64-9.9.9.tar.gz",
		"download-arm64": "/v9.9.9/actions-runner-linux-arm64-9.9.9.tar.gz",
	} {
		image := unique("runner-init-test-" + target)
		runBuilder(t, image, append(args, "--target="+target, context)...)
		if got := bounded(t, "run", "--rm", "--network=none", image, "cat", "/runner.tar.gz"); got != path {
			t.Errorf("%s fetches %q, want %q", target, got, path)
		}
	}
	for _, sum := range []string{strings.Repeat("0", 64), ""} {
		cmd := exec.CommandContext(t.Context(), builder(), append(args, "--build-arg=RUNNER_SHA256="+sum, "--target=runner", context)...)
		cmd.Env = append(os.Environ(), "DOCKER_BUILDKIT=1")
		out, err := cmd.CombinedOutput()
		if err == nil || !strings.Contains(string(out), "cannot use runner 9.9.9: its SHA-256 is ") || !strings.Contains(string(out), "releases/tag/v9.9.9") {
			t.Errorf("with the checksum %q: %v\n%s", sum, err, out)
		}
	}
}
