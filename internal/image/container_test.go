package image_test

import (
	"context"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/runner-init/runner-init/internal/sim/github"
)

const (
	pat   = "pat-for-tests-only"
	scope = "repos/acme/widgets"
)

// server is a simulated GitHub on a loopback port, which containers reach on the host's network.
type server struct {
	*github.Server
	url string
}

func serve(t *testing.T) *server {
	t.Helper()
	gh := github.New(github.Options{})
	gh.AddPAT(pat, github.Classic("repo"))
	s := httptest.NewServer(gh)
	t.Cleanup(func() {
		s.CloseClientConnections() // a poll may still be held
		s.Close()
	})
	return &server{gh, s.URL}
}

func (s *server) checkNoRunner(t *testing.T) {
	t.Helper()
	if left := s.Runners(); len(left) > 0 {
		t.Errorf("registrations left: %+v", left)
	}
}

// container is a started container. It is removed when the test ends, and its log shown if the test failed.
type container struct {
	t   *testing.T
	id  string
	ctx context.Context // the test's patience with it
}

func start(t *testing.T, gh *server, image string, options ...string) *container {
	t.Helper()
	return startWith(t, gh, image, options)
}

// startWith starts a container with arguments for its program.
func startWith(t *testing.T, gh *server, image string, options []string, arguments ...string) *container {
	t.Helper()
	args := []string{"run", "--detach", "--network=host",
		"--env=GITHUB_SERVER_URL=" + gh.url, "--env=GITHUB_API_URL=" + gh.url,
		"--env=GITHUB_TOKEN", // from the client's environment: a job on the host's PIDs can read the client's arguments
		"--env=RUNNER_REPO=acme/widgets"}
	id := docker(t, slices.Concat(args, options, []string{image}, arguments)...)
	return watch(t, id)
}

// patience is for all that a test does with a container; it is the end of a test that fails, also on a busy machine.
const patience = 2 * time.Minute

// watch takes over a container that was started.
func watch(t *testing.T, id string) *container {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(func() {
		cancel()
		if t.Failed() {
			log, _ := exec.Command("docker", "logs", "--timestamps", id).CombinedOutput()
			t.Logf("the container printed:\n%s", log)
		}
		if out, err := exec.Command("docker", "rm", "--force", "--volumes", id).CombinedOutput(); err != nil {
			t.Errorf("cannot remove container: %v: %s", err, out)
		}
	})
	return &container{t, id, ctx}
}

// stop stops the container as docker stop does, and fails the test if it took the whole grace period.
func (c *container) stop(grace time.Duration) {
	c.t.Helper()
	began := time.Now()
	docker(c.t, "stop", "--time", strconv.Itoa(int(grace.Seconds())), c.id)
	if took := time.Since(began); took >= grace {
		c.t.Errorf("docker stop took %v of a grace period of %v", took, grace)
	}
}

// checkExit waits for the end of the container.
func (c *container) checkExit(want int) {
	c.t.Helper()
	if got := c.exit(); got != strconv.Itoa(want) {
		c.t.Errorf("exit code %s, want %d", got, want)
	}
}

// exit waits for the end of the container and returns its exit code.
func (c *container) exit() string {
	c.t.Helper()
	out, err := exec.CommandContext(c.ctx, "docker", "wait", c.id).CombinedOutput()
	if err != nil {
		c.t.Fatalf("the container does not end: %v %s", err, out)
	}
	return strings.TrimSpace(string(out))
}

// gate is a job that ends when the test wants it to: a file, in a directory that the container sees too.
type gate struct {
	t   *testing.T
	dir string
}

func newGate(t *testing.T) gate { return gate{t, t.TempDir()} }

func (g gate) options() []string { return []string{"--volume=" + g.dir + ":/gate:ro"} }

// command gives up after 30 s, so that a test that fails does not leave a job behind.
func (g gate) command() string {
	return `i=0; while [ ! -e /gate/open ]; do i=$((i+1)); [ $i -lt 300 ] || exit 1; sleep 0.1; done`
}

func (g gate) open() {
	if err := os.WriteFile(filepath.Join(g.dir, "open"), nil, 0o644); err != nil {
		g.t.Error(err)
	}
}

// docker runs the client and returns what it prints.
func docker(t *testing.T, args ...string) string {
	t.Helper()
	var stderr strings.Builder
	cmd := exec.CommandContext(t.Context(), "docker", args...)
	cmd.Env = append(os.Environ(), "GITHUB_TOKEN="+pat)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("docker %s: %v\n%s", strings.Join(args, " "), err, stderr.String())
	}
	return strings.TrimSpace(string(out))
}
