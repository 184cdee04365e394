package github

import (
	"cmp"
	"context"
	"crypto/rsa"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Status is what the page "Runners" of GitHub shows of a runner. Gone is that it shows none.
type Status string

const (
	Online  Status = "online"
	Offline Status = "offline"
	Busy    Status = "busy" // online or not: a job is assigned to it
	Gone    Status = "gone"
)

// Runner is one registration as it stands.
type Runner struct {
	ID            int64
	Name          string
	Scope         string
	GroupID       int64
	Labels        []string
	Ephemeral     bool
	DisableUpdate bool
	JIT           bool
	Version       string // what the runner said it is; empty before its first session
	Online        bool
	Busy          bool
}

// registration is a runner as the server knows it.
type registration struct {
	Runner
	scope    scope
	token    string         // bearer of the runner's own calls
	clientID string         // of the OAuth exchange, when it has a key
	key      *rsa.PublicKey // nil: the token was handed out with the JIT configuration
	session  *session
	lastSeen time.Time
	job      *JobRun   // assigned or running
	spent    bool      // ephemeral and has had its job
	inbox    []message // for its next poll
}

// session is one listener's claim on a registration.
type session struct {
	id      string
	polling int // polls in progress
}

// Runners returns all registrations, oldest first.
func (s *Server) Runners() []Runner {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.settle()
	shown := make([]Runner, 0, len(s.runners))
	for _, reg := range s.runners {
		shown = append(shown, s.show(reg))
	}
	return shown
}

// WaitRunner waits until the runner of that name has the status, and returns it. With an empty name any runner will
// do, and Gone means that none is left.
func (s *Server) WaitRunner(ctx context.Context, name string, want Status) (Runner, error) {
	var found Runner
	err := s.wait(ctx, func() bool {
		i := slices.IndexFunc(s.runners, func(reg *registration) bool {
			return (name == "" || reg.Name == name) && (want == Gone || s.has(reg, want))
		})
		if i >= 0 {
			found = s.show(s.runners[i])
		}
		return (i >= 0) != (want == Gone)
	})
	if err != nil {
		return found, fmt.Errorf("cannot see runner %q %s: %w", name, want, err)
	}
	return found, nil
}

func (s *Server) has(reg *registration, want Status) bool {
	switch want {
	case Busy:
		return reg.job != nil
	case Online:
		return s.online(reg)
	}
	return !s.online(reg)
}

// show is the registration as it stands. The caller holds mu.
func (s *Server) show(reg *registration) Runner {
	shown := reg.Runner
	shown.Labels = slices.Clone(reg.Labels)
	shown.Online = s.online(reg)
	shown.Busy = reg.job != nil
	return shown
}

// online is true while a session is open and was heard of lately. The caller holds mu.
func (s *Server) online(reg *registration) bool {
	return reg.session != nil && (reg.session.polling > 0 || s.heard(reg, s.options.OfflineAfter))
}

func (s *Server) heard(reg *registration, within time.Duration) bool {
	return s.options.Now().Sub(reg.lastSeen) < within
}

// add puts a new registration into the list. The caller holds mu.
func (s *Server) add(sc scope, r Runner) *registration {
	s.lastID++
	r.ID, r.Scope = s.lastID, string(sc)
	reg := &registration{Runner: r, scope: sc, token: s.secret("runner")}
	s.runners = append(s.runners, reg)
	return reg
}

// AddRunner adds a registration that nobody in the test makes: one that was left behind, or one that listens elsewhere
// and stays online.
func (s *Server) AddRunner(owner, name string, online bool) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	reg := s.add(newScope(owner), Runner{Name: name, GroupID: 1, Labels: []string{"self-hosted"}, Ephemeral: true})
	if online {
		reg.session, reg.lastSeen = &session{polling: 1}, s.options.Now()
	}
	return reg.ID
}

// Bearer returns the token with which a runner makes its own calls, for a test that plays a runner; empty where there is
// none of that id.
func (s *Server) Bearer(id int64) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if reg := s.byID(id); reg != nil {
		return reg.token
	}
	return ""
}

// drop takes the registration away. The caller holds mu.
func (s *Server) drop(reg *registration) {
	if i, found := s.at(reg.ID); found {
		s.runners = slices.Delete(s.runners, i, i+1)
	}
}

func (s *Server) byID(id int64) *registration {
	i, found := s.at(id)
	if !found {
		return nil
	}
	return s.runners[i]
}

// at returns where a registration is among the others, or would be. The caller holds mu.
func (s *Server) at(id int64) (i int, found bool) {
	return slices.BinarySearchFunc(s.runners, id, func(reg *registration, id int64) int { return cmp.Compare(reg.ID, id) })
}

func (s *Server) byToken(token string) *registration {
	return s.first(func(reg *registration) bool { return reg.token == token })
}

func (s *Server) byName(sc scope, name string) *registration {
	return s.first(func(reg *registration) bool { return reg.scope == sc && strings.EqualFold(reg.Name, name) })
}

func (s *Server) first(match func(*registration) bool) *registration {
	if i := slices.IndexFunc(s.runners, match); i >= 0 {
		return s.runners[i]
	}
	return nil
}
