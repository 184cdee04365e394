package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/runner-init/runner-init/internal/doctor"
	"github.com/runner-init/runner-init/internal/need"
	"github.com/runner-init/runner-init/internal/sim/ecs"
	"github.com/runner-init/runner-init/internal/sim/github"
)

const statePath = "/task-protection/v1/state"

// The two wishes that the agent may hear.
const (
	wishProtected = `{"ProtectionEnabled":true,"ExpiresInMinutes":60}`
	wishReleased  = `{"ProtectionEnabled":false}`
)

// agents answer at the address that ECS's have, each for a task: there is one port for all tests.
var agents sync.Map

// delay is how long anything of ours may wait for the agent; leeway is for a machine that has more to do.
const delay, leeway = 2 * time.Second, time.Second

// told is when the log has said something, with a value where there is a key.
func (b *box) told(t *testing.T, message string, keyAndValue ...string) time.Time {
	t.Helper()
	for line := range strings.Lines(b.stderr.String()) {
		var record map[string]any
		if json.Unmarshal([]byte(line), &record) != nil || record["msg"] != message || len(keyAndValue) > 0 && record[keyAndValue[0]] != keyAndValue[1] {
			continue
		}
		if at, err := time.Parse(time.RFC3339Nano, fmt.Sprint(record["time"])); err == nil {
			return at
		}
	}
	t.Fatalf("no record %q, %q:\n%s", message, keyAndValue, b.stderr.String())
	return time.Time{}
}

// newAgent puts an ECS agent where it belongs, or on the loopback, and returns the variables of a container of its task.
func newAgent(t *testing.T, task ecs.Task) (agent *ecs.Agent, environ []string) {
	t.Helper()
	agent = ecs.NewAgent(task)
	url := "http://" + need.AgentAddress + "/" + task.ID()
	if need.Isolated() {
		agents.Store(task.ID(), agent)
	} else {
		server := httptest.NewServer(agent)
		t.Cleanup(func() { server.CloseClientConnections(); server.Close() })
		url = server.URL
	}
	return agent, []string{"ECS_CONTAINER_METADATA_URI_V4=" + url + ecs.MetadataPath, "ECS_AGENT_URI=" + url + ecs.AgentPath}
}

func askAgent(w http.ResponseWriter, r *http.Request) {
	task, _, _ := strings.Cut(r.URL.Path[1:], "/")
	agent, there := agents.Load(task)
	if !there {
		http.NotFound(w, r)
		return
	}
	http.StripPrefix("/"+task, agent.(*ecs.Agent)).ServeHTTP(w, r)
}

// What ECS is to a container, at the address that it really has, in a network that has nothing else.
func TestECS(t *testing.T) {
	t.Parallel()
	if !need.Isolate(t) {
		return
	}
	need.ServeAt(t, need.AgentAddress, http.HandlerFunc(askAgent))
	for name, test := range map[string]func(*testing.T){
		"protection": protectTask, "answers": answerProtection, "RUNNER_PROTECT": varyProtect,
		"place": findTask, "no place": findNoTask, "a stop": stopWhileLocating, "spot": takeBackSpotTask,
	} {
		t.Run(name, test)
	}
}

// awaitAgent waits for something to hold of the agent.
func awaitAgent(t *testing.T, agent *ecs.Agent, holds func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), testTime)
	defer cancel()
	if err := agent.Await(ctx, holds); err != nil {
		t.Fatal(err)
	}
}

// A task is protected while its job runs and not before, and released, however the runner ends.
func protectTask(t *testing.T) {
	for _, test := range []struct {
		name    string
		environ []string
		end     func(t *testing.T, b *box)
		code    int
	}{
		{"a job", nil, nil, 0},
		{"without credentials", []string{"RUNNER_DROP_CREDENTIALS=true", "RUNNER_PROTECT=always"}, nil, 0},
		{"stopped", nil, func(_ *testing.T, b *box) { b.signal(syscall.SIGTERM) }, 0},
		{"recovered", nil, func(t *testing.T, b *box) { kill(t, b.supervisor()) }, 70},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := newHub(t)
			agent, environ := newAgent(t, ecs.FargateTask())
			b := open(t, h, newRoot(t), usual(slices.Concat(environ, test.environ)...))
			h.listening(t, b)
			if early := agent.Wishes(); len(early) > 0 {
				t.Errorf("without a job the agent was sent %q", early)
			}
			job := h.job("echo working; sleep 1")
			working(t, job)
			awaitAgent(t, agent, func() bool { return !agent.Protected().IsZero() })
			if test.end != nil {
				test.end(t, b)
			}
			b.expectExit(test.code)
			expectResult(t, job, github.Succeeded)
			h.expectEmpty(t)
			wishes := agent.Wishes()
			if wishes = slices.Compact(wishes); !slices.Equal(wishes, []string{wishProtected, wishReleased}) || !agent.Protected().IsZero() {
				t.Errorf("the agent was sent %q", wishes)
			}
		})
	}
}

