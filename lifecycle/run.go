package lifecycle

import (
	"context"
	"sync/atomic"
	"time"
)

// Loop drives one runner: it applies Next to one event after the other and carries out the actions. It alone owns the
// status; everybody else sends events.
type Loop struct {
	ports  Ports
	plan   Plan
	events chan Event
	stops  chan time.Time // when each was asked for
	turns  chan struct{}  // see Turns
	over   chan struct{}
	begun  atomic.Bool

	// What follows belongs to the goroutine in Run.
	status  Status
	asked   time.Time // when the first stop was asked for
	moments Moments   // of the way out, once it has a deadline
	timers  map[Timer]time.Time
	cancel  context.CancelFunc // of the steps in flight
	steps   context.Context
}

// New returns a loop that has not begun.
func New(ports Ports, plan Plan) *Loop {
	return &Loop{
		ports: ports, plan: plan,
		events: make(chan Event), stops: make(chan time.Time, manyStops), turns: make(chan struct{}), over: make(chan struct{}),
		timers: make(map[Timer]time.Time),
	}
}

// Tell hands an event to the loop. It waits until the loop takes it, and returns at once when the loop is over. Safe
// for use by any goroutine.
func (l *Loop) Tell(e Event) {
	select {
	case l.events <- e:
	case <-l.over:
	}
}

// manyStops are more than anybody asks for before the loop takes the first one.
const manyStops = 16

// Stop tells the loop to Stop, before anything else that it has not been told yet. The grace period counts from the given
// time, of the first call. It does not wait for the loop, which finds the stop also if it has not begun: no step follows
// its first ones then. Safe for use by any goroutine.
func (l *Loop) Stop(since time.Time) {
	select {
	case l.stops <- since:
	case <-l.over:
	}
}

// StopBy tells the loop that everything ends at a time, whatever we do. It may be told so again. Safe for use by any
// goroutine.
func (l *Loop) StopBy(end time.Time) { l.Tell(Notice{end}) }

// Turns asks for a proof of life: it reports whether the loop comes round within a time. One that has not begun, or is over,
// has nothing to prove. Nothing but the question wakes the loop. Safe for use by any goroutine.
func (l *Loop) Turns(within time.Duration) bool {
	if !l.begun.Load() {
		return true
	}
	patience := time.NewTimer(within)
	defer patience.Stop()
	select {
	case l.turns <- struct{}{}:
	case <-l.over:
	case <-patience.C:
		return false
	}
	return true
}

// Run drives the runner from the given status and actions (of Begin or Resume) to its end, and returns how it ended.
// Steps that are still in flight then are cancelled, not waited for.
func (l *Loop) Run(s Status, actions []Action) Exit {
	l.steps, l.cancel = context.WithCancel(context.Background())
	defer func() { l.cancel(); close(l.over) }()
	l.observe(Status{}, s)
	l.status = s
	l.begun.Store(true)
	l.do(actions)
	clock := time.NewTimer(0)
	defer clock.Stop()
	for l.status.Phase != Exited {
		if len(l.stops) > 0 {
			l.stop(<-l.stops)
			continue
		}
		clock.Stop()
		if due, armed := l.earliest(); armed {
			clock.Reset(time.Until(due))
		}
		select {
		case since := <-l.stops:
			l.stop(since)
		case e := <-l.events:
			l.apply(e)
		case <-l.turns:
		case <-clock.C:
			l.expire(time.Now())
		}
	}
	return l.status.Exit
}

// stop is the turn of a stop that was asked for at a time.
func (l *Loop) stop(since time.Time) {
	if l.asked.IsZero() {
		l.asked = since
	}
	l.apply(Stop{})
}

// apply is one turn of the machine.
func (l *Loop) apply(e Event) {
	l.bound(e)
	before := l.status
	after, actions := Next(before, e)
	l.status = after
	l.observe(before, after)
	l.do(actions)
}

