package main

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/runner-init/runner-init/internal/need"
	"github.com/runner-init/runner-init/internal/sim/ecs"
	"github.com/runner-init/runner-init/internal/sim/github"
)

// takeBackSpotTask is a task on a spot instance that is taken back while its job runs: the agent and the metadata service of
// EC2 at the addresses that they really have, and a proxy that reaches neither.
func takeBackSpotTask(t *testing.T) {
	h := newHub(t)
	task, instance := ecs.FargateTask(), ecs.NewInstance("spot")
	agent, environ := newAgent(t, task)
	need.ServeAt(t, need.MetadataAddress, instance)
	job := h.longJob()
	b := open(t, h, newRoot(t), usual(append(environ,
		"AWS_EXECUTION_ENV=AWS_ECS_EC2", "HTTP_PROXY=http://127.0.0.1:1", "http_proxy=http://127.0.0.1:1", "RUNNER_PROTECT=always",
		"RUNNER_STOP_TIMEOUT=1h")...))
	working(t, job)
	awaitAgent(t, agent, func() bool { return !agent.Protected().IsZero() })
	b.said("watching for spot notices")
	end := time.Now().Add(12 * time.Second).Truncate(time.Second)
	instance.Interrupt("terminate", end)
	b.expectExit(0)
	if late := time.Since(end); late > 0 {
		t.Errorf("over %s after the end", late)
	}
	expectResult(t, job, github.Failed)
	h.expectEmpty(t)
	if got := slices.Compact(agent.Wishes()); !slices.Equal(got, []string{wishProtected, wishReleased}) || !agent.Protected().IsZero() {
		t.Errorf("the agent was sent %q", got)
	}
	if !strings.HasPrefix(job.Runner(), "github-runner-"+task.ID()+"-") {
		t.Errorf("the runner is called %q", job.Runner())
	}
}