// Whatever the agent answers, the job runs and the runner ends, two seconds later at most; what will not change is asked
// once, and said once.
func answerProtection(t *testing.T) {
	for name, answer := range ecs.Answers() {
		t.Run(name, func(t *testing.T) {
			h := newHub(t)
			agent, environ := newAgent(t, ecs.FargateTask())
			agent.Answer(statePath, answer)
			job := h.job("echo working")
			b := open(t, h, newRoot(t), usual(environ...))
			b.expectExit(0)
			expectResult(t, job, github.Succeeded)
			h.expectEmpty(t)
			if late := b.told(t, "exited").Sub(b.told(t, "phase changed", "phase", "exited")); late > delay+leeway {
				t.Errorf("the end took %s", late)
			}
			said := b.stderr.String()
			if len(agent.Wishes()) == 0 || !strings.Contains(said, "scale-in") && !strings.Contains(said, "lasts until it expires") {
				t.Errorf("the agent was sent %q, and we say\n%s", agent.Wishes(), said)
			}
		})
	}
}

// Nobody is asked where that is off; who insists is told of a refusal as of an error, and gets its job done all the same.
func varyProtect(t *testing.T) {
	refused := ecs.Answers()["no task role"]
	for value, want := range map[string]struct {
		wishes int
		level  string
	}{"off": {0, ""}, "auto": {1, "WARN"}, "always": {1, "ERROR"}} {
		t.Run(value, func(t *testing.T) {
			h := newHub(t)
			agent, environ := newAgent(t, ecs.FargateTask())
			agent.Answer(statePath, refused)
			job := h.job("true")
			b := open(t, h, newRoot(t), usual(append(environ, "RUNNER_PROTECT="+value)...))
			b.expectExit(0)
			expectResult(t, job, github.Succeeded)
			if got := len(agent.Wishes()); got != want.wishes {
				t.Errorf("%d wishes, want %d", got, want.wishes)
			}
			if said := strings.Contains(b.stderr.String(), `"level":"`+want.level+`","msg":"jobs are not protected from scale-in"`); said != (want.wishes > 0) {
				t.Errorf("we say\n%s", b.stderr.String())
			}
		})
	}
}

// The task is in the runner's name and in every record of the log; in the labels only where that is asked for.
func findTask(t *testing.T) {
	task := ecs.FargateTask()
	id := task.ID()
	for _, test := range []struct {
		environ  []string
		name     string
		platform bool // labels
		code     int
	}{
		{nil, "github-runner-" + id + "-", false, 0},
		{[]string{"RUNNER_PLATFORM_LABELS=true", "RUNNER_LABELS=gpu,ECS", "RUNNER_NAME=exact"}, "exact", true, 0},
		{[]string{"RUNNER_PLATFORM_LABELS=true", "RUNNER_REGISTRATION=token", "RUNNER_NAME_PREFIX=p"}, "p-" + id + "-", true, 0},
		{[]string{"RUNNER_PLATFORM_LABELS=true", "RUNNER_DROP_CREDENTIALS=true"}, "github-runner-" + id + "-", true, 75},
	} {
		t.Run(strings.Join(test.environ, " "), func(t *testing.T) {
			h := newHub(t)
			_, environ := newAgent(t, task)
			job := h.longJob()
			b := open(t, h, newRoot(t), usual(slices.Concat(environ, test.environ)...))
			working(t, job)
			for _, r := range h.Runners() {
				there := slices.ContainsFunc(r.Labels, func(l string) bool { return l == "eu-central-1a" })
				if !strings.HasPrefix(r.Name, test.name) || there != test.platform {
					t.Errorf("registered %q with %q", r.Name, r.Labels)
				}
			}
			b.signal(syscall.SIGTERM)
			b.expectExit(test.code)
			for line := range strings.Lines(b.stderr.String()) {
				if !strings.Contains(line, `"cluster":"runners","task":"`+id+`"`) {
					t.Errorf("a record without the task: %s", line)
				}
			}
			if !strings.Contains(b.stderr.String(), `"msg":"platform found","cluster":"runners","task":"`+id+`","platform":"ECS","family":"github-runner:7","service":"runners","launch":"FARGATE","region":"eu-central-1","zone":"eu-central-1a"}`) {
				t.Errorf("the log says\n%s", b.stderr.String())
			}
		})
	}
}

