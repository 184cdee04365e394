package health

import "sync/atomic"

// State is how the runner is. It may be used by several goroutines at a time. The zero State says that nothing is known
// yet.
type State struct {
	now   atomic.Pointer[answer]
	lacks atomic.Bool // what jobs need
}

type answer struct {
	phase string
	ready bool
}

// Set notes the phase, one word, and whether jobs are or can be taken in it.
func (s *State) Set(phase string, ready bool) { s.now.Store(&answer{phase, ready}) }

// Lack notes whether something is missing that jobs need: no phase is ready then.
func (s *State) Lack(missing bool) { s.lacks.Store(missing) }

// Phase returns the phase.
func (s *State) Phase() string { return s.read().phase }

// Ready reports whether jobs are or can be taken.
func (s *State) Ready() bool { return s.read().ready }

func (s *State) read() answer {
	if now := s.now.Load(); now != nil {
		return answer{now.phase, now.ready && !s.lacks.Load()}
	}
	return answer{phase: "booting"}
}

// The first word of an answer over the socket; the second one is the phase.
const (
	readyWord = "ready"
	aliveWord = "alive"
)

func (a answer) String() string {
	if a.ready {
		return readyWord + " " + a.phase
	}
	return aliveWord + " " + a.phase
}
