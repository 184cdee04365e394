package github

import (
	"crypto/rand"
	"fmt"
	"net/http"
)

// BrokerError is the body of an error of the runner-facing side, for use in a Fault: kind is "RunnerNotFound",
// "RunnerVersionTooOld", "RunnerSessionInvalid".
func BrokerError(status int, kind string) string {
	return string(mustJSON(map[string]any{
		"source": "actions-broker-listener", "errorKind": kind, "statusCode": status, "errorMessage": brokerText[kind],
	}))
}

var brokerText = map[string]string{
	"RunnerNotFound":         "Runner not found",
	"RunnerVersionTooOld":    "Runner version is too old",
	"RunnerSessionInvalid":   "Session is not valid",
	"RunnerSessionConflict":  "A session for this runner already exists.",
	"AcknowledgeJobNotFound": "Job not found",
}

func brokerRefusal(status int, kind string) answer {
	a := refuse(status, "")
	a.body = []byte(BrokerError(status, kind))
	return a
}

// caller returns the runner that makes the call. The caller holds mu.
func (s *Server) caller(c *call) (*registration, answer) {
	id := c.r.PathValue("runner_id")
	reg := s.first(func(reg *registration) bool { return fmt.Sprint(reg.ID) == id })
	if reg == nil {
		return nil, brokerRefusal(http.StatusNotFound, "RunnerNotFound")
	}
	c.about(reg)
	if scheme, secret := c.authorization(); scheme != "bearer" || secret != reg.token {
		return nil, refuse(http.StatusUnauthorized, "Unauthorized")
	}
	return reg, answer{}
}

// openSession answers POST session: 409 while another session was heard of within SessionLife.
func (s *Server) openSession(c *call) answer {
	reg, refusal := s.caller(c)
	if reg == nil {
		return refusal
	}
	if reg.session != nil && (reg.session.polling > 0 || s.heard(reg, s.options.SessionLife)) {
		return brokerRefusal(http.StatusConflict, "RunnerSessionConflict")
	}
	var ask struct {
		Agent struct{ Version string } `json:"agent"`
	}
	if err := c.decode(&ask); err != nil {
		return refuse(http.StatusBadRequest, "Problems parsing JSON")
	}
	reg.Version = orUnknown(ask.Agent.Version)
	reg.session = &session{id: rand.Text()}
	reg.lastSeen = s.options.Now()
	return reply(http.StatusOK, map[string]string{"sessionId": reg.session.id})
}

func orUnknown(version string) string {
	if version == "" {
		return "unknown"
	}
	return version
}

// closeSession answers DELETE session. A job that the runner still has is not over by that; its lease runs on.
func (s *Server) closeSession(c *call) answer {
	reg, refusal := s.caller(c)
	if reg == nil {
		return refusal
	}
	reg.session = nil
	return empty(http.StatusOK)
}
