package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/runner-init/runner-init/internal/sim/ecs"
	"github.com/runner-init/runner-init/internal/sim/github"
)

// sibling is a container of a task that has several, with a job that lasts until it is told.
type sibling struct {
	*box
	job  *github.JobRun
	over string // exists when the job may end
}

// openSiblings starts containers of one task. They have process and mount namespaces of their own, and share a network.
func openSiblings(t *testing.T, h *hub, names ...string) (*ecs.Agent, []sibling) {
	t.Helper()
	agent, environ := newAgent(t, ecs.FargateTask())
	var all []sibling
	for _, name := range names {
		over := filepath.Join(t.TempDir(), "over")
		b := open(t, h, newRoot(t), usual(slices.Concat(environ, []string{"RUNNER_LABELS=" + name})...))
		job := h.Queue(github.Job{Name: name, Scope: scope, Labels: []string{name}, Run: "echo working; until test -e " + over + "; do sleep 0.05; done"})
		all = append(all, sibling{b, job, over})
	}
	for _, s := range all {
		working(t, s.job)
		s.said("the job is protected")
	}
	return agent, all
}

// finish lets the job end, and waits for the end of its container.
func (s sibling) finish() {
	s.t.Helper()
	if err := os.WriteFile(s.over, nil, 0o644); err != nil {
		s.t.Fatal(err)
	}
	s.expectExit(0)
	expectResult(s.t, s.job, github.Succeeded)
}

// Protection belongs to the task: the runner whose job ends first leaves it to the other one, the last one gives it up. A
// runner of another task on the same network has no part in it.
func TestSiblingsShareProtection(t *testing.T) {
	h := newHub(t)
	agent, all := openSiblings(t, h, "first", "second")
	other, elsewhere := openSiblings(t, h, "elsewhere")
	elsewhere[0].finish()
	if !other.Protected().IsZero() {
		t.Errorf("the agent of another task was sent %q", other.Wishes())
	}
	all[0].finish()
	if agent.Protected().IsZero() || slices.Contains(agent.Wishes(), wishReleased) || !strings.Contains(all[0].stderr.String(), "the protection from scale-in stays") {
		t.Errorf("the agent was sent %q while a job ran", agent.Wishes())
	}
	all[1].finish()
	if !agent.Protected().IsZero() {
		t.Errorf("after both, the agent was sent %q", agent.Wishes())
	}
	h.expectEmpty(t)
}

// A container that is killed outright with its job keeps nobody from giving the protection up; one whose supervisor alone is
// killed does, because its job runs on.
func TestKilledSiblings(t *testing.T) {
	h := newHub(t)
	agent, all := openSiblings(t, h, "killed", "recovered", "last")
	kill(t, all[0].pid)
	<-all[0].ended
	kill(t, all[1].supervisor())
	all[1].eventually("a second wish of the recovered runner", func() bool { return strings.Count(all[1].stderr.String(), "the job is protected") == 2 })
	all[2].finish()
	if agent.Protected().IsZero() {
		t.Errorf("the agent was sent %q while a job ran", agent.Wishes())
	}
	if err := os.WriteFile(all[1].over, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	all[1].expectExit(70)
	if !agent.Protected().IsZero() {
		t.Errorf("after all of them, the agent was sent %q", agent.Wishes())
	}
}
