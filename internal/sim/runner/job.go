package runner

import (
	"context"
	"encoding/json"
	"slices"
	"time"
)

// Results of a job (TaskResultUtil.cs), in the order of the worker's exit codes from 100 on.
const (
	succeeded = "Succeeded"
	failed    = "Failed"
	canceled  = "Canceled"
	abandoned = "Abandoned"
)

var results = []string{succeeded, "SucceededWithIssues", failed, canceled, "Skipped", abandoned}

// workerExit is the worker's exit code for a result.
func workerExit(result string) int { return 100 + max(0, slices.Index(results, result)) }

// job is the one job that the listener is doing.
type job struct {
	id, name, service string
	message           string // what the worker gets
	orders            chan order
	result            string          // set before finished ends; "" when the worker never had it
	finished          context.Context // ends with the job
}

// order is what the listener tells the worker.
type order struct {
	kind    int32
	killIn  time.Duration // 0 is never
	outcome string
}

// cancel tells the worker to cancel, and kills it if it has not within the time.
func (j *job) cancel(within time.Duration) { j.tell(order{cancelRequest, within, canceled}) }

// shutDown tells the worker that the runner shuts down; there is no limit.
func (j *job) shutDown() { j.tell(order{runnerShutdown, 0, canceled}) }

// tell never waits: the worker takes one order only, so a second one may be lost.
func (j *job) tell(o order) {
	select {
	case j.orders <- o:
	default:
	}
}

// takeJob acknowledges and acquires the job of a message and starts it. Whoever lost the race for the job (404, 409,
// 422) keeps listening, an ephemeral runner as well (actions/runner #4617). A second job is left for others.
func (s *service) takeJob(body string) (code int, ends bool) {
	if s.job != nil {
		return 0, false
	}
	var m struct {
		ID          string `json:"id"`
		Request     string `json:"runner_request_id"`
		Acknowledge bool   `json:"should_acknowledge"`
		Service     string `json:"run_service_url"`
		Owner       string `json:"billing_owner_id"`
	}
	if err := json.Unmarshal([]byte(body), &m); err != nil {
		s.term.log("cannot read job message: %v", err)
		return 0, false
	}
	ctx := context.Background()
	if m.Acknowledge {
		ask := map[string]string{"runnerRequestId": m.Request}
		err := s.client.call(ctx, "POST", s.set.ServerURLV2+"acknowledge?sessionId="+s.session, s.bearer(), ask, nil)
		if kindOf(err) == "AcknowledgeJobNotFound" && s.set.Ephemeral {
			s.closeSession()
			s.root.forget(s.term)
			return success, true
		}
	}
	ask := map[string]string{"jobMessageId": m.ID, "runnerOS": "Linux", "billingOwnerId": m.Owner}
	var message json.RawMessage
	if err := s.client.call(ctx, "POST", m.Service+"acquirejob", s.bearer(), ask, &message); err != nil {
		s.term.log("cannot acquire job: %v", err)
		return 0, false
	}
	s.at(AtJob)
	s.start(m.ID, m.Service, message)
	return 0, false
}

func (s *service) start(id, service string, message json.RawMessage) {
	var named struct {
		Name string `json:"jobDisplayName"`
	}
	if err := json.Unmarshal(message, &named); err != nil {
		s.term.log("cannot read job: %v", err)
	}
	j := &job{id: id, name: named.Name, service: service, message: string(message), orders: make(chan order, 1)}
	var finish context.CancelFunc
	j.finished, finish = context.WithCancel(context.Background())
	s.job = j
	s.term.stamped("Running job: %s", j.name)
	go func() {
		defer finish()
		s.perform(j)
	}()
}

// renew prolongs the lock of the job. It returns when it runs out.
func (s *service) renew(ctx context.Context, j *job) (time.Time, error) {
	var answer struct {
		LockedUntil time.Time `json:"lockedUntil"`
	}
	err := s.client.call(ctx, "POST", j.service+"renewjob", s.bearer(), map[string]string{"planId": j.id, "jobId": j.id}, &answer)
	return answer.LockedUntil, err
}

// renewIn is a minute, as in the official listener, or half of a shorter lock.
func renewIn(until time.Time) time.Duration {
	return max(10*time.Millisecond, min(time.Minute, time.Until(until)/2))
}

// firstRenewals is how often the first renewal is tried; without it there is no worker.
const firstRenewals = 5

// perform is the job from the first renewal to the line about its end.
func (s *service) perform(j *job) {
	var until time.Time
	for try := 1; ; try++ {
		var err error
		if until, err = s.renew(s.stopped, j); err == nil {
			break
		}
		if try == firstRenewals || !s.pause(s.behaviour.PollRetry) {
			return
		}
	}
	s.at(AtWorker)
	if s.stopped.Err() != nil {
		return
	}
	w, err := s.startWorker(j)
	if err != nil {
		s.term.log("cannot start worker: %v", err)
		return
	}
	result, ok := s.attend(j, w, until)
	if !ok {
		return
	}
	s.at(AtDone)
	j.result = result
	s.term.stamped("Job %s completed with result: %s", j.name, result)
}
