package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// stage is the world of one loop, in virtual time: GitHub, the machine and the listener, and a record of what was asked
// of them and when. Durations say how long something takes; a negative one is for ever, or until ctx ends.
type stage struct {
	persistent                            bool
	grace, start, idle, life              time.Duration
	boot, authenticate, register, connect time.Duration
	reconnect                             time.Duration // of a listener that is started again, if not 0
	fence, deregister, end                time.Duration // end: from the interrupt, or the end of the job
	failLaunch, stubborn                  bool
	lostAnswer                            bool                     // GitHub registers us, and we never hear of it
	mute                                  func(time.Duration) bool // GitHub does not answer questions then
	halfway                               bool                     // GitHub knows a registration that is cancelled on the way
	shielded                              bool                     // a registration on the way is not cancelled any more
	entered                               func(Phase)
	turned                                func(before, after Status)
	idler                                 bool // the listener takes jobs and does nothing about them
	deaf                                  bool // GitHub's answers do not heed ctx
	stuck                                 bool // Register does not heed ctx
	endings                               []Ending
	jobs                                  []job

	began    time.Time
	world    context.Context // of what is not the loop's: it ends with the play
	loop     *Loop
	mu       sync.Mutex
	record   []string
	planned  []Moments
	standing bool // GitHub knows the registration
	online   bool // somebody listens for it
	busy     bool // GitHub has given it a job
	worker   bool
	session  chan Action // to the listener that lives
	lost     bool        // a job was cancelled, or fell between the stools
}

// job is given to the runner, if GitHub knows it, some time after the beginning.
type job struct{ at, takes time.Duration }

// Times from GitHub's assignment of a job to the line and the worker of the listener.
const (
	toLine   = 300 * time.Millisecond
	toWorker = 200 * time.Millisecond // after the line
)

// cue is an event that is told to the loop at some time.
type cue struct {
	at    time.Duration
	event Event
}

// notice is a cue for a notice of an end that comes some time after it.
func notice(at, ahead time.Duration) cue { return cue{at, inTime{ahead}} }

// inTime is a notice whose moment is known only when it is given.
type inTime struct{ ahead time.Duration }

func (inTime) event() {}

// play runs the loop from its beginning to its end. It has to be called in a bubble.
func (s *stage) play(cues ...cue) Exit {
	world, end := context.WithCancel(context.Background())
	defer end()
	s.began, s.world = time.Now(), world
	plan := NewPlan(s.grace, s.start)
	plan.Idle, plan.Life = s.idle, s.life
	s.loop = New(Ports{Host: s, Registrar: s, Listener: s, Judge: s.judge, Observe: s.observe, Planned: s.plan}, plan)
	for _, c := range cues {
		time.AfterFunc(c.at, func() { s.give(c.event) })
	}
	time.AfterFunc(100*day, func() { s.note("endless"); s.loop.Stop(time.Now()) })
	if s.entered != nil {
		time.AfterFunc(0, func() { s.entered(Booting) })
	}
	for _, j := range s.jobs {
		time.AfterFunc(j.at, func() { s.assign(j) })
	}
	exit := s.loop.Run(Begin(!s.persistent))
	s.note("exit %d", exit.Code)
	return exit
}

func (s *stage) give(e Event) {
	if n, ok := e.(inTime); ok {
		s.loop.StopBy(time.Now().Add(n.ahead))
		return
	}
	s.loop.Tell(e)
}

func (s *stage) note(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.record = append(s.record, fmt.Sprint(time.Since(s.began), " ", fmt.Sprintf(format, args...)))
}

func (s *stage) judge(err error) (Exit, bool) {
	return Exit{Refused, err.Error()}, s.lostAnswer || s.halfway
}

func (s *stage) observe(before, after Status) {
	if s.turned != nil {
		s.turned(before, after)
	}
	switch {
	case before == after:
		s.note("[nothing new]")
	case before.Phase != after.Phase:
		s.note("[%s]", after.Phase)
		if s.entered != nil {
			s.entered(after.Phase)
		}
	}
}

func (s *stage) plan(m Moments) { s.planned = append(s.planned, m) }

// take lets time pass.
func (s *stage) take(ctx context.Context, d time.Duration) error {
	if d == 0 {
		return nil
	}
	var over <-chan time.Time
	if d > 0 {
		timer := time.NewTimer(d)
		defer timer.Stop()
		over = timer.C
	}
	select {
	case <-over:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *stage) Boot(ctx context.Context) error {
	s.note("boot")
	return s.take(ctx, s.boot)
}

func (s *stage) Authenticate(ctx context.Context) error {
	s.note("authenticate")
	return s.take(ctx, s.authenticate)
}

func (s *stage) Register(ctx context.Context) error {
	s.note("register")
	if s.stuck || s.shielded {
		ctx = s.world
	}
	if err := s.take(ctx, s.register); err != nil && !s.deaf {
		s.set(func() { s.standing = s.halfway })
		return err
	}
	s.set(func() { s.standing = true })
	if s.lostAnswer {
		return errors.New("no answer")
	}
	return nil
}

func (s *stage) Standing(context.Context) Standing {
	s.note("standing?")
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.mute != nil && s.mute(time.Since(s.began)):
		return Unclear
	case !s.standing:
		return Missing
	case s.busy:
		return Occupied
	case !s.online:
		return Offline
	}
	return Vacant
}

func (s *stage) Fence(ctx context.Context) Verdict {
	s.note("fence")
	return s.delete(ctx, s.fence)
}

func (s *stage) Deregister(ctx context.Context) Verdict {
	s.note("deregister")
	return s.delete(ctx, s.deregister)
}

// delete is GitHub's arbitration.
func (s *stage) delete(ctx context.Context, takes time.Duration) Verdict {
	if s.deaf {
		ctx = s.world
	}
	if s.take(ctx, takes) != nil {
		return Unknown
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.busy {
		return Busy
	}
	s.standing = false
	return Gone
}

func (s *stage) AwaitUpdate(ctx context.Context) bool {
	s.note("await update")
	s.take(ctx, 10*time.Second)
	return true
}

func (s *stage) set(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
}

func (s *stage) is(so func() bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return so()
}

// transcript returns the record, without the phases if they are of no interest.
func (s *stage) transcript(phases bool) []string {
	return slices.DeleteFunc(slices.Clone(s.record), func(line string) bool {
		return !phases && strings.HasSuffix(line, "]")
	})
}

// moment returns when something was noted first, and -1 if it never was.
func (s *stage) moment(what string) time.Duration {
	for _, line := range s.record {
		if at, noted, _ := strings.Cut(line, " "); noted == what {
			moment, _ := time.ParseDuration(at)
			return moment
		}
	}
	return -1
}

// expect compares the record with one line for each call and phase.
func (s *stage) expect(t *testing.T, lines ...string) {
	t.Helper()
	if got := s.transcript(true); !slices.Equal(got, lines) {
		t.Errorf("got\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(lines, "\n\t"))
	}
}

// bubble runs a test in virtual time. It also fails if a goroutine is left.
func bubble(t *testing.T, test func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, test)
}