// bound puts a deadline on the way out: the first stop signal begins the grace period, and a notice says when everything
// ends. Whatever is later than what is planned already changes nothing.
func (l *Loop) bound(e Event) {
	moments := l.moments
	switch e := e.(type) {
	case Stop:
		if l.status.Stops > 0 {
			return
		}
		stop := l.asked
		if stop.IsZero() {
			stop = time.Now()
		}
		moments = moments.Or(l.plan.From(stop))
	case Notice:
		moments = moments.Or(l.plan.By(e.By, time.Now()))
	}
	if moments != l.moments && l.ports.Planned != nil {
		l.ports.Planned(moments)
	}
	l.moments = moments
}

func (l *Loop) observe(before, after Status) {
	if l.ports.Observe != nil && before != after {
		l.ports.Observe(before, after)
	}
}

// earliest returns when the next timer expires.
func (l *Loop) earliest() (due time.Time, armed bool) {
	for _, at := range l.timers {
		if !armed || at.Before(due) {
			due, armed = at, true
		}
	}
	return due, armed
}

// expire applies every timer that is due.
func (l *Loop) expire(now time.Time) {
	for t := StartBy; t <= SteadyAt; t++ {
		if at, armed := l.timers[t]; armed && !at.After(now) {
			delete(l.timers, t)
			l.apply(Expired{t})
		}
	}
}

func (l *Loop) do(actions []Action) {
	for _, a := range actions {
		l.start(a)
	}
}

// start carries out one action: what may take time in a goroutine of its own, whose answer comes back as an event.
func (l *Loop) start(a Action) {
	switch a := a.(type) {
	case Arm:
		if due, ever := l.plan.due(a.Timer, l.status, time.Now(), l.moments); ever {
			l.timers[a.Timer] = due
		}
	case Disarm:
		delete(l.timers, a.Timer)
	case Cancel:
		l.cancel()
		l.steps, l.cancel = context.WithCancel(context.Background())
	case Boot:
		l.step(l.ports.Host.Boot, Booted{})
	case Authenticate:
		l.step(l.ports.Registrar.Authenticate, Authenticated{})
	case Register:
		l.step(l.ports.Registrar.Register, Registered{})
	case Launch:
		l.launch()
	case AwaitUpdate:
		l.ask(func(ctx context.Context) Event { return Updated{Unfinished: !l.ports.Listener.AwaitUpdate(ctx)} })
	case Check:
		l.ask(func(ctx context.Context) Event { return Checked{l.ports.Registrar.Standing(ctx)} })
	case Fence:
		l.ask(func(ctx context.Context) Event { return Fenced{l.ports.Registrar.Fence(ctx)} })
	case Deregister:
		l.ask(func(ctx context.Context) Event { return Deregistered{l.ports.Registrar.Deregister(ctx)} })
	case Look:
		l.ask(func(context.Context) Event { return Looked{l.ports.Listener.Working()} })
	case Probe:
		l.ask(func(ctx context.Context) Event { return Probed{l.ports.Registrar.Standing(ctx)} })
	case Watch:
		l.ask(func(context.Context) Event { return Watched{l.ports.Listener.Working()} })
	case Interrupt:
		l.ports.Listener.Interrupt()
	case Kill:
		l.ports.Listener.Kill()
	}
}

// ask starts what answers with an event.
func (l *Loop) ask(question func(context.Context) Event) {
	ctx := l.steps
	go func() { l.Tell(question(ctx)) }()
}

// step starts a step of boot, which succeeds or fails.
func (l *Loop) step(step func(context.Context) error, success Event) {
	l.ask(func(ctx context.Context) Event {
		if err := step(ctx); err != nil {
			return l.judge(err)
		}
		return success
	})
}

func (l *Loop) judge(err error) Failed {
	exit, ghost := l.ports.Judge(err)
	return Failed{Exit: exit, Ghost: ghost}
}

// launch starts the listener, whose news come from its own goroutine. A failure counts before any other event: until
// then the listener is taken for alive, and might be asked to end.
func (l *Loop) launch() {
	if err := l.ports.Listener.Launch(l.Tell); err != nil {
		l.apply(l.judge(err))
	}
}
