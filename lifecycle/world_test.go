package lifecycle

import (
	"errors"
	"fmt"
	"slices"
)

// world is a status and all that may still happen to it: the steps that have not answered, the timers that are armed,
// the listener that may speak. It is a comparable value, so that worlds can be counted.
type world struct {
	Status

	pending   asked
	looks     uint8 // Looks in flight, up to maxLooks: the one step that may be asked for again before it has answered
	armed     timers
	process   process
	killed    bool // Kill was sent and the end of the process is due
	interrupt bool // this listener was interrupted
	delete    bool // this registration was deregistered
}

// maxLooks is how many answers of Look a world tells apart: enough for a late one to meet a new one.
const maxLooks = 2

// process is the truth about the listener, which the status only believes.
type process uint8

const (
	none     process = iota
	launched         // the Launch is under way: it may still fail
	alive
)

// asked is a set of steps that owe an answer.
type asked uint16

const (
	boot asked = 1 << iota
	authenticate
	registering
	checking
	awaitUpdate
	fencing
	deregister
	watching
	probing
)

// timers is a set of armed timers.
type timers uint16

func (t timers) has(x Timer) bool { return t&(1<<x) != 0 }

// Loose timers may expire at any time, or never, so nobody may wait for them: how long a runner may idle and live is for
// the user to say, and the watchdog only looks. All but the one for a job mean nothing to a runner on its way out, which
// promised proves.
const loose, early = early | 1<<WorkerBy, timers(1<<IdleBy | 1<<LifeBy | 1<<ProbeAt | 1<<SteadyAt)

// outset is the world at the beginning.
func outset(s Status, actions []Action) (world, error) {
	w := world{Status: s.forget()}
	if s.Listener && !slices.Contains(actions, Action(Launch{})) {
		w.process = alive
	}
	return w.record(actions)
}

// happen lets an event happen that the world allows, and returns what becomes of it. The error says which promise broke.
func (w world) happen(e Event) (world, []Action, error) {
	next := w.settled(e)
	s, actions := Next(w.Status, e)
	next.Status = s.forget()
	if err := forgetful(w.Status, e, next.Status, actions); err != nil {
		return next, actions, err
	}
	if err := promised(w, next, e, actions); err != nil {
		return next, actions, err
	}
	next, err := next.record(actions)
	if next.unwatched() {
		next.pending &^= watching | probing
	}
	if err == nil {
		err = next.coherent()
	}
	return next, actions, err
}

// forget drops what means nothing: the four counters on the way out, the reason of an end that has a code of
// its own, and the watchdog where nobody listens to it. Without them there are many times fewer worlds.
func (s Status) forget() Status {
	if s.forgets() {
		s.Restarts, s.Identities, s.Stuck, s.Probes = 0, 0, 0, 0
	}
	if s.Exit.Code == OK || s.Exit.Code == GhostLeft || s.Exit.Code == DeadRunner {
		s.Exit.Reason = ""
	}
	if s.unwatched() {
		s.Watching, s.Probing = false, false
	}
	return s
}

// unwatched says that the watchdog's questions do not matter any more, whatever is answered.
func (s Status) unwatched() bool { return s.Interrupted || s.Phase >= Deregistering }

func (s Status) forgets() bool { return s.Leaving && s.Phase > Registering }

// forgetful proves that forget is allowed: with the counters at their ends, with a reason, and with a watchdog that waits
// for answers, the same comes of it.
func forgetful(before Status, e Event, after Status, actions []Action) error {
	if !before.forgets() {
		return nil
	}
	before.Restarts, before.Identities, before.Stuck, before.Probes = maxRestarts, maxIdentities, maxStuck, maxProbes
	if before.Exit.Code == OK {
		before.Exit.Reason = "anything"
	}
	if before.unwatched() {
		before.Watching, before.Probing = true, true
	}
	if s, same := Next(before, e); s.forget() != after || !slices.Equal(same, actions) {
		return errors.New("what is forgotten matters on the way out")
	}
	return nil
}

// settled strikes out what an event answers.
func (w world) settled(e Event) world {
	switch e := e.(type) {
	case Booted:
		w.pending &^= boot
	case Authenticated:
		w.pending &^= authenticate
	case Registered:
		w.pending &^= registering
	case Failed:
		if w.pending&(boot|authenticate|registering) == 0 {
			w.process = none
		}
		w.pending &^= boot | authenticate | registering
	case Checked:
		w.pending &^= checking
	case Probed:
		w.pending &^= probing
	case Watched:
		w.pending &^= watching
	case Updated:
		w.pending &^= awaitUpdate
	case Fenced:
		w.pending &^= fencing
	case Deregistered:
		w.pending &^= deregister
	case Looked:
		w.looks = max(w.looks, 1) - 1
	case Ready, JobStarted, JobEnded:
		if w.process == launched {
			w.process = alive
		}
	case Ended:
		w.process, w.killed = none, false
	case Expired:
		w.armed &^= 1 << e.Timer
	}
	return w
}

// steps maps the actions that owe exactly one answer.
var steps = map[Action]asked{
	Boot{}: boot, Authenticate{}: authenticate, Register{}: registering, Check{}: checking, Watch{}: watching, Probe{}: probing,
	AwaitUpdate{}: awaitUpdate, Fence{}: fencing, Deregister{}: deregister,
}

// record notes what the machine asked for.
func (w world) record(actions []Action) (world, error) {
	for _, a := range actions {
		step := steps[a]
		if w.pending&step != 0 {
			return w, fmt.Errorf("%T is asked for while another one is in flight", a)
		}
		if step&(fencing|deregister) != 0 && w.pending&(fencing|deregister) != 0 {
			return w, fmt.Errorf("%T is asked for while another deletion is in flight", a)
		}
		w.pending |= step
		switch a := a.(type) {
		case Register:
			w.delete = false
		case Deregister:
			if w.delete {
				return w, errors.New("the same registration is deregistered twice")
			}
			w.delete = true
		case Launch:
			if w.process != none {
				return w, errors.New("a listener is launched while another one lives")
			}
			w.process, w.interrupt = launched, false
		case Interrupt:
			if w.interrupt {
				return w, errors.New("the same listener is interrupted twice")
			}
			w.interrupt = true
		case Kill:
			w.killed = w.process != none
		case Look:
			w.looks = min(w.looks+1, maxLooks)
		case Arm:
			w.armed |= 1 << a.Timer &^ loose
		case Disarm:
			w.armed &^= 1 << a.Timer
		}
	}
	return w, nil
}
