package github

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Job is one job of a workflow, with one step.
type Job struct {
	Name   string
	Scope  string   // whose job it is: "repos/acme/widgets" or "orgs/acme"
	Labels []string // a runner needs all of them
	Run    string   // what the step runs in a shell
	Env    map[string]string
}

// State is how far a job has come.
type State string

const (
	Queued    State = "queued"
	Assigned  State = "assigned" // GitHub has chosen a runner, which may not know yet
	Running   State = "running"  // the runner has acquired it
	Completed State = "completed"
)

// Result is how a job ended, in the words of the runner's contract. Lost is ours: the runner stopped renewing its lock,
// for which GitHub fails the job with "lost communication".
type Result string

const (
	Succeeded Result = "Succeeded"
	Failed    Result = "Failed"
	Canceled  Result = "Canceled"
	Abandoned Result = "Abandoned"
	Lost      Result = "Lost"
)

// JobRun is a job on its way through the queue.
type JobRun struct {
	Job

	server       *Server
	id           string // all fields below are guarded by server.mu
	state        State
	result       Result
	runner       string // who has or had it
	token        string // of the worker; "" before it is acquired
	acknowledged bool
	lease        time.Time // when it is lost unless renewed
	log          strings.Builder
}

// State returns how far the job has come.
func (j *JobRun) State() State {
	j.server.mu.Lock()
	defer j.server.mu.Unlock()
	j.server.settle()
	return j.state
}

// Result returns how the job ended, "" before it has.
func (j *JobRun) Result() Result {
	j.server.mu.Lock()
	defer j.server.mu.Unlock()
	j.server.settle()
	return j.result
}

// Runner returns the name of the runner that has or had the job.
func (j *JobRun) Runner() string {
	j.server.mu.Lock()
	defer j.server.mu.Unlock()
	return j.runner
}

// Log returns what the step has printed, as far as the runner has uploaded it.
func (j *JobRun) Log() string {
	j.server.mu.Lock()
	defer j.server.mu.Unlock()
	return j.log.String()
}

// Wait waits until the job is over and returns how it ended, or "" when ctx ended first.
func (j *JobRun) Wait(ctx context.Context) Result {
	j.server.wait(ctx, func() bool { return j.state == Completed })
	return j.Result()
}

// Reached waits until the job has come at least as far as want.
func (j *JobRun) Reached(ctx context.Context, want State) error {
	order := []State{Queued, Assigned, Running, Completed}
	err := j.server.wait(ctx, func() bool { return slices.Index(order, j.state) >= slices.Index(order, want) })
	if err != nil {
		return fmt.Errorf("cannot see job %q %s: %w", j.Name, want, err)
	}
	return nil
}

// Printed waits until the log holds the text. That the job is over before it does is an error.
func (j *JobRun) Printed(ctx context.Context, text string) error {
	found := false
	err := j.server.wait(ctx, func() bool {
		found = strings.Contains(j.log.String(), text)
		return found || j.state == Completed
	})
	if err == nil && !found {
		err = errors.New("it is over")
	}
	if err != nil {
		return fmt.Errorf("cannot find %q in the log of job %q, %q: %w", text, j.Name, j.Log(), err)
	}
	return nil
}

// Cancel is the button of that name: a waiting job is canceled at once, a runner's through a message to the runner.
func (j *JobRun) Cancel() {
	s := j.server
	s.mu.Lock()
	defer s.mu.Unlock()
	switch reg := s.first(func(reg *registration) bool { return reg.job == j }); {
	case j.state == Queued:
		j.state, j.result = Completed, Canceled
	case reg != nil:
		reg.inbox = append(reg.inbox, message{"JobCancellation", mustJSON(map[string]string{"jobId": j.id, "timeout": "00:05:00"})})
	}
	s.touch()
}
