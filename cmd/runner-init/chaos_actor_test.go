package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/runner-init/runner-init/internal/runner"
	"github.com/runner-init/runner-init/internal/sim/github"
)

// actor plays one process of the listener: the lines, the ends and the handling of signals of the official one, and its
// talk with GitHub. It differs where its part says so.
type actor struct {
	launch
	stage   *scene
	news    runner.News
	alive   context.Context
	fall    context.CancelFunc
	stopped context.Context
	stop    context.CancelFunc
	working atomic.Bool

	mu   sync.Mutex
	gone bool    // nothing is told any more
	job  *played // the one it has

	id      runner.Identity
	bearer  string
	session string
}

func newActor(s *scene, part launch, news runner.News) *actor {
	a := &actor{launch: part, stage: s, news: news}
	a.alive, a.fall = context.WithCancel(context.Background())
	a.stopped, a.stop = context.WithCancel(a.alive)
	return a
}

// say tells news, unless the process is gone.
func (a *actor) say(tell func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.gone && a.alive.Err() == nil {
		tell()
	}
}

// die ends the process, once.
func (a *actor) die(code int) {
	a.working.Store(false)
	a.fall()
	go func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		if !a.gone {
			a.gone = true
			a.stage.ended(code)
			a.news.Ended(runner.End{Code: code, Meaning: meanings[code]})
			a.stage.cue("end")
		}
	}()
}

// vanish is the end of PID 1, and of everything with it.
func (a *actor) vanish() {
	a.mu.Lock()
	a.gone = true
	a.mu.Unlock()
	a.working.Store(false)
	a.fall()
}

// interrupt is a SIGINT.
func (a *actor) interrupt() {
	a.stage.cue("interrupt")
	a.mu.Lock()
	if a.job != nil && a.job.interrupted.IsZero() {
		a.job.interrupted = time.Now()
	}
	a.mu.Unlock()
	if !a.deaf {
		a.stop()
	}
}

// reach is a point of the process's life, from which its doom may count.
func (a *actor) reach(point string) {
	a.stage.cue(point)
	if a.doom.at != point {
		return
	}
	fate := a.doom
	a.doom = doom{}
	go func() {
		if !pause(a.alive, fate.after) {
			return
		}
		a.mu.Lock()
		if a.job != nil {
			a.job.doomed = true
		}
		a.mu.Unlock()
		a.stage.mu.Lock()
		a.stage.told.deaths++
		a.stage.mu.Unlock()
		if fate.code < 0 { // it hangs, and can only be killed
			a.working.Store(false)
			a.fall()
			return
		}
		a.die(fate.code)
	}()
}

func (a *actor) ask(method, route string, body, into any) error {
	return a.stage.ask(a.alive, transport(a.stage.travel), method, fmt.Sprintf("/broker/%d/%s", a.id.ID, route), "Bearer "+a.bearer, body, into)
}

// run is the whole process.
func (a *actor) run() {
	a.reach("start")
	if !pause(a.stopped, a.boot) {
		a.leave()
		return
	}
	id, err := (&runner.Runner{Root: a.stage.dir}).Identity()
	if err != nil {
		a.die(1)
		return
	}
	a.id, a.bearer = id, a.stage.hub.Bearer(id.ID)
	if code := a.connect(); code != 0 || a.stopped.Err() != nil {
		a.exit(code)
		return
	}
	a.reach("session")
	a.say(a.news.Ready)
	a.reach("listening")
	a.listen()
}

// exit ends with a code, after an orderly end of the session where it is 0.
func (a *actor) exit(code int) {
	if code != 0 {
		a.die(code)
		return
	}
	a.leave()
}

func (a *actor) leave() {
	pause(a.alive, a.quit)
	if a.session != "" {
		a.ask("DELETE", "session?sessionId="+a.session, nil, nil)
	}
	if a.alive.Err() == nil {
		a.die(0)
	}
}

// connect makes the session, however long it takes; the code is what the process ends with if that cannot be.
func (a *actor) connect() (code int) {
	for conflicts := 0; a.stopped.Err() == nil; {
		var made struct{ SessionID string }
		err := a.ask("POST", "session", map[string]any{"agent": map[string]string{"version": "2.336.0"}}, &made)
		e, answered := errors.AsType[statusError](err)
		switch {
		case err == nil:
			a.session = made.SessionID
			return 0
		case !answered:
		case e.status == http.StatusConflict:
			if conflicts++; conflicts == 8 {
				return 5
			}
		case e.status == http.StatusNotFound, e.status == http.StatusUnauthorized, e.status == http.StatusForbidden:
			return 1
		}
		pause(a.stopped, 30*time.Second)
	}
	return 0
}

