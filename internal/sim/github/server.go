// Package github is a simulated GitHub: one http.Handler with the state that matters to a self-hosted runner. It
// answers the REST endpoints for runners of a repository, an organization or an enterprise, the runner-facing side
// (registration, session, long poll, job lock), and it owns a queue of jobs, which it assigns the way GitHub does: on
// the server, before the runner knows. Tests script its faults, hold its requests and read its journal; demo runs it.
//
// It starts no goroutine and asks only Options.Now for the time, so that it also lives in a testing/synctest bubble
// behind RoundTripper. It refuses to be GitHub: no workflows, no webhooks, no persistence, no check of anything that
// the life of a runner does not touch.
package github

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// Options are the lengths of time that GitHub decides upon. The zero value means GitHub's own.
type Options struct {
	Now          func() time.Time // the clock; time.Now when nil
	PollHold     time.Duration    // how long a message poll without a message is held; 50 s
	TokenLife    time.Duration    // life of a registration or remove token; 1 h
	OfflineAfter time.Duration    // a runner that has not been heard of for so long is offline; 1 min
	SessionLife  time.Duration    // a session that has not been heard of for so long gives way to a new one; 4 min
	JobLease     time.Duration    // a job whose lock is not renewed for so long is lost; 10 min
	RateLimits   bool             // keep to the secondary rate limits that GitHub documents
}

// Server is the simulated GitHub. All methods are safe for concurrent use. Make it with New.
type Server struct {
	options Options
	mux     *http.ServeMux

	mu            sync.Mutex
	changed       chan struct{} // closed and replaced at every change of what is below
	pats          map[string]*Credential
	tokens        map[string]*runnerToken
	apps          []*App
	groups        map[scope][]Group
	runners       []*registration // in order of their ids
	jobs          []*JobRun       // in order of arrival
	points        []point         // of the last minute, for the secondary rate limits
	current       int             // requests in progress, for the same
	journal       []Entry
	faults        []*fault
	gates         []*Gate
	arrivals      []func(Entry)
	answers       []func(Entry)
	secrets       []string
	lastID        int64
	installations []*Installation
	releases      []release // of the runner, the newest last
	lastMessage   int
	requests      int
}

// New returns a GitHub that knows no runner, no job and no credential.
func New(o Options) *Server {
	if o.Now == nil {
		o.Now = time.Now
	}
	o.PollHold = orElse(o.PollHold, 50*time.Second)
	o.TokenLife = orElse(o.TokenLife, time.Hour)
	o.OfflineAfter = orElse(o.OfflineAfter, time.Minute)
	o.SessionLife = orElse(o.SessionLife, 4*time.Minute)
	o.JobLease = orElse(o.JobLease, 10*time.Minute)
	s := &Server{
		options: o,
		mux:     http.NewServeMux(),
		changed: make(chan struct{}),
		pats:    map[string]*Credential{},
		tokens:  map[string]*runnerToken{},
		groups:  map[scope][]Group{},
	}
	s.routes()
	return s
}

func orElse(d, otherwise time.Duration) time.Duration {
	if d == 0 {
		return otherwise
	}
	return d
}

// ServeHTTP serves github.com's paths as they are and those of GitHub Enterprise Server below /api/v3.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if rest, ok := strings.CutPrefix(r.URL.Path, "/api/v3/"); ok {
		r = r.Clone(r.Context())
		r.URL.Path, r.URL.RawPath = "/"+rest, ""
	}
	s.mux.ServeHTTP(w, r)
}

// Secrets returns every secret that the simulation was told of or handed out: PATs, registration and remove tokens,
// runners' tokens, JIT configurations. A test looks for them where they must not be.
func (s *Server) Secrets() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.secrets)
}

// touch tells everybody who waits that something has changed. The caller holds mu.
func (s *Server) touch() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// wait returns nil as soon as done, called with mu held, says so. Leases run out by the clock alone, so a waiter also
// wakes when the next one does.
func (s *Server) wait(ctx context.Context, done func() bool) error {
	for {
		s.mu.Lock()
		s.settle()
		if done() {
			s.mu.Unlock()
			return nil
		}
		changed, next := s.changed, s.nextDeadline()
		s.mu.Unlock()
		if err := pause(ctx, changed, next); err != nil {
			return err
		}
	}
}

// pause waits for a change or, if d is positive, for d at most.
func pause(ctx context.Context, changed <-chan struct{}, d time.Duration) error {
	var expired <-chan time.Time
	if d > 0 {
		timer := time.NewTimer(d)
		defer timer.Stop()
		expired = timer.C
	}
	select {
	case <-changed:
	case <-expired:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	return nil
}
