package main

import (
	"net"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/runner-init/runner-init/internal/need"
	"github.com/runner-init/runner-init/internal/sim/ecs"
	"github.com/runner-init/runner-init/internal/sim/github"
)

// inNamespace marks the process of this test that has a network of its own.
const inNamespace = "RUNNER_INIT_TEST_IN_NAMESPACE"

// The ECS agent and the metadata service of EC2 at the addresses that they really have, in a network namespace that has
// nothing else, and with a proxy that reaches neither: a task on a spot instance, which is taken back while its job runs.
func TestLinkLocal(t *testing.T) {
	if os.Getenv(inNamespace) == "" {
		need.Root(t)
		need.Installed(t, "unshare")
		need.Installed(t, "ip")
		const setUp = `ip link set lo up && ip addr add 169.254.170.2/32 dev lo && ip addr add 169.254.169.254/32 dev lo && exec "$0" -test.run='^TestLinkLocal$' -test.v`
		c := exec.CommandContext(t.Context(), "unshare", "--net", "sh", "-c", setUp, os.Args[0])
		c.Env = append(os.Environ(), inNamespace+"=1")
		if out, err := c.CombinedOutput(); err != nil || !strings.Contains(string(out), "--- PASS: TestLinkLocal") {
			t.Errorf("in the namespace: %v\n%s", err, out)
		}
		return
	}
	h := newHub(t)
	task := ecs.FargateTask()
	agent, instance := ecs.NewAgent(task), ecs.NewInstance("spot")
	for host, handler := range map[string]http.Handler{"169.254.170.2": agent, "169.254.169.254": instance} {
		l, err := net.Listen("tcp", host+":80")
		if err != nil {
			t.Fatal(err)
		}
		server := &http.Server{Handler: handler, ReadHeaderTimeout: time.Minute}
		go server.Serve(l)
		defer server.Close()
	}
	job := h.longJob()
	b := open(t, h, newRoot(t), usual(
		"ECS_CONTAINER_METADATA_URI_V4=http://169.254.170.2"+ecs.MetadataPath, "ECS_AGENT_URI=http://169.254.170.2"+ecs.AgentPath,
		"AWS_EXECUTION_ENV=AWS_ECS_EC2", "HTTP_PROXY=http://127.0.0.1:1", "http_proxy=http://127.0.0.1:1", "RUNNER_PROTECT=always",
		"RUNNER_STOP_TIMEOUT=1h"))
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
