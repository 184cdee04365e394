package ecs_test

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/runner-init/runner-init/internal/platform"
	"github.com/runner-init/runner-init/internal/platform/ecs"
	sim "github.com/runner-init/runner-init/internal/sim/ecs"
)

const statePath = "/task-protection/v1/state"

// serve puts a simulated agent on the loopback, and returns it with ours that talks to it.
func serve(t *testing.T, task sim.Task) (*sim.Agent, *ecs.Agent) {
	t.Helper()
	agent := sim.NewAgent(task)
	server := httptest.NewServer(agent)
	t.Cleanup(func() { server.CloseClientConnections(); server.Close() })
	return agent, &ecs.Agent{Metadata: server.URL + sim.MetadataPath, URI: server.URL + sim.AgentPath}
}

// What is asked for is what the agent then has.
func TestProtectAndRelease(t *testing.T) {
	task := sim.FargateTask()
	agent, ours := serve(t, task)
	guard := &ecs.Guard{Agent: ours, Task: task.ID()}
	check := func(want bool) {
		t.Helper()
		if got, err := guard.Protected(t.Context()); got != want || err != nil || agent.Protected().IsZero() == want {
			t.Errorf("protected: %v, %v; want %v", got, err, want)
		}
	}
	check(false)
	lease, err := guard.Protect(t.Context())
	if until := time.Until(agent.Protected()); err != nil || lease != time.Hour || until > time.Hour || until < 59*time.Minute {
		t.Errorf("got %s, %v; the agent protects for %s", lease, err, until)
	}
	check(true)
	if err := guard.Release(t.Context()); err != nil {
		t.Error(err)
	}
	check(false)
	want := []string{`{"ProtectionEnabled":true,"ExpiresInMinutes":60}`, `{"ProtectionEnabled":false}`}
	if got := agent.Wishes(); !slices.Equal(got, want) {
		t.Errorf("the agent was sent %q", got)
	}
}

// Every answer that the agent has is understood by its body: what will not change is a refusal, with what to do, and all
// else is worth another attempt.
func TestEveryAnswer(t *testing.T) {
	const again = slog.Level(99)
	want := map[string]struct {
		level slog.Level
		says  string
	}{
		"not in a service":      {slog.LevelInfo, "TASK_NOT_VALID"},
		"deployment blocked":    {again, "DEPLOYMENT_BLOCKED: the deployment waits"},
		"task missing":          {again, "MISSING"},
		"invalid parameter":     {slog.LevelWarn, "InvalidParameterException: UpdateTaskProtection"},
		"no task role":          {slog.LevelWarn, "AccessDeniedException"},
		"task not found":        {again, "ResourceNotFoundException"},
		"no such path":          {slog.LevelWarn, `404, and says "404 page not found"`},
		"too many requests":     {again, "maximum request limit"},
		"server exception":      {again, "ServerException"},
		"timeout":               {again, "RequestCanceled"},
		"denied by ECS":         {slog.LevelWarn, "not authorized to perform"},
		"throttled by ECS":      {again, "ThrottlingException: Rate exceeded (status 400)"},
		"unsupported":           {slog.LevelWarn, "UnsupportedFeatureException"},
		"hang":                  {again, "does not answer"},
		"connection lost":       {again, "breaks off"},
		"garbage":               {again, "200, and says"},
		"nothing":               {again, `200, and says ""`},
		"another object":        {again, "else"},
		"null":                  {again, "null"},
		"a number":              {again, "7"},
		"protected but it says": {again, "protection true, and answers that it is false"},
		"forbidden, no reason":  {slog.LevelWarn, "403"},
		"protected, status 500": {again, "500, and says"},
		"without an end":        {again, "200, and says"},
		"a redirection":         {again, "302"},
		"very much":             {again, "…"},
	}
	answers := sim.Answers()
	if known := slices.Sorted(maps.Keys(want)); !slices.Equal(known, slices.Sorted(maps.Keys(answers))) {
		t.Fatalf("answers without an expectation: %q", slices.Sorted(maps.Keys(answers)))
	}
	for name, answer := range answers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			agent, ours := serve(t, sim.FargateTask())
			agent.Answer(statePath, answer)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if answer.Hang {
				go func() {
					agent.Await(ctx, func() bool { return len(agent.Journal()) > 0 })
					cancel()
				}()
			}
			_, err := (&ecs.Guard{Agent: ours, Task: t.Name()}).Protect(ctx)
			c := want[name]
			refusal, refused := errors.AsType[*platform.Refusal](err)
			if err == nil || !strings.Contains(err.Error(), c.says) || refused != (c.level != again) || len(err.Error()) > 600 {
				t.Fatalf("got %v, a refusal: %t; want %q", err, refused, c.says)
			}
			if refused && (refusal.Level != c.level || refusal.Hint == "") {
				t.Errorf("got level %s, hint %q", refusal.Level, refusal.Hint)
			}
			if strings.ContainsAny(err.Error(), "\n\x00") {
				t.Errorf("not one line of text: %q", err)
			}
		})
	}
}

// Nobody listens, and an address that is none.
func TestNoAgent(t *testing.T) {
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	for _, at := range []string{"http://" + closed.Addr().String(), "://", "http://[::1", ""} {
		a := &ecs.Agent{Metadata: at, URI: at}
		if _, err := (&ecs.Guard{Agent: a, Task: "1"}).Protect(t.Context()); err == nil {
			t.Errorf("%q: protected", at)
		}
		if _, err := a.Facts(t.Context()); err == nil {
			t.Errorf("%q: facts", at)
		}
	}
}

// inProcess answers requests without a network, for virtual time.
type inProcess struct{ http.Handler }

func (p inProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	p.ServeHTTP(w, r)
	return w.Result(), nil
}

// A job of two days is protected at every moment of it, whatever the agent answers now and then, and not a minute longer.
func TestProtectedAllAlong(t *testing.T) {
	for name, troubles := range map[string][]string{
		"no trouble": nil,
		"trouble":    {"server exception", "timeout", "too many requests", "throttled by ECS", "deployment blocked", "garbage", "task not found"},
	} {
		var answers []sim.Answer
		for known := sim.Answers(); len(answers) < len(troubles); {
			answers = append(answers, known[troubles[len(answers)]])
		}
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				task := sim.FargateTask()
				agent := sim.NewAgent(task)
				guard := &ecs.Guard{Agent: &ecs.Agent{URI: "http://agent" + sim.AgentPath, Transport: inProcess{agent}}, Task: task.ID()}
				p := platform.NewProtection(guard, slog.New(slog.DiscardHandler), false)
				p.JobStarted()
				synctest.Wait()
				for began := time.Now(); time.Since(began) < 48*time.Hour; time.Sleep(time.Minute) {
					if left := time.Until(agent.Protected()); left <= 0 {
						t.Fatalf("after %s the task is not protected", time.Since(began))
					}
					if minutes := int(time.Since(began) / time.Minute); troubles != nil && minutes%100 < 10 {
						agent.Answer(statePath, answers...)
					} else {
						agent.Answer(statePath)
					}
				}
				agent.Answer(statePath)
				p.JobEnded()
				p.Wait(t.Context())
				if !agent.Protected().IsZero() {
					t.Error("the task is protected after the job")
				}
				if n := len(agent.Wishes()); n > 48*3+10*48 {
					t.Errorf("%d requests", n)
				}
			})
		})
	}
}
