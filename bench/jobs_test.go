package bench

import (
	"context"
	"io"
	"testing"

	"github.com/runner-init/runner-init/internal/need"
	"github.com/runner-init/runner-init/internal/sim/github"
	"github.com/runner-init/runner-init/internal/sim/runner"
)

// jobs are what a runner that stays has done before it is looked at.
const jobs = 1000

// wornRunner starts a runner that stays and has it do its jobs, one after the other. Each leaves orphans for PID 1.
func wornRunner(b *testing.B, p programs) (c *container, pid1, supervisor int) {
	b.Helper()
	s, root := newSite(b), newRoot(b)
	if err := runner.Install(root, need.Program(b, "internal/sim/cmd/simrunner")); err != nil {
		b.Fatal(err)
	}
	c = p.start(b, append(s.environ(root), "RUNNER_EPHEMERAL=false"), p.worn, "run")
	c.await("Listening for Jobs")
	pid1, supervisor = c.both()      // before there are orphans
	go io.Copy(io.Discard, c.output) // until the container is gone
	ctx, cancel := context.WithTimeout(b.Context(), patience)
	defer cancel()
	for i := range jobs {
		job := s.github.Queue(github.Job{
			Name: "job", Scope: "repos/acme/widgets", Labels: []string{"self-hosted"},
			Run: "(sh -c 'unset RUNNER_TRACKING_ID; true & true &' > /dev/null 2>&1 &)",
		})
		if got := job.Wait(ctx); got != github.Succeeded {
			b.Fatalf("job %d ended as %q", i, got)
		}
	}
	return c, pid1, supervisor
}
