package github_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/runner-init/runner-init/internal/sim/github"
)

const repo, org = "repos/acme/widgets", "orgs/acme"

func TestEphemeralRunnerGoesWithItsJob(t *testing.T) {
	for conclusion, want := range map[string]github.Result{
		"succeeded": github.Succeeded, "Failed": github.Failed, "canceled": github.Canceled, "abandoned": github.Abandoned,
	} {
		h := newHub(t, github.Options{})
		run := h.Queue(github.Job{Name: "build", Scope: repo, Labels: []string{"GPU"}})
		a := h.jit(repo, "one", "gpu").open()
		a.work(conclusion)
		if got := run.Wait(soon(t)); got != want || run.Runner() != "one" {
			t.Errorf("%s: job %s by %q, want %s by one", conclusion, got, run.Runner(), want)
		}
		if n := len(h.Runners()); n != 0 {
			t.Errorf("%s: %d registrations left", conclusion, n)
		}
		if r, _ := a.poll(t.Context(), "Online"); r.status != 404 || !strings.Contains(r.body, `"RunnerNotFound"`) {
			t.Errorf("%s: poll after the end: %d %s", conclusion, r.status, r.body)
		}
	}
}

func TestMatching(t *testing.T) {
	for _, test := range []struct {
		name, runner string
		labels       []string
		job          github.Job
		want         bool
	}{
		{"same repository", repo, nil, github.Job{Scope: repo}, true},
		{"any case", "repos/Acme/Widgets", []string{"GPU"}, github.Job{Scope: repo, Labels: []string{"gpu", "Self-Hosted"}}, true},
		{"other repository", repo, nil, github.Job{Scope: "repos/acme/other"}, false},
		{"organization's repository", org, nil, github.Job{Scope: repo}, true},
		{"other organization's repository", "orgs/other", nil, github.Job{Scope: repo}, false},
		{"organization's job, repository's runner", repo, nil, github.Job{Scope: org}, false},
		{"enterprise", "enterprises/all", nil, github.Job{Scope: repo}, true},
		{"label missing", repo, []string{"gpu"}, github.Job{Scope: repo, Labels: []string{"gpu", "big"}}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := newHub(t, github.Options{})
				run := h.Queue(test.job)
				a := h.jit(test.runner, "one", test.labels...).open()
				r, err := a.poll(t.Context(), "Online")
				if got := err == nil && r.status == 200; got != test.want || got != (run.State() == github.Assigned) {
					t.Errorf("offered: %v, want %v; job %s", got, test.want, run.State())
				}
			})
		})
	}
}

// The moment that matters to whoever stops a runner: GitHub has decided, the runner does not know.
func TestAssignedBeforeDelivered(t *testing.T) {
	h := newHub(t, github.Options{})
	a := h.jit(repo, "one").open()
	gate := h.Gate(github.Point{Method: "GET", Route: "/message", After: true, When: func(e github.Entry) bool { return e.Job != "" }})
	run := h.Queue(github.Job{Name: "build", Scope: repo})
	delivered := make(chan response, 1)
	go func() {
		r, _ := a.poll(t.Context(), "Online")
		delivered <- r
	}()
	e, err := gate.Arrived(soon(t))
	if err != nil || e.Job != "build" || e.Runner != "one" {
		t.Fatalf("gate: %v %+v", err, e)
	}
	if _, err := h.WaitRunner(soon(t), "one", github.Busy); err != nil {
		t.Error(err)
	}
	h.ask(422, "DELETE", a.path(repo), nil)
	gate.Release()
	gate.Release() // harmless
	if o := a.offerOf(<-delivered); o.ID == "" || run.State() != github.Assigned {
		t.Errorf("offer %+v, job %s", o, run.State())
	}
}

func TestDeletedRunnerGetsNoJob(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHub(t, github.Options{})
		a := h.jit(repo, "one").open()
		start := time.Now()
		polled := make(chan response, 1)
		go func() {
			r, _ := a.poll(t.Context(), "Online")
			polled <- r
		}()
		synctest.Wait()
		h.ask(204, "DELETE", a.path(repo), nil)
		run := h.Queue(github.Job{Scope: repo})
		if r := <-polled; r.status != 202 || time.Since(start) != 50*time.Second {
			t.Errorf("poll: %d after %v, want 202 after 50s", r.status, time.Since(start))
		}
		if r, _ := a.poll(t.Context(), "Online"); r.status != 404 {
			t.Errorf("next poll: %d, want 404", r.status)
		}
		if run.State() != github.Queued {
			t.Errorf("job %s, want queued", run.State())
		}
	})
}

