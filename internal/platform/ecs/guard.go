package ecs

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/runner-init/runner-init/internal/platform"
)

// lease is for how long protection is asked for: long enough to be renewed in peace, short enough not to keep a task that
// cannot release it any more. ECS grants up to 48 hours.
const lease = time.Hour

// Lengths around a wish to give the protection up, which the agent may carry out later than one that came after it. It waits
// for ECS for 4 s: after that a wish has come through, or never will.
const (
	underway = 5 * time.Second
	again    = 2 * underway // the lease that is told meanwhile, to be renewed after half of it
)

// Guard asks for task scale-in protection
// (https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-scale-in-protection-endpoint.html). It belongs to the
// task: so a runner gives it up only if no other runner of the task has a job, as far as it can see them.
type Guard struct {
	Agent *Agent
	// Task is the id of the task. Runners that do not know theirs take each other for siblings.
	Task string

	hide func() // that we want protection; nil if we do not
}

var _ platform.Guard = (*Guard)(nil)

// Protect asks for protection for an hour from now. The others are told first, so that none of them gives it up after that.
// One that was about to do so already, which may be ourselves, may undo what we ask for: then it has to be asked for again.
func (g *Guard) Protect(ctx context.Context) (time.Duration, error) {
	if g.hide == nil {
		g.hide = g.siblings().show(busy)
	}
	granted := lease
	if g.siblings().anyone(leaving) {
		granted = again
	}
	err := g.put(ctx, true, fmt.Sprintf(`{"ProtectionEnabled":true,"ExpiresInMinutes":%d}`, lease/time.Minute))
	if _, refused := errors.AsType[*platform.Refusal](err); refused {
		g.yield()
	}
	return granted, err
}

// Release gives it up, or leaves that to a runner of the task that has a job.
func (g *Guard) Release(ctx context.Context) error {
	g.yield()
	hide := g.siblings().show(leaving)
	if g.siblings().anyone(busy) {
		hide()
		return platform.ErrShared
	}
	err := g.put(ctx, false, `{"ProtectionEnabled":false}`)
	if err != nil {
		time.AfterFunc(underway, hide)
		return err
	}
	hide()
	return nil
}

// yield tells the others that we do not want protection any more.
func (g *Guard) yield() {
	if g.hide != nil {
		g.hide()
		g.hide = nil
	}
}

func (g *Guard) siblings() siblings { return siblings{task: g.Task} }

func (g *Guard) put(ctx context.Context, on bool, body string) error {
	status, answer, err := g.Agent.ask(ctx, http.MethodPut, g.state(), body)
	if err != nil {
		return err
	}
	now, err := judge(status, answer)
	if err == nil && now != on {
		return fmt.Errorf("the ECS agent was asked for protection %t, and answers that it is %t", on, now)
	}
	return err
}

// Protected asks whether the task is protected now, and changes nothing. Its error is what Protect would meet, too, as far
// as it can be known: reading is another permission.
func (g *Guard) Protected(ctx context.Context) (bool, error) {
	status, answer, err := g.Agent.ask(ctx, http.MethodGet, g.state(), "")
	if err != nil {
		return false, err
	}
	return judge(status, answer)
}

func (g *Guard) state() string {
	return strings.TrimSuffix(g.Agent.URI, "/") + "/task-protection/v1/state"
}
