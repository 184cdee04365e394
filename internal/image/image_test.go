// Package image_test builds the container image from the Dockerfile and tries it with a real Docker engine: the program
// as it is shipped, a simulated runner in the place of the official one, a simulated GitHub on loopback. It does not pull
// anything and does not reach any network; the base image is a static busybox.
package image_test

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/runner-init/runner-init/internal/need"
	"github.com/runner-init/runner-init/internal/sim/github"
)

func TestMain(m *testing.M) {
	code := m.Run()
	need.RemovePrograms()
	os.Exit(code)
}

// The ways in which people start containers. Under --init and --pid=host runner-init is not PID 1. Docker's own init then
// keeps the environment of the container, the token included, for every process of its user to read, which nobody but
// root should be: hence --user=0.
var placements = map[string][]string{
	"pid 1":    nil,
	"init":     {"--init", "--user=0"},
	"host pid": {"--pid=host"},
	"root":     {"--user=0"},
}

func TestImage(t *testing.T) {
	need.Docker(t)
	image := build(t)
	t.Run("labels", func(t *testing.T) { testLabels(t, image) })
	for name, options := range placements {
		t.Run(name, func(t *testing.T) {
			for what, test := range map[string]func(*testing.T, string, []string){
				"job": testJob, "stop while idle": testStopIdle, "stop while busy": testStopBusy,
			} {
				t.Run(what, func(t *testing.T) {
					// One at a time where they see each other: a container that is just starting has not erased its
					// environment yet, and the jobs of all belong to the same user.
					if !slices.Contains(options, "--pid=host") {
						t.Parallel()
					}
					test(t, image, options)
				})
			}
		})
	}
}

func testLabels(t *testing.T, image string) {
	got := docker(t, "inspect", "--format", `{{index .Config.Labels "io.github.runner-init.runner-version"}} {{.Config.User}} {{.Config.Entrypoint}} {{.Config.Cmd}}`, image)
	if want := runnerVersion + " 1001:1001 [/usr/local/bin/runner-init] []"; got != want {
		t.Errorf("image says %q, want %q", got, want)
	}
}

// snoop is a job that shows who it is and everything it may read of any process's environment and arguments.
const snoop = `echo "uid=$(id -u) home=$HOME"; env; cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline 2>/dev/null | tr '\0' '\n'; echo snooped`

func testJob(t *testing.T, image string, options []string) {
	gh := serve(t)
	job := gh.Queue(github.Job{Name: "build", Scope: scope, Labels: []string{"self-hosted"}, Run: snoop})
	c := start(t, gh, image, options...)
	if got := job.Wait(c.ctx); got != github.Succeeded {
		t.Errorf("job %q, want %q", got, github.Succeeded)
	}
	c.checkExit(0)
	gh.checkNoRunner(t)

	checkSnoop(t, job.Log(), gh.Secrets())
}

func checkSnoop(t *testing.T, log string, secrets []string) {
	t.Helper()
	for _, want := range []string{"uid=1001 home=/home/runner\n", "LANG=C.UTF-8\n", "Runner.Listener\n", "snooped\n"} {
		if !strings.Contains(log, want) {
			t.Errorf("the job did not print %q, but:\n%s", want, log)
		}
	}
	for line := range strings.Lines(log) {
		if slices.ContainsFunc(secrets, func(s string) bool { return strings.Contains(line, s) }) {
			t.Errorf("the job found a secret in an environment or an argument list: %s", line)
		}
	}
}

func testStopIdle(t *testing.T, image string, options []string) {
	gh := serve(t)
	c := start(t, gh, image, options...)
	if _, err := gh.WaitRunner(c.ctx, "", github.Online); err != nil {
		t.Fatal(err)
	}
	// docker's own default, which is also what runner-init assumes when nobody tells it.
	c.stop(10 * time.Second)
	c.checkExit(0)
	gh.checkNoRunner(t)
}

// testStopBusy lets the job end only when the stop has been refused by GitHub, because a job is running.
func testStopBusy(t *testing.T, image string, options []string) {
	const grace = 20 * time.Second
	gh, gate := serve(t), newGate(t)
	job := gh.Queue(github.Job{Name: "build", Scope: scope, Labels: []string{"self-hosted"}, Run: gate.command()})
	c := start(t, gh, image, append(gate.options(), append([]string{"--env=RUNNER_STOP_TIMEOUT=20s"}, options...)...)...)
	if err := job.Reached(c.ctx, github.Running); err != nil {
		t.Fatal(err)
	}
	go func() {
		refused := func(e github.Entry) bool { return e.Method == "DELETE" && e.Status == 422 }
		if _, err := gh.WaitFor(c.ctx, refused); err == nil {
			gate.open()
		}
	}()
	c.stop(grace)
	if got := job.Wait(c.ctx); got != github.Succeeded {
		t.Errorf("job %q, want %q", got, github.Succeeded)
	}
	c.checkExit(0)
	gh.checkNoRunner(t)
}
