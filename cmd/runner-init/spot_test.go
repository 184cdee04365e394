package main

import (
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/runner-init/runner-init/internal/config"
	"github.com/runner-init/runner-init/internal/sim/ecs"
	"github.com/runner-init/runner-init/internal/sim/github"
)

// newInstance puts the metadata service of an EC2 instance on the loopback, and returns the variables that lead there.
func newInstance(t *testing.T, lifeCycle string) (*ecs.Instance, []string) {
	t.Helper()
	i := ecs.NewInstance(lifeCycle)
	server := httptest.NewServer(i)
	t.Cleanup(func() { server.CloseClientConnections(); server.Close() })
	return i, []string{"AWS_EC2_METADATA_SERVICE_ENDPOINT=" + server.URL, "AWS_EXECUTION_ENV=AWS_ECS_EC2"}
}

// Two minutes' notice is a stop with that deadline, even where the grace period is longer; a job that does not fit is
// reported as cancelled, and nothing is left.
func TestSpotInterruption(t *testing.T) {
	h := newHub(t)
	i, environ := newInstance(t, "spot")
	job := h.longJob()
	b := open(t, h, newRoot(t), usual(append(environ, "RUNNER_STOP_TIMEOUT=1h")...))
	working(t, job)
	b.said("watching for spot notices")
	end := time.Now().Add(12 * time.Second).Truncate(time.Second)
	i.Interrupt("terminate", end)
	b.expectExit(0)
	if late := time.Since(end); late > 0 {
		t.Errorf("over %s after the end", late)
	}
	expectResult(t, job, github.Failed)
	h.expectEmpty(t)
	if !strings.Contains(b.stderr.String(), `"the spot instance is taken back","action":"terminate","by":"`) {
		t.Errorf("the log says\n%s", b.stderr.String())
	}
}

// A recommendation to move elsewhere ends a runner without a job, and lets one with a job finish it.
func TestSpotRebalance(t *testing.T) {
	for _, busy := range []bool{false, true} {
		t.Run(fmt.Sprint("busy ", busy), func(t *testing.T) {
			h := newHub(t)
			i, environ := newInstance(t, "spot")
			b := open(t, h, newRoot(t), usual(append(environ, "RUNNER_STOP_TIMEOUT=1h")...))
			h.listening(t, b)
			b.said("watching for spot notices")
			var job *github.JobRun
			over := filepath.Join(t.TempDir(), "over")
			if busy {
				job = h.job("echo working; until test -e " + over + "; do sleep 0.05; done")
				working(t, job)
			}
			i.Rebalance(time.Now())
			b.said("likely to be taken back")
			if busy {
				b.said(`"phase":"draining"`)
				if err := os.WriteFile(over, nil, 0o644); err != nil {
					t.Fatal(err)
				}
				expectResult(t, job, github.Succeeded)
			}
			b.expectExit(0)
			h.expectEmpty(t)
		})
	}
}

// One that starts although the instance is being taken back leaves nothing, and takes no job.
func TestSpotInterruptedBefore(t *testing.T) {
	h := newHub(t)
	i, environ := newInstance(t, "spot")
	i.Interrupt("stop", time.Now().Add(time.Minute))
	b := open(t, h, newRoot(t), usual(environ...))
	b.expectExit(0)
	h.expectEmpty(t)
}

// Where there is nothing to watch for, a runner does its job, and asks nobody, or once.
func TestNoSpot(t *testing.T) {
	for name, c := range map[string]struct {
		lifeCycle string
		environ   []string
		far       bool
		asked     []string
	}{
		"on Fargate":              {"spot", []string{"AWS_EXECUTION_ENV=AWS_ECS_FARGATE", "RUNNER_SPOT=on"}, false, nil},
		"off":                     {"spot", []string{"RUNNER_SPOT=off"}, false, nil},
		"metadata disabled":       {"spot", []string{"AWS_EC2_METADATA_DISABLED=true"}, false, nil},
		"on demand":               {"on-demand", nil, false, []string{"token", "instance-life-cycle"}},
		"no answer by hop limit":  {"spot", nil, true, []string{"token"}},
		"and credentials dropped": {"spot", []string{"AWS_EXECUTION_ENV=AWS_ECS_FARGATE", "RUNNER_SPOT=on", "RUNNER_DROP_CREDENTIALS=true", "RUNNER_PASS_ENV=only:HOME"}, false, nil},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHub(t)
			i, environ := newInstance(t, c.lifeCycle)
			if c.far {
				i.BeyondHops()
			}
			job := h.job("echo working; sleep 1.5")
			b := open(t, h, newRoot(t), usual(slices.Concat(environ, c.environ)...))
			b.expectExit(0)
			expectResult(t, job, github.Succeeded)
			h.expectEmpty(t)
			if got := i.Journal(); !slices.Equal(got, c.asked) {
				t.Errorf("the metadata service was asked %q, want %q", got, c.asked)
			}
		})
	}
}

// Nobody is asked on a machine that does not say that it is EC2's, unless somebody says so for it.
func TestSpotMetadata(t *testing.T) {
	for name, c := range map[string]struct {
		spot    config.Spot
		environ []string
		file    string
		says    string
		asked   bool
	}{
		"another machine":      {config.SpotAuto, nil, "class/dmi/id/sys_vendor", "QEMU\n", false},
		"no firmware":          {config.SpotAuto, nil, "other", "", false},
		"Nitro":                {config.SpotAuto, nil, "class/dmi/id/sys_vendor", "Amazon EC2\n", true},
		"Xen":                  {config.SpotAuto, nil, "hypervisor/uuid", "EC2e1916-9099-7caf-fd21-012345abcdef\n", true},
		"told by ECS":          {config.SpotAuto, []string{"AWS_EXECUTION_ENV=AWS_ECS_EC2"}, "other", "", true},
		"told to":              {config.SpotOn, nil, "other", "", true},
		"told not to":          {config.SpotOff, []string{"AWS_EXECUTION_ENV=AWS_ECS_EC2"}, "class/dmi/id/sys_vendor", "Amazon EC2\n", false},
		"a microVM of Fargate": {config.SpotAuto, []string{"AWS_EXECUTION_ENV=AWS_ECS_FARGATE"}, "class/dmi/id/sys_vendor", "Amazon EC2\n", false},
	} {
		sys := t.TempDir()
		path := filepath.Join(sys, c.file)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(c.says), 0o644); err != nil {
			t.Fatal(err)
		}
		if m := spotMetadata(config.Config{Spot: c.spot}, c.environ, sys); (m != nil) != c.asked {
			t.Errorf("%s: got %+v", name, m)
		}
	}
}
