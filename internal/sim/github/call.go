package github

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// call is one request while it is being served.
type call struct {
	r      *http.Request
	entry  Entry
	header http.Header // headers of the answer, whatever it will be
	body   []byte
}

// serve wraps what a route does with what all have in common: holding, faults, journal, answer.
func (s *Server) serve(act func(*call) answer) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		c := s.newCall(r)
		a := s.perform(c, act)
		s.note(c, a)
		s.write(w, c, a)
	}
}

func (s *Server) newCall(r *http.Request) *call {
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	if err != nil {
		body = nil // the caller went away; nobody will read the answer
	}
	c := &call{r: r, header: http.Header{}, body: body}
	_, route, _ := strings.Cut(r.Pattern, " ")
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests++
	c.entry = Entry{
		Seq:       s.requests,
		Time:      s.options.Now(),
		Method:    r.Method,
		Path:      r.URL.Path,
		Route:     route,
		RequestID: fmt.Sprintf("%04X:51A1:%06X", s.requests, s.requests*4099),
	}
	c.entry.Credential = s.credentialName(c)
	return c
}

// perform is the life of a request between arrival and answer.
func (s *Server) perform(c *call, act func(*call) answer) answer {
	ctx := c.r.Context()
	s.hold(ctx, c.entry, false)
	if f := s.pick(c.entry, false); f != nil {
		c.entry.Faulted = true
		if a, ok := f.strike(ctx); ok {
			return a
		}
	}
	a, limited := s.enter(c)
	defer s.leave()
	if !limited {
		a = act(c)
	}
	if a.aborted {
		return a
	}
	c.entry.Status = a.status
	s.hold(ctx, c.entry, true)
	if f := s.pick(c.entry, true); f != nil {
		c.entry.Faulted = true
		if instead, ok := f.strike(ctx); ok {
			return instead
		}
	}
	return a
}

// locked runs act with mu held and the leases settled: for everything that does not wait.
func (s *Server) locked(act func(*call) answer) http.HandlerFunc {
	return s.serve(func(c *call) answer {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.settle()
		a := act(c)
		s.touch()
		return a
	})
}

// decode reads the JSON body; an empty one is an empty object.
func (c *call) decode(into any) error {
	if len(c.body) == 0 {
		return nil
	}
	return json.Unmarshal(c.body, into)
}

// authorization returns the scheme in lower case, "none" without one, and the secret. The user name of Basic is of no
// interest to GitHub.
func (c *call) authorization() (scheme, secret string) {
	header := c.r.Header.Get("Authorization")
	if header == "" {
		return "none", ""
	}
	scheme, secret, _ = strings.Cut(header, " ")
	if strings.EqualFold(scheme, "basic") {
		plain, err := base64.StdEncoding.DecodeString(secret)
		if err != nil {
			return "basic", ""
		}
		_, secret, _ = strings.Cut(string(plain), ":")
	}
	return strings.ToLower(scheme), secret
}

// credentialName says whose secret the request carries, without the secret. The caller holds mu.
func (s *Server) credentialName(c *call) string {
	scheme, secret := c.authorization()
	if scheme == "none" {
		return "none"
	}
	if pat := s.pats[secret]; pat != nil {
		return pat.kind + " " + pat.name
	}
	if token := s.tokens[secret]; token != nil {
		return token.event + "-token"
	}
	if reg := s.byToken(secret); reg != nil {
		return "runner " + reg.Name
	}
	if reg := s.first(func(reg *registration) bool { return reg.job != nil && reg.job.token == secret }); reg != nil {
		return "job " + reg.job.Name
	}
	return "unknown"
}
