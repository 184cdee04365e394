package ecs_test

import (
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/runner-init/runner-init/internal/platform"
	"github.com/runner-init/runner-init/internal/platform/ecs"
	sim "github.com/runner-init/runner-init/internal/sim/ecs"
)

// fleet is a task with several runners. They meet as they would in its network: by the kernel's names.
func fleet(t *testing.T, size int) (*sim.Agent, []*ecs.Guard) {
	t.Helper()
	task := sim.FargateTask()
	agent, ours := serve(t, task)
	var guards []*ecs.Guard
	for range size {
		guards = append(guards, &ecs.Guard{Agent: ours, Task: task.ID()})
	}
	return agent, guards
}

// The last of a task's runners to have a job gives the protection up, and no other.
func TestTheLastOneReleases(t *testing.T) {
	agent, guards := fleet(t, 10) // as many as a task may have
	for _, g := range guards {
		if _, err := g.Protect(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	for i, g := range guards {
		last := i == len(guards)-1
		err := g.Release(t.Context())
		if last && err != nil || !last && !errors.Is(err, platform.ErrShared) || agent.Protected().IsZero() != last {
			t.Errorf("runner %d: %v, protected until %s", i, err, agent.Protected())
		}
	}
	if got := slices.Compact(agent.Wishes()); len(got) != 2 {
		t.Errorf("the agent was sent %q", got)
	}
	if _, err := guards[0].Protect(t.Context()); err != nil || agent.Protected().IsZero() {
		t.Errorf("the next job is not protected: %v", err)
	}
	if err := guards[0].Release(t.Context()); err != nil || !agent.Protected().IsZero() {
		t.Errorf("and after it: %v", err)
	}
}

// A runner of another task has no say, nor has one that was refused protection.
func TestNoSiblings(t *testing.T) {
	_, others := fleet(t, 1)
	agent, guards := fleet(t, 2)
	for _, g := range []*ecs.Guard{others[0], guards[0]} {
		if _, err := g.Protect(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	agent.Answer(statePath, sim.Answers()["no task role"])
	if _, err := guards[1].Protect(t.Context()); err == nil {
		t.Error("not refused")
	}
	agent.Answer(statePath)
	if err := guards[0].Release(t.Context()); err != nil || !agent.Protected().IsZero() {
		t.Errorf("%v, protected until %s", err, agent.Protected())
	}
	if err := others[0].Release(t.Context()); err != nil {
		t.Error(err)
	}
}

// slow is an agent that takes its time before it carries a wish out, and after that. What it was sent it carries out, even if
// nobody waits for the answer any more.
type slow struct {
	http.RoundTripper
	latency func() time.Duration
}

func (s slow) RoundTrip(r *http.Request) (*http.Response, error) {
	answered := make(chan *http.Response, 1)
	go func() {
		time.Sleep(s.latency())
		answer, _ := s.RoundTripper.RoundTrip(r)
		time.Sleep(s.latency())
		answered <- answer
	}()
	select {
	case answer := <-answered:
		return answer, nil
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
}

// Two to four runners of one task, whose jobs begin and end whenever they like, and whose wishes take their time and overtake one
// another: whoever has had a job for a few seconds is protected, and when nobody has one any more nothing is.
func TestFleet(t *testing.T) {
	for seed := range uint64(30) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { liveAsFleet(t, seed) })
		})
	}
}

func liveAsFleet(t *testing.T, seed uint64) {
	// settled is how long a job has to wait for its protection at most, with a few wishes whose answer comes too late.
	const settled = 30 * time.Second
	task := sim.FargateTask()
	agent := sim.NewAgent(task)
	began, record := time.Now(), strings.Builder{}
	log := slog.New(slog.NewTextHandler(&record, nil))
	busy := make([]atomic.Int64, 2+seed%3) // since when, in nanoseconds; 0: idle
	var all sync.WaitGroup
	for i := range busy {
		random := rand.New(rand.NewPCG(seed, uint64(i)))
		var mu sync.Mutex // of random
		upTo := func(d time.Duration) time.Duration {
			mu.Lock()
			defer mu.Unlock()
			return time.Duration(random.Int64N(int64(d)))
		}
		transport := slow{inProcess{agent}, func() time.Duration { return upTo(upTo(4*time.Second) + 1) }}
		guard := &ecs.Guard{Agent: &ecs.Agent{URI: "http://agent" + sim.AgentPath, Transport: transport}, Task: task.ID()}
		p := platform.NewProtection(guard, log.With("runner", i), false)
		all.Go(func() {
			for range 100 {
				time.Sleep(upTo(upTo(2*time.Minute) + 1))
				busy[i].Store(time.Now().UnixNano())
				p.JobStarted()
				time.Sleep(upTo(upTo(3*time.Minute) + 1))
				busy[i].Store(0)
				p.JobEnded()
			}
			p.Wait(t.Context())
		})
	}
	over := make(chan struct{})
	go func() { all.Wait(); close(over) }()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	bare := false
	for running := true; running; {
		select {
		case <-tick.C:
		case <-over:
			running = false
		}
		for i := range busy {
			since := busy[i].Load()
			if since != 0 && time.Since(time.Unix(0, since)) > settled && agent.Protected().IsZero() && !bare {
				t.Errorf("after %s runner %d has had a job for %s, and is not protected", time.Since(began), i, time.Since(time.Unix(0, since)))
				bare = true
			}
		}
	}
	time.Sleep(settled) // what is under way comes through
	if !agent.Protected().IsZero() {
		t.Errorf("the task is protected until %s, and has no job", agent.Protected().Sub(began))
	}
	if t.Failed() {
		t.Log(record.String())
	}
}