// An agent that answers nothing keeps a boot waiting for two seconds, and one that answers nonsense for nothing; then it goes
// on without.
func findNoTask(t *testing.T) {
	for _, name := range []string{"hang", "garbage", "server exception", "connection lost"} {
		t.Run(name, func(t *testing.T) {
			h := newHub(t)
			agent, environ := newAgent(t, ecs.FargateTask())
			agent.Answer("/task", ecs.Answers()[name])
			job := h.job("true")
			b := open(t, h, newRoot(t), usual(append(environ, "RUNNER_PLATFORM_LABELS=true")...))
			b.expectExit(0)
			expectResult(t, job, github.Succeeded)
			h.expectEmpty(t)
			const says = "the platform does not tell where we are"
			if n := strings.Count(b.stderr.String(), says); n != 1 {
				t.Errorf("said %d times:\n%s", n, b.stderr.String())
			}
			if late := b.told(t, says).Sub(agent.Journal()[0].At); late > delay+leeway || name == "hang" && late < delay-leeway {
				t.Errorf("the boot waited for %s", late)
			}
		})
	}
}

// A stop ends the wait for an agent that does not answer, and nothing follows it.
func stopWhileLocating(t *testing.T) {
	h := newHub(t)
	agent, environ := newAgent(t, ecs.FargateTask())
	agent.Answer("/task", ecs.Answers()["hang"])
	b := open(t, h, newRoot(t), usual(environ...))
	awaitAgent(t, agent, func() bool { return len(agent.Journal()) > 0 })
	b.signal(syscall.SIGTERM)
	b.expectExit(0)
	if len(h.Journal()) > 0 || strings.Contains(b.stderr.String(), "does not tell") || strings.Count(b.stderr.String(), "stop requested") != 1 {
		t.Errorf("GitHub was asked %d times; the log says\n%s", len(h.Journal()), b.stderr.String())
	}
}

// The doctor asks what a run would, and changes nothing.
func TestDoctorOnECS(t *testing.T) {
	for name, want := range map[string]struct {
		status doctor.Status
		says   string
	}{
		"":                  {doctor.OK, "a job can be protected from scale-in; it is protected now: false"},
		"no task role":      {doctor.Warn, "ecs:UpdateTaskProtection"},
		"not in a service":  {doctor.Warn, "TASK_NOT_VALID"},
		"too many requests": {doctor.Warn, "again and again"},
	} {
		task := ecs.FargateTask()
		agent, environ := newAgent(t, task)
		if name != "" {
			agent.Answer(statePath, ecs.Answers()[name])
		}
		p := newPatient(t.Context(), usual(append(environ, "RUNNER_PLATFORM_LABELS=true")...))
		found := p.checkPlatform(t.Context())
		if len(found) != 2 || found[0].Status != doctor.OK || !strings.Contains(found[0].Text, "ECS, cluster runners, task "+task.ID()) {
			t.Fatalf("%s: got %+v", name, found)
		}
		if f := found[1]; f.Status != want.status || !strings.Contains(f.Text+f.Hint, want.says) {
			t.Errorf("%s: got %+v", name, f)
		}
		if labels := p.checkLabels()[0].Text; !strings.Contains(labels, "fargate") {
			t.Errorf("labels: %s", labels)
		}
		if len(agent.Wishes()) > 0 {
			t.Errorf("%s: the agent was sent %q", name, agent.Wishes())
		}
	}
}
