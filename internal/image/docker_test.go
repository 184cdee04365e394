package image_test

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/runner-init/runner-init/internal/sim/github"
)

const socket = "/var/run/docker.sock"

// mounted gives a container the socket of the engine that runs it.
var mounted = "--volume=" + socket + ":" + socket

// testSocket has jobs use the engine that runs their container: as root's guests, whose user joins the group of the socket,
// and as a user that the engine has put there.
func testSocket(t *testing.T, made images) {
	info, err := os.Stat(socket)
	if err != nil {
		t.Fatal(err) // the engine answered a moment ago
	}
	gid := info.Sys().(*syscall.Stat_t).Gid
	for name, options := range map[string][]string{
		"joined": {mounted},
		"given":  {mounted, "--user=1001:1001", fmt.Sprintf("--group-add=%d", gid)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			gh := serve(t)
			job := gh.Queue(github.Job{Name: "build", Scope: scope, Labels: []string{"self-hosted"}, Run: `echo "uid=$(id -u)"; docker version`})
			c := start(t, gh, made.docker, options...)
			if got := job.Wait(c.ctx); got != github.Succeeded {
				t.Errorf("job %q, want %q", got, github.Succeeded)
			}
			if log := job.Log(); !strings.Contains(log, "uid=1001\n") || !strings.Contains(log, "the daemon answers 200") {
				t.Errorf("the job printed:\n%s", log)
			}
			c.checkExit(0)
		})
	}
	t.Run("refused", func(t *testing.T) {
		t.Parallel()
		checkDoctor(t, made.docker, []string{mounted, "--user=1001:1001"}, fmt.Sprintf("--group-add %d,", gid))
	})
	t.Run("examined", func(t *testing.T) {
		t.Parallel()
		checkDoctor(t, made.docker, []string{mounted}, "a daemon answers at "+socket)
	})
	t.Run("none", func(t *testing.T) {
		t.Parallel()
		checkDoctor(t, made.docker, nil, "none: there is no "+socket)
	})
}

// checkDoctor lets the program examine the container, and wants it to say this.
func checkDoctor(t *testing.T, image string, options []string, want string) {
	t.Helper()
	gh := serve(t)
	c := startWith(t, gh, image, options, "doctor")
	c.exit()
	if got := docker(t, "logs", c.id); !strings.Contains(got, want) {
		t.Errorf("doctor says:\n%s\nwant %q", got, want)
	}
}
