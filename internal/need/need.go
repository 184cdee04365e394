// Package need says what a test needs of the machine it runs on. Where the machine lacks it the test skips and says
// why; where RUNNER_INIT_TEST_NEED=all is set, as in CI, the test fails instead, so that no promise goes unchecked
// because a machine was poorer than expected. Only tests import it.
package need

import (
	"os"
	"os/exec"
	"testing"
)

// Missing ends the test: skipped on a developer's machine, failed where everything has to run.
func Missing(t testing.TB, reason string) {
	t.Helper()
	if os.Getenv("RUNNER_INIT_TEST_NEED") == "all" {
		t.Fatalf("RUNNER_INIT_TEST_NEED=all, but %s", reason)
	}
	t.Skip("skipped: " + reason)
}

// PIDNamespace needs the right to make a PID namespace with its own /proc, and util-linux's unshare to do so.
func PIDNamespace(t testing.TB) {
	t.Helper()
	if err := exec.Command("unshare", "--pid", "--fork", "--mount-proc", "true").Run(); err != nil {
		Missing(t, "this machine does not allow a new PID namespace (unshare --pid --fork --mount-proc): "+err.Error())
	}
}

// Root needs user id 0, for tests that drop to another user.
func Root(t testing.TB) {
	t.Helper()
	if os.Getuid() != 0 {
		Missing(t, "dropping to another user needs root")
	}
}

// Docker needs a Docker engine that answers.
func Docker(t testing.TB) {
	t.Helper()
	if out, err := exec.Command("docker", "version", "--format", "{{.Server.Version}}").CombinedOutput(); err != nil {
		Missing(t, "no Docker engine answers: "+string(out))
	}
}

// Installed needs a program of the machine on PATH, and returns where it is.
func Installed(t testing.TB, program string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		Missing(t, "there is no "+program+" on this machine")
	}
	return path
}

// GitHubOpenAPI returns the path of GitHub's own OpenAPI description of its API, named by GITHUB_OPENAPI. It is a file
// that no package brings along, so without it the test skips everywhere.
func GitHubOpenAPI(t testing.TB) string {
	t.Helper()
	path := os.Getenv("GITHUB_OPENAPI")
	if path == "" {
		t.Skip("skipped: GITHUB_OPENAPI does not name GitHub's OpenAPI description of its REST API")
	}
	return path
}
