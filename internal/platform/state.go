package platform

import (
	"math"
	"time"
)

// Lengths of the talk with a platform.
const (
	protectTime = 5 * time.Second // for one request; the job does not wait for it
	releaseTime = 2 * time.Second // for one request; the end of a runner waits for it
	firstPause  = 2 * time.Second // before a request that failed is repeated; doubled each time
	longPause   = time.Minute
	releases    = 3 // attempts; what is not released expires
	forever     = time.Duration(math.MaxInt64)
)

// step is what has to be done next.
type step int

const (
	end     step = iota // nothing: nobody has to stay for it
	protect             // ask for protection, or for more of it
	release             // give it up
	look                // whether somebody before us has left some
)

// state is what has been asked of the platform, and what came of it. It knows no clock and talks to nobody.
type state struct {
	heir     bool // somebody before us may have left protection
	asked    bool // it may protect us: a request was sent, whatever became of it
	held     bool // it said that it does
	refused  bool // it said that it never will
	last     step // the kind of the last request
	failures int  // of that kind, in a row
}

// next says what to do, with a job or without one.
func (s state) next(busy bool) step {
	switch {
	case busy && !s.refused:
		return protect
	case s.asked && !busy && (s.last != release || s.failures < releases):
		return release
	case s.heir && !busy && (s.last != look || s.failures < releases):
		return look
	}
	return end
}

// sent is before the answer to a request.
func (s state) sent(kind step) state {
	if s.last != kind {
		s.last, s.failures = kind, 0
	}
	s.asked, s.heir = s.asked || kind != look, s.heir && kind == look
	return s
}

// inherited follows the answer to a look.
func (s state) inherited(left bool) state {
	s.heir, s.asked = false, s.asked || left
	return s
}

// granted follows a request that was granted for a time, and returns when to ask for more: after half of it, so that
// there is time to ask again.
func (s state) granted(lease time.Duration) (state, time.Duration) {
	s.held, s.failures = true, 0
	if lease == 0 {
		return s, forever
	}
	return s, lease / 2
}

// failed follows a request that was not granted, and returns when to repeat it.
func (s state) failed() (state, time.Duration) {
	wait := min(firstPause<<min(s.failures, 10), longPause)
	s.failures++
	return s, wait
}
