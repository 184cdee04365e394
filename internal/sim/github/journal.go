package github

import (
	"context"
	"slices"
	"time"
)

// Entry is one request in the journal. It names the credential and never holds it.
type Entry struct {
	Seq        int           // 1 for the first request
	Time       time.Time     // arrival
	Took       time.Duration // from arrival to answer
	Method     string
	Path       string // as asked, without /api/v3
	Route      string // e.g. /orgs/{org}/actions/runners/{runner_id}; empty where the simulation has no such route
	RequestID  string // what X-GitHub-Request-Id said
	Status     int    // 0 when no answer was sent
	Credential string // "classic NAME", "fine-grained NAME", "registration-token", "runner NAME", "job NAME", "none", …
	RunnerID   int64  // the runner that it is about, 0 if none
	Runner     string // its name
	Job        string // the name of the job that it assigned, acquired, renewed or completed
	Faulted    bool   // a fault changed the answer or kept it back
}

// Journal returns all finished requests in the order in which they were answered.
func (s *Server) Journal() []Entry {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.journal)
}

// WaitFor returns the first journal entry, past or future, that match accepts. Match must not call the server.
func (s *Server) WaitFor(ctx context.Context, match func(Entry) bool) (Entry, error) {
	var found Entry
	err := s.wait(ctx, func() bool {
		i := slices.IndexFunc(s.journal, match)
		if i >= 0 {
			found = s.journal[i]
		}
		return i >= 0
	})
	return found, err
}

// OnRequest has fn called with every request, before the simulation acts on it. Fn may block; that holds the request.
func (s *Server) OnRequest(fn func(Entry)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.arrivals = append(s.arrivals, fn)
}

// OnAnswer has fn called with every request after the simulation has acted on it, before the answer is sent. Fn may
// block: GitHub has then made up its mind and the caller does not know it yet.
func (s *Server) OnAnswer(fn func(Entry)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answers = append(s.answers, fn)
}

// note writes the request down. It happens before the answer is sent, so that whoever has the answer finds the entry.
func (s *Server) note(c *call, a answer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c.entry.Took = s.options.Now().Sub(c.entry.Time)
	c.entry.Status = a.status
	if a.aborted {
		c.entry.Status = 0
	}
	s.journal = append(s.journal, c.entry)
	s.touch()
}
