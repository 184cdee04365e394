package ecs

import (
	"cmp"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strings"

	"github.com/runner-init/runner-init/internal/platform"
)

// answer is what the agent says of a task's protection: one of the three. It passes the answers of ECS on
// (aws/amazon-ecs-agent, ecs-agent/tmds/handlers/taskprotection).
type answer struct {
	Protection *struct{ ProtectionEnabled bool }
	Failure    *struct{ Reason, Detail string }
	Error      *struct{ Code, Message string }
}

// Hints of what a refusal takes to be another answer.
const (
	roleHint    = "give the task a task role that allows ecs:UpdateTaskProtection, and ecs:GetTaskProtection for doctor; RUNNER_PROTECT=off does without"
	serviceHint = "ECS scales only the tasks of services in, and protects no others; RUNNER_PROTECT=off does without"
	agentHint   = "update the ECS agent to 1.65 or later; RUNNER_PROTECT=off does without"
)

// judge reads an answer. The body decides, not the status: a failure comes with status 200, and a throttled request with
// 400. What another attempt may change is an ordinary error, and what it will not is a refusal.
func judge(status int, body []byte) (protected bool, err error) {
	var a answer
	known := json.Unmarshal(body, &a) == nil
	switch {
	case known && a.Failure != nil:
		return false, failure(a.Failure.Reason, a.Failure.Detail)
	case known && a.Error != nil:
		return false, failed(status, a.Error.Code, a.Error.Message)
	case known && a.Protection != nil && status == http.StatusOK:
		return a.Protection.ProtectionEnabled, nil
	}
	err = fmt.Errorf("the ECS agent answers %d, and says %q", status, platform.Short(string(body)))
	switch status {
	case http.StatusForbidden:
		return false, &platform.Refusal{Err: err, Level: slog.LevelWarn, Hint: roleHint}
	case http.StatusNotFound: // of an agent that does not know the path
		return false, &platform.Refusal{Err: err, Level: slog.LevelWarn, Hint: agentHint}
	}
	return false, err
}

// failure is what ECS says of a task, in an answer that is otherwise well. A deployment that is blocked by too many
// protected tasks may be over the next time.
func failure(reason, detail string) error {
	err := fmt.Errorf("ECS does not protect this task: %s", words(reason, detail))
	if reason == "TASK_NOT_VALID" {
		return &platform.Refusal{Err: err, Level: slog.LevelInfo, Hint: serviceHint}
	}
	return err
}

// failed is an error of the agent's, or one of ECS that it passes on.
func failed(status int, code, message string) error {
	err := fmt.Errorf("the ECS agent refuses: %s (status %d)", words(code, message), status)
	switch code {
	case "AccessDeniedException":
		return &platform.Refusal{Err: err, Level: slog.LevelWarn, Hint: roleHint}
	case "InvalidParameterException", "UnsupportedFeatureException":
		return &platform.Refusal{Err: err, Level: slog.LevelWarn, Hint: "RUNNER_PROTECT=off does without"}
	}
	return err
}

// words are a code and what is said about it, as far as there is any.
func words(code, detail string) string {
	return strings.TrimSuffix(cmp.Or(platform.Short(code), "no reason given")+": "+platform.Short(detail), ": ")
}
