package github

import (
	"crypto/rand"
	"net/http"
	"time"
)

// runnerToken is a registration or remove token.
type runnerToken struct {
	event   string // "registration" or "remove"
	scope   scope
	expires time.Time
}

// secret makes a secret that is recognisable and remembered for Secrets. The caller holds mu.
func (s *Server) secret(kind string) string {
	text := "sim-" + kind + "-" + rand.Text()
	if kind == "registration" || kind == "remove" {
		text = "SIM" + rand.Text() // 29 capitals and digits, as GitHub's are
	}
	s.secrets = append(s.secrets, text)
	return text
}

// mint answers POST …/actions/runners/{registration,remove}-token.
func (s *Server) mint(event string) func(*call) answer {
	return func(c *call) answer {
		sc := scopeOfPath(c.r)
		if refusal, ok := s.authorize(c, sc, true); !ok {
			return refusal
		}
		text := s.secret(event)
		token := &runnerToken{event, sc, s.options.Now().Add(s.options.TokenLife)}
		s.tokens[text] = token
		return reply(http.StatusCreated, map[string]string{
			"token":      text,
			"expires_at": token.expires.UTC().Format(time.RFC3339),
		})
	}
}

// RegistrationToken mints a registration token for a scope ("orgs/acme") as a person does in GitHub's web pages.
func (s *Server) RegistrationToken(owner string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	text := s.secret("registration")
	s.tokens[text] = &runnerToken{"registration", newScope(owner), s.options.Now().Add(s.options.TokenLife)}
	return text
}

// remoteAuth returns the live token of a request that carries "RemoteAuth TOKEN", or nil. The caller holds mu.
func (s *Server) remoteAuth(c *call) *runnerToken {
	scheme, secret := c.authorization()
	token := s.tokens[secret]
	if scheme != "remoteauth" || token == nil || !s.options.Now().Before(token.expires) {
		return nil
	}
	return token
}
