package github

import (
	"context"
	"slices"
	"sync"
)

// Point is a point in the life of requests: of those that match, on their way to the simulation or, with After, when
// they have taken effect and are not answered yet.
type Point struct {
	Method, Route string           // as in Fault
	When          func(Entry) bool // a further condition; nil is none. It must not call the server
	After         bool
}

func (p Point) matches(e Entry, after bool) bool {
	return p.After == after && e.Matches(p.Method, p.Route) && (p.When == nil || p.When(e))
}

// Gate holds the first request that comes to its point until it is released, so that a test can act meanwhile.
type Gate struct {
	point    Point
	arrived  chan struct{}
	entry    Entry // set before arrived is closed
	released chan struct{}
	release  sync.Once
}

// Gate puts up a gate.
func (s *Server) Gate(at Point) *Gate {
	g := &Gate{point: at, arrived: make(chan struct{}), released: make(chan struct{})}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gates = append(s.gates, g)
	return g
}

// Arrived returns when a request is held, with what is known of it at that point.
func (g *Gate) Arrived(ctx context.Context) (Entry, error) {
	select {
	case <-g.arrived:
		return g.entry, nil
	case <-ctx.Done():
		return Entry{}, context.Cause(ctx)
	}
}

// Release lets the held request go on, or the next one pass unheld. It may be called more than once.
func (g *Gate) Release() { g.release.Do(func() { close(g.released) }) }

// hold runs the hooks for one point of a request and waits at its gate, if there is one.
func (s *Server) hold(ctx context.Context, e Entry, after bool) {
	s.mu.Lock()
	hooks := slices.Clone(s.arrivals)
	if after {
		hooks = slices.Clone(s.answers)
	}
	gate := s.takeGate(e, after)
	s.mu.Unlock()
	for _, hook := range hooks {
		hook(e)
	}
	if gate == nil {
		return
	}
	gate.entry = e
	close(gate.arrived)
	select {
	case <-gate.released:
	case <-ctx.Done():
	}
}

// takeGate returns the gate of this request and takes it down. The caller holds mu.
func (s *Server) takeGate(e Entry, after bool) *Gate {
	i := slices.IndexFunc(s.gates, func(g *Gate) bool { return g.point.matches(e, after) })
	if i < 0 {
		return nil
	}
	gate := s.gates[i]
	s.gates = slices.Delete(s.gates, i, i+1)
	return gate
}
