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
	case before.Leaving && untimely(e) && (after.Status != before.Status || len(actions) > 0):
		return errors.New("a runner on its way out is disturbed by a timer of those that stay")
	case before.Leaving && !after.Leaving:
		return errors.New("a runner on its way out changed its mind")
	case before.Leaving && after.Phase != before.Phase && after.Phase <= Running:
		return fmt.Errorf("a runner on its way out went back from %s to %s", before.Phase, after.Phase)
	case after.Leaving && has(Boot{}, Authenticate{}, Register{}, Launch{}, Check{}, AwaitUpdate{}):
		return errors.New("a runner on its way out takes a step of boot")
	case has(Fence{}, Deregister{}) && !after.Registered:
		return errors.New("there is nothing to delete")
	case has(Kill{}) && e != (Expired{KillBy}) && (e != (Stop{}) || after.Stops < killingStop):
		return errors.New("the listener is killed before its time is up")
	case has(Kill{}) && !before.Interrupted:
		return errors.New("the listener is killed without having been asked to end")
	case has(Interrupt{}) && before.Job && e != (Expired{DrainBy}) && (e != (Stop{}) || after.Stops < 2):
		return errors.New("a running job is cancelled before its time is up")
	case has(Interrupt{}) && !before.Job && e == (Looked{}) && before.Registered && before.Fence == FenceOpen:
		return errors.New("an idle listener is interrupted without a fence")
	}
	return honest(after)
}

// untimely says whether an event is the end of a timer that is for runners that stay.
func untimely(e Event) bool {
	expired, ok := e.(Expired)
	return ok && loose.has(expired.Timer)
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
