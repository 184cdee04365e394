package lifecycle

import (
	"errors"
	"fmt"
	"slices"
)

// promised judges one step of the machine, whether or not the event was to be expected.
func promised(before, after world, e Event, actions []Action) error {
	has := func(wanted ...Action) bool {
		return slices.ContainsFunc(actions, func(a Action) bool { return slices.Contains(wanted, a) })
	}
	switch {
	case before.Phase == Exited && (after.Status != before.Status || len(actions) > 0):
		return errors.New("there is life after the exit")
	case after.Phase == Listening && !after.Probing && (before.Phase != Listening || before.Probing) && !has(Arm{ProbeAt}):
		return errors.New("nobody looks after an idle runner any more")
	case after.doubted() && (!before.doubted() || e == (Expired{WorkerBy})) && !has(Arm{WorkerBy}):
		return errors.New("a doubt is forgotten")
	case before.Leaving && untimely(e) && (after.Status != before.Status || len(actions) > 0):
		return errors.New("a runner on its way out is disturbed by a timer of those that stay")
	case before.Leaving && !after.Leaving:
		return errors.New("a runner on its way out changed its mind")
	case before.Leaving && after.Phase != before.Phase && after.Phase <= Running:
		return fmt.Errorf("a runner on its way out went back from %s to %s", before.Phase, after.Phase)
	case after.Leaving && (has(Boot{}, Authenticate{}, Register{}, Launch{}, Check{}, AwaitUpdate{}) || has(Probe{}) && after.Doubt != Suspected):
		return errors.New("a runner on its way out takes a step of boot")
	case has(Fence{}, Deregister{}) && !after.Registered:
		return errors.New("there is nothing to delete")
	case has(Kill{}) && e != (Expired{KillBy}) && (e != (Stop{}) || after.Stops < killingStop):
		return errors.New("the listener is killed before its time is up")
	case has(Kill{}) && !before.Interrupted:
		return errors.New("the listener is killed without having been asked to end")
	case after.Exit.Code == DeadRunner && before.Exit.Code != DeadRunner && !before.proven(e):
		return errors.New("a runner is declared dead without a proof")
	case has(Interrupt{}) && before.Job && e != (Expired{DrainBy}) && (e != (Stop{}) || after.Stops < 2) && after.Exit.Code != DeadRunner:
		return errors.New("a running job is cancelled before its time is up")
	case has(Interrupt{}) && !before.Job && e == (Looked{}) && before.Registered && before.Fence == FenceOpen:
		return errors.New("an idle listener is interrupted without a fence")
	}
	return honest(after)
}

// proven says that an event proves a runner dead: an idle one that GitHub does not know, one that twice was offline after it
// was started again, a job that twice had no worker and is one all the same.
func (w world) proven(e Event) bool {
	shown, ok := e.(Probed)
	idle := (w.Phase == Listening || w.Phase == Starting) && w.Listener &&
		(shown.Standing == Missing || w.Phase == Starting && w.Absent && shown.Standing == Offline)
	return ok && (idle || w.Job && w.Doubt == Suspected && shown.Standing != Unclear && (w.Ephemeral || shown.Standing != Vacant && shown.Standing != Offline))
}

// doubted says that a job has no worker, and that nobody is looking into it at the moment.
func (w world) doubted() bool {
	return w.Job && !w.Interrupted && !w.Watching && (w.Doubt == Doubted || w.Doubt == Suspected && !w.Probing)
}

// untimely says whether an event is the end of a timer that is for runners that stay.
func untimely(e Event) bool {
	expired, ok := e.(Expired)
	return ok && early.has(expired.Timer)
}

// honest: the exit code says whether a registration is left.
func honest(w world) error {
	switch {
	case w.Phase != Exited:
		return nil
	case w.Registered != (w.Exit.Code == GhostLeft):
		return fmt.Errorf("exit %d with a registration left: %t", w.Exit.Code, w.Registered)
	case w.process != none && !w.killed:
		return errors.New("a listener that was not even killed outlives us")
	}
	return nil
}

// coherent compares what the status believes with what is true, and finds those who wait for nothing.
func (w world) coherent() error {
	switch {
	case w.Phase > Running && !w.Leaving:
		return fmt.Errorf("a runner is %s and believes that it stays", w.Phase)
	case w.Phase == Exited:
		return nil
	}
	waits := w.pending != 0 || w.looks > 0 || w.armed != 0 || w.killed
	switch {
	case w.Listener != (w.process != none):
		return fmt.Errorf("the status believes that the listener lives: %t", w.Listener)
	case w.Fencing != (w.pending&fencing != 0):
		return fmt.Errorf("the status believes that a fence is in flight: %t", w.Fencing)
	case w.Probing != (w.pending&probing != 0) || w.Watching != (w.pending&watching != 0):
		return errors.New("the status is wrong about what is being looked for")
	case !waits && w.process == none:
		return errors.New("nothing will ever happen again")
	case !waits && w.Bounded:
		return errors.New("only the listener's goodwill can end a way out that has a deadline")
	case w.Stops > 0 && !w.Bounded:
		return errors.New("a stop has no deadline")
	case w.Phase == Deregistering && !w.armed.has(ExitBy):
		return errors.New("nothing bounds the deregistration")
	}
	return nil
}
