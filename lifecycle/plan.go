package lifecycle

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// Lengths that no grace period bounds.
const (
	settle     = time.Second      // a job message takes well under a second from assignment to `Running job:`
	lateFence  = 5 * time.Second  // for the answer to a fence that is asked for at the end of a drain
	fenceAgain = 2 * time.Second  // between two questions whether GitHub still says busy; doubled each time, to 16 s
	linger     = 30 * time.Second // an ephemeral listener cleans up after its job in a second or two
	patience   = time.Minute      // for the steps of a way out that has no deadline
	restart    = 5 * time.Second  // what run.sh waits before it starts the listener again; doubled each time
	proof      = time.Minute      // a listener that fails within a minute of its session will do so again
	shortDrain = 30 * time.Second // a grace period that lets a job run on for less than this is worth a warning
)

// Plan divides the grace period: moments counted from the stop signal. A platform that runs out of patience kills us
// (docker stop -t, ECS stopTimeout, terminationGracePeriodSeconds), so each step ends early enough for the next.
type Plan struct {
	// Grace is what the platform gives us.
	Grace time.Duration
	// Fence is when we stop waiting for GitHub's answer to the fence.
	Fence time.Duration
	// Drain is when a running job is cancelled.
	Drain time.Duration
	// Kill is when a listener that was interrupted and did not end is killed.
	Kill time.Duration
	// Exit is when the runner's end is over, whatever GitHub says.
	Exit time.Duration
	// End is when what is stopped after the runner is over, too. Without any such thing it is Exit.
	End time.Duration
	// Start is the time from the beginning to listening; it has nothing to do with a stop.
	Start time.Duration
	// Idle is how long a runner may listen without a job, counted anew after each one. Zero is for ever.
	Idle time.Duration
	// Life is how long a runner may live before it leaves. Zero is for ever.
	Life time.Duration
	// Chance returns a random time below the given one. It may be nil.
	Chance func(below time.Duration) time.Duration
}

// NewPlan divides a grace period. What a job does not get is the reserve: 20 s, but never more than half. Of the reserve
// a quarter is for the deregistration and at most a second for getting out; the rest is for the runner, which gives a
// step up to 10 s to end and then uploads its logs.
func NewPlan(grace, start time.Duration) Plan {
	reserve := min(grace/2, 20*time.Second)
	margin := min(reserve/10, time.Second)
	p := Plan{Grace: grace, Start: start, Exit: grace - margin, Drain: grace - reserve}
	p.Kill = p.Exit - reserve/4
	p.Fence = min(p.Drain*4/5, 30*time.Second)
	p.End = p.Exit
	return p
}

// KeepBack keeps some of the grace period for what is stopped after the runner, but never more than a fifth of it.
func (p Plan) KeepBack(after time.Duration) Plan {
	q := NewPlan(p.Grace-min(after, p.Grace/5), p.Start)
	q.Grace, q.End = p.Grace, p.End
	q.Idle, q.Life, q.Chance = p.Idle, p.Life, p.Chance
	return q
}

// Warning says what is wrong with a grace period that is too short for a drain, or nothing.
func (p Plan) Warning() string {
	if p.Drain >= shortDrain {
		return ""
	}
	return fmt.Sprintf("a stop lets a running job run on for %s only: RUNNER_STOP_TIMEOUT is %s, of which %s are kept to cancel the job and to deregister; raise the platform's grace period and RUNNER_STOP_TIMEOUT together",
		p.Drain, p.Grace, p.Grace-p.Drain)
}

// Moments are a plan put on the clock. The zero value is a way out without a deadline.
type Moments struct{ Fence, Drain, Kill, Exit, End time.Time }

// From returns the moments of a stop whose grace period began at a time.
func (p Plan) From(stop time.Time) Moments {
	return Moments{stop.Add(p.Fence), stop.Add(p.Drain), stop.Add(p.Kill), stop.Add(p.Exit), stop.Add(p.End)}
}

// By returns the moments of a notice that came now: the time that is left is divided as the grace period is, and never
// longer than that. An end that is past leaves a second all the same, since nobody knows whose clock is right.
func (p Plan) By(end, now time.Time) Moments {
	left := max(end.Sub(now), time.Second)
	return NewPlan(min(left, p.Grace), p.Start).KeepBack(p.End - p.Exit).From(now)
}

// Or returns the earlier one of each of the moments, so that what comes later never lengthens a way out.
func (m Moments) Or(o Moments) Moments {
	if m == (Moments{}) {
		return o
	}
	earlier := func(a, b time.Time) time.Time {
		if b.Before(a) {
			return b
		}
		return a
	}
	return Moments{earlier(m.Fence, o.Fence), earlier(m.Drain, o.Drain), earlier(m.Kill, o.Kill), earlier(m.Exit, o.Exit), earlier(m.End, o.End)}
}

// due returns when a timer that is set now expires. The second result is false if it never does.
func (p Plan) due(t Timer, s Status, now time.Time, m Moments) (time.Time, bool) {
	switch t {
	case StartBy:
		return now.Add(p.Start), p.Start > 0
	case IdleBy:
		return now.Add(p.Idle), p.Idle > 0
	case LifeBy:
		return now.Add(p.Life), p.Life > 0
	case Settled:
		return now.Add(p.settle(now, m)), true
	case FenceAgain:
		return now.Add(fenceAgain << (s.Probes - 1)), true
	case LingerBy:
		return now.Add(linger), true
	case WorkerBy:
		return now.Add([...]time.Duration{firstLook, secondLook, lookAgain}[s.Doubt]), true
	case ProbeAt:
		wait := probePause(s.Probes)
		chance := rand.N[time.Duration]
		if p.Chance != nil {
			chance = p.Chance
		}
		return now.Add(wait + chance(wait/4)), true // runners that started together do not ask together
	case SteadyAt:
		return now.Add(proof), true
	case RestartAt:
		return now.Add(restart << (s.Restarts - 1)), true
	}
	if m == (Moments{}) {
		return now.Add(patience), t != DrainBy
	}
	switch t {
	case FenceBy:
		return p.fence(now, m), true
	case DrainBy:
		return m.Drain, true
	case KillBy:
		return m.Kill, true
	default:
		return m.Exit, true
	}
}

// fence returns when an answer to a fence that is asked for now is given up. One that follows a drain comes when the moment
// of the plan is past: it gets some of the time that an idle listener does not need to end.
func (p Plan) fence(now time.Time, m Moments) time.Time {
	late := now.Add(min(p.Fence, lateFence))
	if limit := m.Drain.Add(m.Kill.Sub(m.Drain) / 2); late.After(limit) {
		late = limit
	}
	if late.Before(m.Fence) {
		return m.Fence
	}
	return late
}

// settle is how long a job that was on its way is waited for: less where the end is near, since the listener has to end too.
func (p Plan) settle(now time.Time, m Moments) time.Duration {
	wait := min(settle, p.Drain/4)
	if m == (Moments{}) {
		return wait
	}
	return min(wait, max(m.Kill.Sub(now), 0)/4)
}

// probePause is the least time before GitHub is asked for an idle runner, which was done a number of times before.
func probePause(probes uint8) time.Duration {
	wait := firstProbe
	for range probes {
		wait *= 3
	}
	return min(wait, longestProbe)
}
