package platform

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"
)

// Keys of log attributes.
const (
	keyError  = "error"  // what went wrong
	keyHint   = "hint"   // what to do about it
	keyReason = "reason" // why
)

// Protection asks a Guard for protection while jobs run. It has one goroutine then, and none else. A nil Protection is
// off.
type Protection struct {
	guard  Guard
	log    *slog.Logger
	insist bool

	mu      sync.Mutex
	jobs    int
	over    chan struct{}      // closed when the goroutine has ended; nil before the first
	turn    context.CancelFunc // ends what the goroutine does for the present number of jobs
	present context.Context
	looking bool // it looks for what somebody before us has left
	leaving bool // nobody waits for that any more
	refused bool // for good: no job asks again
	now     Standing
}

// NewProtection returns what protects the jobs to come. Who insists is told of a refusal as of an error.
func NewProtection(g Guard, log *slog.Logger, insist bool) *Protection {
	return &Protection{guard: g, log: log, insist: insist}
}

// Inherit gives up what a runner before us has left, if the guard is one that can tell. It is called before the first job,
// if at all, and waits for nobody.
func (p *Protection) Inherit() {
	if p == nil {
		return
	}
	if _, can := p.guard.(Heir); !can {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.present, p.turn = context.WithCancel(context.Background())
	p.over = make(chan struct{})
	go p.run(p.over, state{heir: true})
}

// JobStarted asks for protection. It waits for nobody.
func (p *Protection) JobStarted() { p.count(+1) }

// JobEnded gives the protection up if that was the last job. It waits for nobody, and does nothing without a job.
func (p *Protection) JobEnded() { p.count(-1) }

func (p *Protection) count(change int) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	was := p.jobs > 0
	p.jobs = max(p.jobs+change, 0)
	if was == (p.jobs > 0) {
		return
	}
	if p.turn != nil {
		p.turn()
	}
	p.present, p.turn = context.WithCancel(context.Background())
	if running := p.over != nil && !closed(p.over); !running && p.jobs > 0 && !p.refused {
		p.over = make(chan struct{})
		go p.run(p.over, state{})
	}
}

// Wait returns when what was asked for has been given up; what nobody has found yet stays. Its error is that ctx has ended
// before. No job starts any more.
func (p *Protection) Wait(ctx context.Context) error {
	if p == nil {
		return nil
	}
	over := p.leave()
	if over == nil {
		return nil
	}
	select {
	case <-over:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// leave ends a look, and returns what is closed when there is nothing left to wait for; nil if there never was.
func (p *Protection) leave() (over <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.leaving = true
	if p.looking {
		p.turn()
		p.present, p.turn = context.WithCancel(context.Background())
	}
	return p.over
}

// Standing tells what is known of the protection.
func (p *Protection) Standing() Standing {
	if p == nil {
		return Off
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.now == "" {
		return None
	}
	return p.now
}

func (p *Protection) note(s state) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.now = s.standing()
}

// run carries out what the state says until there is nothing to do.
func (p *Protection) run(over chan struct{}, s state) {
	for {
		ctx, todo := p.decide(s, over)
		if todo == end {
			return
		}
		var wait time.Duration
		s = s.sent(todo)
		p.note(s)
		switch todo {
		case protect:
			s, wait = p.protect(ctx, s)
		case release:
			s, wait = p.release(ctx, s)
		case look:
			s, wait = p.look(ctx, s)
		}
		p.note(s)
		rest(ctx, wait)
	}
}

// decide takes the next step. The last one is taken together with the news that nobody is there any more, so that no job
// starts in between.
func (p *Protection) decide(s state, over chan struct{}) (context.Context, step) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refused = s.refused
	s.heir = s.heir && !p.leaving
	todo := s.next(p.jobs > 0)
	p.looking = todo == look
	if todo == end {
		close(over)
	}
	return p.present, todo
}

// protect asks once, and returns how long to rest unless something changes. The end of the job does not cut it off: what is
// under way would come after the release that follows.
func (p *Protection) protect(ctx context.Context, s state) (state, time.Duration) {
	bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), protectTime)
	defer cancel()
	lease, err := p.guard.Protect(bounded)
	switch refusal, refused := errors.AsType[*Refusal](err); {
	case refused:
		p.tell(refusal)
		return state{refused: true}, 0
	case ctx.Err() != nil: // the job has ended, and whatever was granted is given up
		return s, 0
	case err != nil:
		if s.failures == 0 {
			p.log.Warn("cannot protect the job from scale-in, trying again", slog.Any(keyError, err))
		}
		return s.failed()
	case !s.held:
		p.log.Info("the job is protected from scale-in")
	}
	return s.granted(lease)
}

func (p *Protection) tell(r *Refusal) {
	level := r.Level
	if p.insist {
		level = slog.LevelError
	}
	attrs := []slog.Attr{slog.Any(keyError, r.Err)}
	if r.Hint != "" {
		attrs = append(attrs, slog.String(keyHint, r.Hint))
	}
	p.log.LogAttrs(context.Background(), level, "jobs are not protected from scale-in", attrs...)
}

// release gives it up once, and returns how long to rest unless something changes.
func (p *Protection) release(ctx context.Context, s state) (state, time.Duration) {
	bounded, cancel := context.WithTimeout(ctx, releaseTime)
	defer cancel()
	err := p.guard.Release(bounded)
	refusal, refused := errors.AsType[*Refusal](err)
	switch {
	case err == nil:
		p.log.Info("the protection from scale-in is given up")
		return state{}, 0
	case errors.Is(err, ErrShared):
		p.log.Info("the protection from scale-in stays", slog.Any(keyReason, err))
		return state{}, 0
	case ctx.Err() != nil: // another job has started
		s.held = false
		return s, 0
	case refused && !s.held: // the job was over before the platform could say so
		p.tell(refusal)
		return state{refused: true}, 0
	case refused:
		s.failures = releases - 1
	}
	s, wait := s.failed()
	if s.failures == releases {
		p.log.Warn("cannot give the protection from scale-in up: it lasts until it expires, or what is protected is gone", slog.Any(keyError, err))
		return s, 0
	}
	return s, wait
}

// look asks once whether somebody before us has left protection, and returns how long to rest unless something changes. A
// platform that does not tell is not spoken of: the next job asks it again.
func (p *Protection) look(ctx context.Context, s state) (state, time.Duration) {
	bounded, cancel := context.WithTimeout(ctx, protectTime)
	defer cancel()
	left, err := p.guard.(Heir).Inherited(bounded)
	switch refusal, refused := errors.AsType[*Refusal](err); {
	case refused:
		p.tell(refusal)
		return state{refused: true}, 0
	case ctx.Err() != nil: // a job has started, or we end
		return s, 0
	case err != nil:
		p.log.Debug("cannot look for protection that an earlier runner has left", slog.Any(keyError, err))
		return s.failed()
	case left:
		p.log.Info("a runner before this one has left its protection from scale-in")
	}
	return s.inherited(left), 0
}

// rest waits for a time, or until ctx ends.
func rest(ctx context.Context, wait time.Duration) {
	if wait == 0 {
		return
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

func closed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
