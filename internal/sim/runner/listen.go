package runner

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"time"
)

// message is what a poll brings; the body is JSON in a string.
type message struct {
	Type string `json:"messageType"`
	Body string `json:"body"`
}

// listen polls until something ends it, and returns the exit code.
func (s *service) listen() int {
	errorsInARow := 0
	for {
		m, err := s.poll()
		switch {
		case s.stopped.Err() != nil:
			return s.shutDown()
		case err == nil:
			errorsInARow = 0
			s.recovered()
			if code, ends := s.handle(m); ends {
				return code
			}
		case s.job != nil && s.job.finished.Err() != nil:
			if code, ends := s.jobOver(); ends {
				return code
			}
		default:
			if code, final := s.pollFailed(err, &errorsInARow); final {
				return code
			}
		}
	}
}

// poll asks for the next message; it ends early at a stop and when the job is over, since the next poll then has
// another status.
func (s *service) poll() (*message, error) {
	ctx, cancel := context.WithCancel(s.stopped)
	defer cancel()
	status := "Online"
	if s.job != nil {
		status = "Busy"
		defer context.AfterFunc(s.job.finished, cancel)()
	}
	query := url.Values{
		"sessionId": {s.session}, "status": {status}, "runnerVersion": {s.behaviour.Version},
		"os": {"Linux"}, "architecture": {"X64"}, "disableUpdate": {boolText(s.set.DisableUpdate)},
	}
	var m message
	if err := s.client.call(ctx, "GET", s.set.ServerURLV2+"message?"+query.Encode(), s.bearer(), nil, &m); err != nil {
		return nil, err
	}
	return &m, nil
}

func boolText(b bool) string {
	if b {
		return "true"
	}
	return "false"
}

// pollFailed decides what an error of a poll means.
func (s *service) pollFailed(err error, inARow *int) (code int, final bool) {
	switch kind := kindOf(err); {
	case kind == "RunnerNotFound", isDeleted(err):
		s.term.fail("The runner no longer exists on the server. Cleaning up local configuration.")
		s.root.forget(s.term)
		return success, true
	case kind == "RunnerVersionTooOld":
		s.term.fail("An error occurred: %s", err)
		if isTrue(os.Getenv("ACTIONS_RUNNER_RETURN_VERSION_DEPRECATED_EXIT_CODE")) {
			return versionDeprecated, true
		}
		return terminated, true
	case kind == "RunnerSessionInvalid":
		s.session = ""
		code, ok := s.connect()
		return code, !ok
	case statusOf(err) == http.StatusForbidden:
		s.term.fail("An error occurred: Get next message failed with non-retryable error.")
		return terminated, true
	case statusOf(err) == http.StatusUnauthorized:
		if err := s.authorize(s.stopped); err != nil {
			return s.pollFailedAgain(err, inARow)
		}
	}
	return s.pollFailedAgain(err, inARow)
}

// pollFailedAgain counts: the fifth failure in a row is announced, the tenth ends the process.
func (s *service) pollFailedAgain(err error, inARow *int) (code int, final bool) {
	*inARow++
	if *inARow >= 10 {
		s.term.fail("An error occurred: %s", reason(err))
		return retryable, true
	}
	if *inARow >= 5 {
		s.complainOnce(err)
	}
	s.pause(s.behaviour.PollRetry)
	return 0, false
}

// handle acts on one message; ends is true when the process ends with the code.
func (s *service) handle(m *message) (code int, ends bool) {
	switch m.Type {
	case "RunnerJobRequest":
		return s.takeJob(m.Body)
	case "JobCancellation":
		var c struct {
			JobID   string `json:"jobId"`
			Timeout string `json:"timeout"`
		}
		if json.Unmarshal([]byte(m.Body), &c) == nil && s.job != nil && s.job.id == c.JobID {
			s.job.cancel(cancelAfter(c.Timeout))
		}
	case "RunnerRefresh", "AgentRefresh":
		return s.update(m.Body)
	}
	return 0, false
}

// cancelAfter is how long the worker has to cancel: the server's time, at least a minute, less 15 seconds.
func cancelAfter(text string) time.Duration {
	at, err := time.Parse("15:04:05", text)
	if err != nil {
		return 45 * time.Second
	}
	d := time.Duration(at.Hour())*time.Hour + time.Duration(at.Minute())*time.Minute + time.Duration(at.Second())*time.Second
	return max(d, time.Minute) - 15*time.Second
}

// shutDown is the way out after a signal: the job is told and waited for, without a limit of its own; the session is
// given back; local files stay.
func (s *service) shutDown() int {
	if s.job != nil {
		s.job.shutDown()
		<-s.job.finished.Done()
	}
	if err := s.closeSession(); err != nil && !s.set.Ephemeral {
		s.term.fail("An error occurred: %s", reason(err))
		return retryable
	}
	return success
}

// jobOver is what follows a job: an ephemeral runner deletes its identity and ends, others listen on.
func (s *service) jobOver() (code int, ends bool) {
	result := s.job.result
	s.job = nil
	if !s.once {
		return 0, false
	}
	s.closeSession() // the server may have dropped the runner already
	if s.set.Ephemeral {
		s.at(AtCleanup)
		s.root.forget(s.term)
	}
	if isTrue(os.Getenv("ACTIONS_RUNNER_RETURN_JOB_RESULT_FOR_HOSTED")) {
		return workerExit(result), true
	}
	return success, true
}