// A runner that dies with its job: GitHub notices by the clock, and the registration stays.
func TestLostJob(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHub(t, github.Options{})
		a := h.jit(repo, "one").open()
		run := h.Queue(github.Job{Name: "build", Scope: repo})
		o := a.offered()
		a.as(a.bearer, "POST", o.Service+"acquirejob", `{}`)
		time.Sleep(9 * time.Minute)
		if r := a.as(a.bearer, "POST", o.Service+"renewjob", `{}`); r.status != 200 {
			t.Errorf("renew: %d %s", r.status, r.body)
		}
		renewed := time.Now()
		if got := run.Wait(t.Context()); got != github.Lost || time.Since(renewed) != 10*time.Minute {
			t.Errorf("job %s after %v, want Lost after 10m", got, time.Since(renewed))
		}
		if r := a.as(a.bearer, "POST", o.Service+"completejob", `{"conclusion":"succeeded"}`); r.status != 404 {
			t.Errorf("complete after the loss: %d", r.status)
		}
		if left := h.Runners(); len(left) != 1 || left[0].Busy || left[0].Online {
			t.Errorf("runners %+v, want one, offline and idle", left)
		}
		again := h.Queue(github.Job{Scope: repo})
		a.poll(t.Context(), "Online")
		if again.State() != github.Queued {
			t.Error("an ephemeral runner got a second job")
		}
	})
}

func TestOnlineAndOffline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHub(t, github.Options{})
		a := h.jit(repo, "one")
		if r, err := h.WaitRunner(t.Context(), "one", github.Offline); err != nil || r.Version != "" {
			t.Errorf("before the session: %v %+v", err, r)
		}
		a.open()
		a.poll(t.Context(), "Online")
		last := time.Now()
		if _, err := h.WaitRunner(t.Context(), "one", github.Online); err != nil {
			t.Error(err)
		}
		if _, err := h.WaitRunner(t.Context(), "one", github.Offline); err != nil || time.Since(last) != time.Minute {
			t.Errorf("offline after %v, want 1m: %v", time.Since(last), err)
		}
		gone := make(chan error, 1)
		go func() {
			_, err := h.WaitRunner(t.Context(), "", github.Gone)
			gone <- err
		}()
		synctest.Wait()
		h.ask(204, "DELETE", a.path(repo), nil)
		if err := <-gone; err != nil {
			t.Error(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := h.WaitRunner(ctx, "two", github.Online); err == nil {
			t.Error("saw a runner that never was")
		}
	})
}

func TestUndeliveredJobIsOfferedAgain(t *testing.T) {
	h := newHub(t, github.Options{PollHold: time.Millisecond})
	a := h.jit(repo, "one").open()
	h.Fault(github.Fault{Route: "/message", After: true, Drop: true, Times: 1})
	h.Queue(github.Job{Name: "build", Scope: repo})
	if _, err := a.poll(t.Context(), "Online"); err == nil {
		t.Fatal("the connection did not break")
	}
	o := a.offered()
	a.as(a.bearer, "POST", a.base+"acknowledge", map[string]string{"runnerRequestId": o.Request})
	if r, err := a.poll(t.Context(), "Online"); err != nil || r.status != 202 {
		t.Errorf("after the acknowledgement: %v %d", err, r.status)
	}
}

func TestEachJobGoesToOneRunner(t *testing.T) {
	h := newHub(t, github.Options{PollHold: time.Millisecond})
	h.Queue(github.Job{Name: "first", Scope: repo})
	h.Queue(github.Job{Name: "second", Scope: repo})
	for i, want := range []int{200, 200, 202} {
		r, err := h.jit(repo, fmt.Sprintf("r%d", i)).open().poll(t.Context(), "Online")
		if err != nil || r.status != want {
			t.Errorf("runner %d: %v %d %s, want %d", i, err, r.status, r.body, want)
		}
	}
	if jobs := h.Jobs(); jobs[0].Runner() != "r0" || jobs[1].Runner() != "r1" {
		t.Errorf("jobs went to %q and %q", jobs[0].Runner(), jobs[1].Runner())
	}
}

func TestCancel(t *testing.T) {
	h := newHub(t, github.Options{})
	waiting := h.Queue(github.Job{Scope: "repos/acme/other"})
	waiting.Cancel()
	if waiting.Result() != github.Canceled {
		t.Errorf("waiting job %s", waiting.Result())
	}
	a := h.jit(repo, "one").open()
	run := h.Queue(github.Job{Scope: repo})
	a.offered()
	run.Cancel()
	r, err := a.poll(t.Context(), "Busy")
	if err != nil || !strings.Contains(r.body, "JobCancellation") {
		t.Errorf("message %s, %v", r.body, err)
	}
}

func TestSend(t *testing.T) {
	h := newHub(t, github.Options{})
	a := h.jit(repo, "one").open()
	if err := h.Send("one", "RunnerRefresh", `{"target_version":"9.9.9"}`); err != nil {
		t.Fatal(err)
	}
	if r, _ := a.poll(t.Context(), "Online"); !strings.Contains(r.body, "9.9.9") {
		t.Errorf("message %s", r.body)
	}
	if err := h.Send("nobody", "RunnerRefresh", "{}"); err == nil {
		t.Error("sent to nobody")
	}
}
