package github

import (
	"context"
	"fmt"
	"net/http"
)

// message is something that the server has to say to a runner; the body is JSON.
type message struct {
	kind string
	body []byte
}

// Send queues a message for the next poll of the runner of that name, "RunnerRefresh" for example. The body is JSON.
func (s *Server) Send(runner, messageType, body string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	reg := s.first(func(reg *registration) bool { return reg.Name == runner })
	if reg == nil {
		return fmt.Errorf("cannot send %s: no runner %q", messageType, runner)
	}
	reg.inbox = append(reg.inbox, message{messageType, []byte(body)})
	s.touch()
	return nil
}

// poll answers GET message: held until there is one or PollHold is over. A runner that is deleted meanwhile learns it
// at its next poll, not from this one.
func (s *Server) poll(c *call) answer {
	reg, ses, refusal := s.startPoll(c)
	if ses == nil {
		return refusal
	}
	defer s.endPoll(reg, ses)
	ctx := c.r.Context()
	hold, cancel := context.WithTimeout(ctx, s.options.PollHold)
	defer cancel()
	var a answer
	err := s.wait(hold, func() bool {
		var decided bool
		a, decided = s.deliver(c, reg, ses)
		return decided
	})
	switch {
	case err == nil:
		return a
	case ctx.Err() != nil:
		return answer{aborted: true}
	}
	return empty(http.StatusAccepted)
}

func (s *Server) startPoll(c *call) (*registration, *session, answer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	reg, refusal := s.caller(c)
	if reg == nil {
		return nil, nil, refusal
	}
	if reg.session == nil || reg.session.id != c.r.URL.Query().Get("sessionId") {
		return nil, nil, brokerRefusal(http.StatusBadRequest, "RunnerSessionInvalid")
	}
	if version := c.r.URL.Query().Get("runnerVersion"); version != "" {
		reg.Version = version
	}
	reg.session.polling++
	reg.lastSeen = s.options.Now()
	s.touch()
	return reg, reg.session, answer{}
}

func (s *Server) endPoll(reg *registration, ses *session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	ses.polling--
	reg.lastSeen = s.options.Now()
	s.touch()
}

// deliver decides whether the poll has an answer yet. This is where GitHub assigns: from here on the runner is busy,
// although it has not been told. The caller holds mu.
func (s *Server) deliver(c *call, reg *registration, ses *session) (answer, bool) {
	switch {
	case c.r.Context().Err() != nil:
		return answer{aborted: true}, true
	case s.byID(reg.ID) != reg:
		return answer{}, false
	case reg.session != ses:
		return brokerRefusal(http.StatusBadRequest, "RunnerSessionInvalid"), true
	case len(reg.inbox) > 0:
		next := reg.inbox[0]
		reg.inbox = reg.inbox[1:]
		return s.messageJSON(next), true
	case c.r.URL.Query().Get("status") == "Busy", reg.spent:
		return answer{}, false
	}
	job := reg.job
	if job == nil {
		job = s.assign(reg)
	}
	if job == nil || job.acknowledged {
		return answer{}, false
	}
	c.entry.Job = job.Name
	return s.messageJSON(message{"RunnerJobRequest", mustJSON(map[string]any{
		"id":                 job.id,
		"runner_request_id":  job.id,
		"should_acknowledge": true,
		"run_service_url":    baseURL(c.r) + "/run/" + job.id + "/",
		"billing_owner_id":   "1",
	})}), true
}

func (s *Server) messageJSON(m message) answer {
	s.lastMessage++
	return reply(http.StatusOK, map[string]any{
		"messageId": s.lastMessage, "messageType": m.kind, "body": string(m.body),
	})
}

// acknowledge answers POST acknowledge: the runner has the job message, it will not be sent again.
func (s *Server) acknowledge(c *call) answer {
	reg, refusal := s.caller(c)
	if reg == nil {
		return refusal
	}
	var ask struct {
		Request string `json:"runnerRequestId"`
	}
	if err := c.decode(&ask); err != nil || reg.job == nil || reg.job.id != ask.Request {
		return brokerRefusal(http.StatusNotFound, "AcknowledgeJobNotFound")
	}
	reg.job.acknowledged = true
	c.entry.Job = reg.job.Name
	return empty(http.StatusOK)
}
