package image_test

import (
	"bufio"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/runner-init/runner-init/internal/sim/github"
)

// testHealth lets the engine ask, by the HEALTHCHECK of the image, only sooner.
func testHealth(t *testing.T, image string) {
	gh := serve(t)
	c := start(t, gh, image, "--health-interval=1s")
	if _, err := gh.WaitRunner(c.ctx, "", github.Online); err != nil {
		t.Fatal(err)
	}
	c.expectEvent("health_status: healthy")
	c.stop(10 * time.Second)
	c.checkExit(0)
}

// expectEvent waits until the engine has seen this happen to the container, if it has not yet.
func (c *container) expectEvent(want string) {
	c.t.Helper()
	cmd := exec.CommandContext(c.ctx, "docker", "events", "--since=0", "--filter=container="+c.id, "--format={{.Status}}")
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		c.t.Fatal(err)
	}
	defer cmd.Wait() //nolint:errcheck // it was killed
	defer cmd.Process.Kill()
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if lines.Text() == want {
			return
		}
	}
	c.t.Fatalf("the engine did not see %q", want)
}

// testRestart is docker restart: the same container, with what it has written, lives again.
func testRestart(t *testing.T, image string) {
	gh := serve(t)
	c := start(t, gh, image)
	first, err := gh.WaitRunner(c.ctx, "", github.Online)
	if err != nil {
		t.Fatal(err)
	}
	docker(t, "restart", "--time=10", c.id)
	c.checkSecondLife(gh, first.Name)
	gh.checkNoRunner(t)
}

// testKillAndStart is a container that is killed, which nobody can do anything about: its registration stays, and so do its
// files. The next life is not disturbed by them.
func testKillAndStart(t *testing.T, image string) {
	gh := serve(t)
	c := start(t, gh, image)
	first, err := gh.WaitRunner(c.ctx, "", github.Online)
	if err != nil {
		t.Fatal(err)
	}
	docker(t, "kill", c.id)
	c.checkExit(137)
	docker(t, "start", c.id)
	c.checkSecondLife(gh, first.Name)
	for _, r := range gh.Runners() {
		if r.Name != first.Name {
			t.Errorf("registration %q is left, want only that of the life that was killed, %q", r.Name, first.Name)
		}
	}
}

// checkSecondLife wants a job done by a runner that is not the first one.
func (c *container) checkSecondLife(gh *server, first string) {
	c.t.Helper()
	job := gh.Queue(github.Job{Name: "build", Scope: scope, Labels: []string{"self-hosted"}, Run: `echo "by $RUNNER_NAME"`})
	if got := job.Wait(c.ctx); got != github.Succeeded {
		c.t.Errorf("job %q, want %q", got, github.Succeeded)
	}
	if log := job.Log(); strings.Contains(log, first) {
		c.t.Errorf("the job was done by the runner of the first life, %q:\n%s", first, log)
	}
	c.checkExit(0)
}

// testRefusedForEver is a token that GitHub refuses under a policy that restarts the container at once, and for ever: each
// life costs one request, and is held for as long as it is told to, or else delayed by the engine, twice as long each time.
func testRefusedForEver(t *testing.T, image string) {
	for name, test := range map[string]struct {
		options  []string
		requests int
		least    time.Duration // for so many
	}{
		"held":               {[]string{"--env=RUNNER_FAILURE_HOLD=4s"}, 4, 3 * 3 * time.Second},
		"left to the engine": {nil, 7, (100 + 200 + 400 + 800 + 1600 + 3200) * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			gh := serve(t)
			gh.RevokePAT(pat)
			begin := time.Now()
			c := start(t, gh, image, append(test.options, "--restart=always")...)
			tick := time.NewTicker(10 * time.Millisecond)
			defer tick.Stop()
			for len(gh.Journal()) < test.requests {
				select {
				case <-tick.C:
				case <-c.ctx.Done():
					t.Fatalf("%d requests, want %d", len(gh.Journal()), test.requests)
				}
			}
			if took := time.Since(begin); took < test.least {
				t.Errorf("%d requests came within %v, want %v at least", test.requests, took, test.least)
			} else {
				t.Logf("%d requests in %v", test.requests, took)
			}
		})
	}
}

// testForkBomb has a job that takes every process that the container may have.
func testForkBomb(t *testing.T, image string) {
	gh := serve(t)
	job := gh.Queue(github.Job{Name: "bomb", Scope: scope, Labels: []string{"self-hosted"}, Run: "while :; do sleep 60 & done"})
	c := start(t, gh, image, "--pids-limit=80")
	if got := job.Wait(c.ctx); got != github.Failed {
		t.Errorf("job %q, want %q", got, github.Failed)
	}
	c.checkExit(0)
	gh.checkNoRunner(t)
}