// listen polls until something ends it.
func (a *actor) listen() {
	for failures := 0; a.stopped.Err() == nil; {
		var m struct{ MessageType, Body string }
		ctx, cancel := context.WithCancel(a.alive)
		unhook := context.AfterFunc(a.stopped, cancel)
		err := a.stage.ask(ctx, transport(a.stage.travel), "GET",
			fmt.Sprintf("/broker/%d/message?status=Online&sessionId=%s", a.id.ID, a.session), "Bearer "+a.bearer, nil, &m)
		unhook()
		cancel()
		e, answered := errors.AsType[statusError](err)
		switch {
		case a.stopped.Err() != nil:
		case err == nil:
			failures = 0
			if m.MessageType == "RunnerJobRequest" && a.take(m.Body) {
				return
			}
		case answered && strings.Contains(e.body, "RunnerNotFound"):
			forget(a.stage.dir)
			a.leave()
			return
		case answered && strings.Contains(e.body, "RunnerSessionInvalid"):
			if code := a.connect(); code != 0 {
				a.die(code)
				return
			}
		case answered && e.status == http.StatusForbidden:
			a.die(1)
			return
		default:
			if failures++; failures == 10 {
				a.die(2)
				return
			}
			pause(a.stopped, 20*time.Second)
		}
	}
	a.leave()
}

// take takes a job, unless somebody else has it, and reports whether it was the last one.
func (a *actor) take(body string) (last bool) {
	var offer struct {
		ID      string
		Request string `json:"runner_request_id"`
		Service string `json:"run_service_url"`
	}
	if json.Unmarshal([]byte(body), &offer) != nil {
		return false
	}
	a.ask("POST", "acknowledge", map[string]string{"runnerRequestId": offer.Request}, nil)
	var job struct{ JobDisplayName string }
	if a.serve("POST", offer.Service+"acquirejob", map[string]string{"jobMessageId": offer.ID}, &job) != nil {
		pause(a.stopped, 20*time.Second) // a job that was not acknowledged is offered again at once, for as long as its lease
		return false
	}
	i, err := strconv.Atoi(job.JobDisplayName)
	if err != nil {
		return false
	}
	part := &played{work: a.stage.works[i], began: time.Now()}
	a.mu.Lock()
	a.job = part
	if a.stopped.Err() != nil {
		part.interrupted = time.Now()
	}
	a.mu.Unlock()
	a.stage.mu.Lock()
	a.stage.told.jobs[job.JobDisplayName] = part
	a.stage.mu.Unlock()
	a.say(func() { a.news.JobStarted(job.JobDisplayName) })
	a.reach("job")
	result := a.perform(part.work, offer.ID, offer.Service)
	a.mu.Lock()
	a.job = nil
	a.mu.Unlock()
	if result == "" || a.alive.Err() != nil {
		return false
	}
	a.say(func() { a.news.JobEnded(job.JobDisplayName, string(result)) })
	a.reach("done")
	if !a.stage.wiring.config.Ephemeral {
		return false
	}
	if pause(a.alive, a.clean) {
		forget(a.stage.dir)
		a.leave()
	}
	return true
}

func (a *actor) serve(method, url string, body, into any) error {
	return a.stage.ask(a.alive, transport(a.stage.travel), method, url, "Bearer "+a.bearer, body, into)
}

// renewal is how often the lock of a job is renewed; the lease is longer.
const renewal = 10 * time.Minute

// perform does the job. It returns no result for one that was not begun, or whose process is no more.
func (a *actor) perform(w work, id, service string) github.Result {
	body := map[string]string{"planId": id, "jobId": id}
	for try := 1; a.serve("POST", service+"renewjob", body, nil) != nil; try++ {
		if try == 5 || !pause(a.stopped, 10*time.Second) {
			return ""
		}
	}
	if w.unbegun {
		<-a.stopped.Done()
		return ""
	}
	if !pause(a.stopped, 300*time.Millisecond) { // until the worker is there
		return ""
	}
	a.working.Store(true)
	defer a.working.Store(false)
	a.reach("working")
	result := w.result
	for left := w.length; left > 0; left -= renewal {
		if !pause(a.stopped, min(left, renewal)) {
			result = github.Canceled
			break
		}
		a.serve("POST", service+"renewjob", body, nil)
	}
	if result == github.Canceled {
		if w.unending {
			<-a.alive.Done()
		}
		pause(a.alive, w.wind)
	}
	body["conclusion"] = string(result)
	for try := 1; a.serve("POST", service+"completejob", body, nil) != nil && try < 5; try++ {
		pause(a.alive, 5*time.Second)
	}
	if a.alive.Err() != nil {
		return ""
	}
	return result
}
