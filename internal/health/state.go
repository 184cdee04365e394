package health

import (
	"sync/atomic"
	"time"
)

// State is how the runner is. It may be used by several goroutines at a time. The zero State says that nothing is known
// yet.
type State struct {
	now   atomic.Pointer[answer]
	lacks atomic.Bool // what jobs need
	proof atomic.Pointer[func(time.Duration) bool]
}

type answer struct {
	phase string
	ready bool
	stuck bool // who would change the phase does not come round any more
}

// proofTime is how long a proof of life may take. It is the time that Kubernetes gives to a probe.
const proofTime = time.Second

// Prove has each answer to a health check wait for a proof that the runner is looked after, which is false if there was none
// within the time.
func (s *State) Prove(proof func(within time.Duration) bool) { s.proof.Store(&proof) }

// Set notes the phase, one word, and whether jobs are or can be taken in it.
func (s *State) Set(phase string, ready bool) { s.now.Store(&answer{phase: phase, ready: ready}) }

// Lack notes whether something is missing that jobs need: no phase is ready then.
func (s *State) Lack(missing bool) { s.lacks.Store(missing) }

// Phase returns the phase.
func (s *State) Phase() string { return s.read().phase }

// Ready reports whether jobs are or can be taken.
func (s *State) Ready() bool { return s.read().ready }

func (s *State) read() answer {
	if now := s.now.Load(); now != nil {
		return answer{phase: now.phase, ready: now.ready && !s.lacks.Load()}
	}
	return answer{phase: "booting"}
}

// examine is read, for a health check.
func (s *State) examine() answer {
	now := s.read()
	if proof := s.proof.Load(); proof != nil && !(*proof)(proofTime) {
		now.ready, now.stuck = false, true
	}
	return now
}

// The first word of an answer over the socket; the second one is the phase.
const (
	readyWord = "ready"
	aliveWord = "alive"
	stuckWord = "stuck"
)

func (a answer) String() string {
	switch {
	case a.stuck:
		return stuckWord + " " + a.phase
	case a.ready:
		return readyWord + " " + a.phase
	}
	return aliveWord + " " + a.phase
}
