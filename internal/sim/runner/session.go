package runner

import (
	"context"
	"net/http"
	"net/url"
	"time"
)

// connect makes the session, however long it takes; ok is false when the process ends with the code instead.
func (s *service) connect() (code int, ok bool) {
	s.at(AtConnect)
	conflicts := 0
	for {
		s.term.line("")
		s.term.done("Connected to GitHub")
		s.term.line("")
		err := s.openSession(s.stopped)
		if s.stopped.Err() != nil {
			s.closeSession()
			return success, false
		}
		if err == nil {
			s.recovered()
			return 0, true
		}
		if code, final := s.judge(err, &conflicts); final {
			return code, false
		}
		if !s.pause(s.behaviour.SessionRetry) {
			return success, false
		}
	}
}

// maxConflicts is how often a session that somebody else holds is asked for: eight times, half a minute apart.
const maxConflicts = 8

// judge decides whether an error at session creation is final, and prints it.
func (s *service) judge(err error, conflicts *int) (code int, final bool) {
	switch {
	case isDeleted(err):
		s.term.fail("Failed to create a session. The runner registration has been deleted from the server, please re-configure. Runner registrations are automatically deleted for runners that have not connected to the service recently.")
		return terminated, true
	case kindOf(err) == "RunnerNotFound":
		s.term.fail("The runner no longer exists on the server. Please reconfigure the runner.")
		s.term.fail("Failed to create session. %s", err)
		return terminated, true
	case statusOf(err) == http.StatusConflict:
		s.term.fail("A session for this runner already exists.")
		*conflicts++
		if *conflicts < maxConflicts {
			return 0, false
		}
		s.term.fail("Stop retry on SessionConflictException after retried for 240 seconds.")
		s.term.fail("Failed to create session. %s", err)
		return sessionConflict, true
	case statusOf(err) == http.StatusUnauthorized, statusOf(err) == http.StatusForbidden, kindOf(err) == "RunnerVersionTooOld":
		s.term.fail("Failed to create session. %s", err)
		return terminated, true
	}
	s.complainOnce(err)
	return 0, false
}

// openSession gets a token, where the credentials are not one, and a session.
func (s *service) openSession(ctx context.Context) error {
	if err := s.authorize(ctx); err != nil {
		return err
	}
	ask := map[string]any{
		"ownerName": s.set.AgentName + " (simulated)",
		"agent": map[string]any{
			"id": s.set.AgentID, "name": s.set.AgentName, "version": s.behaviour.Version,
			"ephemeral": s.set.Ephemeral, "osDescription": "Linux",
		},
	}
	var made struct {
		SessionID string `json:"sessionId"`
	}
	if err := s.client.call(ctx, "POST", s.set.ServerURLV2+"session", s.bearer(), ask, &made); err != nil {
		return err
	}
	s.session = made.SessionID
	return nil
}

// authorize fetches the bearer token: the scheme OAuthAccessToken holds it, OAuth exchanges an assertion for it.
func (s *service) authorize(ctx context.Context) error {
	if s.cred.Scheme == "OAuthAccessToken" {
		s.token = s.cred.Data["token"]
		return nil
	}
	key, err := s.root.readKey()
	if err != nil {
		return err
	}
	address := s.cred.Data["authorizationurl"]
	signed, err := assertion(key, s.cred.Data["clientid"], address)
	if err != nil {
		return err
	}
	form := url.Values{
		"grant_type":            {"client_credentials"},
		"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
		"client_assertion":      {signed},
	}
	var answer struct {
		AccessToken string `json:"access_token"`
	}
	err = s.client.call(ctx, "POST", address, "", form, &answer)
	s.token = answer.AccessToken
	return err
}

func (s *service) bearer() string { return "Bearer " + s.token }

// closeSession gives the session back, in at most 30 seconds.
func (s *service) closeSession() error {
	if s.session == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	session := s.session
	s.session = ""
	return s.client.call(ctx, "DELETE", s.set.ServerURLV2+"session?sessionId="+session, s.bearer(), nil, nil)
}
