package github

import (
	"context"
	"net/http"
	"strings"
	"time"
)

// Fault is one scripted misbehaviour. Of those that match a request the first added that is not used up acts.
type Fault struct {
	Method string           // "" is every method
	Route  string           // see Matches; "" is every route
	When   func(Entry) bool // a further condition; nil is none. It must not call the server
	Skip   int              // how many matching requests are left alone first
	Times  int              // how many are hit; 0 is all of them

	// Before the simulation acts on the request, or with After between the act and the answer: the caller cannot tell
	// whether it took place.
	After  bool
	Delay  time.Duration // wait, then go on
	Hang   bool          // no answer ever; ends when the caller gives up
	Drop   bool          // close the connection without an answer
	Status int           // answer with this instead
	Header http.Header   // headers of that answer
	Body   string        // its body; GitHub's form of an error when empty
}

// fault is a Fault and how much of it is used up.
type fault struct {
	Fault
	seen int
}

// Fault adds a fault.
func (s *Server) Fault(f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, &fault{Fault: f})
}

// ClearFaults takes all faults away.
func (s *Server) ClearFaults() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
}

// Matches says whether the request was for the method ("" is any) and route: the end of one of the simulation's routes,
// "/actions/runners/{id}", whatever the name of its wildcard, or of a path, "/acme/actions/runners/7". A leading "/…" is
// for the reader.
func (e Entry) Matches(method, route string) bool {
	if method != "" && method != e.Method {
		return false
	}
	want := segments(strings.TrimPrefix(route, "/…"))
	return endsWith(segments(e.Route), want) || endsWith(segments(e.Path), want)
}

// segments splits a path and forgets the names of its wildcards.
func segments(path string) []string {
	parts := strings.Split(strings.Trim(path, "/"), "/")
	for i, p := range parts {
		if strings.HasPrefix(p, "{") {
			parts[i] = "{}"
		}
	}
	if parts[0] == "" {
		return nil
	}
	return parts
}

func endsWith(path, end []string) bool {
	if len(end) > len(path) {
		return false
	}
	for i, want := range end {
		if path[len(path)-len(end)+i] != want {
			return false
		}
	}
	return true
}

// pick returns the fault that hits this request, or nil, and uses it up by one.
func (s *Server) pick(e Entry, after bool) *Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.faults {
		if f.After != after || f.spent() || !e.Matches(f.Method, f.Route) || f.When != nil && !f.When(e) {
			continue
		}
		f.seen++
		if f.seen > f.Skip {
			return &f.Fault
		}
	}
	return nil
}

func (f *fault) spent() bool { return f.Times > 0 && f.seen >= f.Skip+f.Times }

// strike lets the fault do what it says. It returns the answer that replaces the simulation's own, if it has one.
func (f *Fault) strike(ctx context.Context) (answer, bool) {
	if f.Delay > 0 && !sleep(ctx, f.Delay) {
		return answer{aborted: true}, true
	}
	switch {
	case f.Hang:
		<-ctx.Done()
		return answer{aborted: true}, true
	case f.Drop:
		return answer{aborted: true}, true
	case f.Status == 0:
		return answer{}, false
	}
	a := refuse(f.Status, "%s", http.StatusText(f.Status))
	if f.Body != "" {
		a.body = []byte(f.Body)
	}
	for key, values := range f.Header {
		a.header[http.CanonicalHeaderKey(key)] = values
	}
	return a, true
}

// sleep returns false if ctx ended first.
func sleep(ctx context.Context, d time.Duration) bool {
	return pause(ctx, nil, d) == nil
}
