package ecs

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/runner-init/runner-init/internal/platform"
)

// lease is for how long protection is asked for: long enough to be renewed in peace, short enough not to keep a task that
// cannot release it any more. ECS grants up to 48 hours.
const lease = time.Hour

// Guard asks for task scale-in protection
// (https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-scale-in-protection-endpoint.html). It belongs to the
// task: a container that releases it releases it for all containers of the task, until another one asks again.
type Guard struct{ Agent *Agent }

var _ platform.Guard = Guard{}

// Protect asks for protection for an hour from now.
func (g Guard) Protect(ctx context.Context) (time.Duration, error) {
	return lease, g.put(ctx, true, fmt.Sprintf(`{"ProtectionEnabled":true,"ExpiresInMinutes":%d}`, lease/time.Minute))
}

// Release gives it up.
func (g Guard) Release(ctx context.Context) error {
	return g.put(ctx, false, `{"ProtectionEnabled":false}`)
}

func (g Guard) put(ctx context.Context, on bool, body string) error {
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
func (g Guard) Protected(ctx context.Context) (bool, error) {
	status, answer, err := g.Agent.ask(ctx, http.MethodGet, g.state(), "")
	if err != nil {
		return false, err
	}
	return judge(status, answer)
}

func (g Guard) state() string {
	return strings.TrimSuffix(g.Agent.URI, "/") + "/task-protection/v1/state"
}
