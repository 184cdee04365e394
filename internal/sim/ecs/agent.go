// Package ecs is a simulated ECS agent, as a container of a task sees it: task metadata in version 4, and task scale-in
// protection with every answer that is documented. Beside it stands the metadata service of an EC2 instance, as far as a
// spot instance is told there that it is taken back.
//
// It refuses to be ECS: there is one task, with one container, and nobody scales it in.
package ecs

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// Paths below which the agent answers; a container finds them in ECS_CONTAINER_METADATA_URI_V4 and ECS_AGENT_URI.
const (
	MetadataPath = "/v4/0123456789abcdef-container"
	AgentPath    = "/api/0123456789abcdef-container"
)

// Task is what the metadata tells.
type Task struct {
	Cluster, TaskARN, Family, Revision   string
	ServiceName                          string `json:",omitempty"`
	LaunchType, AvailabilityZone, VPCID  string `json:",omitempty"`
	DesiredStatus, KnownStatus, DockerID string `json:",omitempty"`
}

// FargateTask is a task of a service on Fargate, another one each time: runners of one task find one another by its id,
// also across tests.
func FargateTask() Task {
	id := make([]byte, 16)
	rand.Read(id)
	return Task{
		Cluster: "arn:aws:ecs:eu-central-1:123456789012:cluster/runners", TaskARN: "arn:aws:ecs:eu-central-1:123456789012:task/runners/" + hex.EncodeToString(id),
		Family: "github-runner", Revision: "7", ServiceName: "runners", LaunchType: "FARGATE", AvailabilityZone: "eu-central-1a",
		DesiredStatus: "RUNNING", KnownStatus: "RUNNING",
	}
}

// ID is the task's id.
func (t Task) ID() string { return t.TaskARN[strings.LastIndex(t.TaskARN, "/")+1:] }

// Entry is one request that came in.
type Entry struct {
	Method, Path string
	Body         string
	Status       int // 0 as long as there is no answer
	At           time.Time
}

// Agent is the agent. All methods are safe for concurrent use. Make it with NewAgent.
type Agent struct {
	mux *http.ServeMux

	mu      sync.Mutex
	task    Task
	journal []*Entry
	news    chan struct{} // closed and replaced at every change
	answers map[string][]Answer
	until   time.Time // protected
}

// NewAgent returns the agent of a task.
func NewAgent(t Task) *Agent {
	a := &Agent{mux: http.NewServeMux(), task: t, news: make(chan struct{}), answers: map[string][]Answer{}}
	a.mux.HandleFunc("GET "+MetadataPath, a.getContainer)
	a.mux.HandleFunc("GET "+MetadataPath+"/task", a.getTask)
	a.mux.HandleFunc(AgentPath+statePath, a.state)
	return a
}

// Answer has requests to a path that ends so answered otherwise, once each, in order; the last one for ever.
func (a *Agent) Answer(path string, answers ...Answer) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.answers[path] = answers
}

// ServeHTTP answers one request, and keeps it in the journal.
func (a *Agent) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	e := &Entry{Method: r.Method, Path: r.URL.Path, At: time.Now()}
	body := readAll(r)
	e.Body = body
	a.change(func() { a.journal = append(a.journal, e) })
	answer, other := a.next(r.URL.Path)
	recorded := &recorder{ResponseWriter: w}
	if other {
		answer.write(recorded, r)
	} else {
		r.Body = bodyOf(body)
		a.mux.ServeHTTP(recorded, r)
	}
	a.change(func() { e.Status = recorded.status })
}

func (a *Agent) next(path string) (Answer, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for end, answers := range a.answers {
		if strings.HasSuffix(path, end) && len(answers) > 0 {
			if len(answers) > 1 {
				a.answers[end] = answers[1:]
			}
			return answers[0], true
		}
	}
	return Answer{}, false
}

func (a *Agent) change(f func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	f()
	close(a.news)
	a.news = make(chan struct{})
}

// Journal returns what came in, in order.
func (a *Agent) Journal() []Entry {
	a.mu.Lock()
	defer a.mu.Unlock()
	entries := make([]Entry, len(a.journal))
	for i, e := range a.journal {
		entries[i] = *e
	}
	return entries
}

// Wishes are the bodies of all requests to protect the task, or not to, in order.
func (a *Agent) Wishes() (bodies []string) {
	for _, e := range a.Journal() {
		if e.Method == http.MethodPut {
			bodies = append(bodies, e.Body)
		}
	}
	return bodies
}

// Protected is until when the task is protected; zero if it is not.
func (a *Agent) Protected() time.Time {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.until
}

// Await waits for something to hold of the agent.
func (a *Agent) Await(ctx context.Context, holds func() bool) error {
	for {
		a.mu.Lock()
		news := a.news
		a.mu.Unlock()
		if holds() {
			return nil
		}
		select {
		case <-news:
		case <-ctx.Done():
			return fmt.Errorf("%w; the agent was asked %+v", ctx.Err(), slices.Clone(a.Journal()))
		}
	}
}

func (a *Agent) getTask(w http.ResponseWriter, _ *http.Request) { write(w, http.StatusOK, a.task) }

func (a *Agent) getContainer(w http.ResponseWriter, _ *http.Request) {
	write(w, http.StatusOK, map[string]any{"DockerId": a.task.DockerID, "Name": "runner", "Labels": map[string]string{"com.amazonaws.ecs.task-arn": a.task.TaskARN}})
}

func write(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(body)
}
