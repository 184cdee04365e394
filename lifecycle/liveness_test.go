package lifecycle

import (
	"errors"
	"fmt"
	"slices"
)

// maxRounds is how often all armed timers may have to expire, time after time, before a stop has ended: FenceBy, DrainBy,
// KillBy and ExitBy, one after the other.
const maxRounds = 4

// endings proves that a stop ends, whatever GitHub says and even if it says nothing: it remembers for every world how
// many rounds are left at most.
type endings struct {
	rounds map[world]int
	within map[world]bool // the worlds on the way to the one being looked at
}

func newEndings() *endings {
	return &endings{rounds: map[world]int{}, within: map[world]bool{}}
}

// stop stops the world, if it has no deadline yet, and follows it to its end.
func (d *endings) stop(w world, why Event) error {
	if !w.Bounded {
		var err error
		if w, _, err = w.happen(why); err != nil {
			return err
		}
	}
	rounds, err := d.longest(w)
	if err == nil && rounds > maxRounds {
		err = fmt.Errorf("a stop takes %d rounds", rounds)
	}
	return err
}

// longest returns the largest number of rounds in which a world may come to its end.
func (d *endings) longest(w world) (int, error) {
	if w.Phase == Exited {
		return 0, nil
	}
	if known, ok := d.rounds[w]; ok {
		return known, nil
	}
	if d.within[w] {
		return 0, errors.New("a stop goes round in circles")
	}
	d.within[w] = true
	defer delete(d.within, w)
	most := 0
	follow := func(next world, round int, err error) error {
		if err != nil {
			return err
		}
		rounds, err := d.longest(next)
		most = max(most, rounds+round)
		return err
	}
	for _, e := range w.owed() {
		next, _, err := w.happen(e)
		if err := follow(next, 0, err); err != nil {
			return 0, err
		}
	}
	if w.patient() {
		next, err := w.round()
		if err := follow(next, 1, err); err != nil {
			return 0, err
		}
	}
	d.rounds[w] = most
	return most, nil
}

// owed lists the answers that the world gives by itself: a listener that was asked to end may ignore it, GitHub may
// answer or not.
func (w world) owed() []Event {
	return slices.DeleteFunc(w.answers(), func(e Event) bool {
		_, failed := e.(Failed)
		return failed && w.process == launched // it may fail, but it may as well hang
	})
}

// patient says that time may pass: what is still owed is owed by GitHub alone, which may never answer.
func (w world) patient() bool {
	return w.pending&(boot|authenticate|registering|watching) == 0 && w.looks == 0 && !w.killed
}

// round lets every armed timer expire, in the order of their moments in the plan.
func (w world) round() (world, error) {
	if w.armed == 0 {
		return w, errors.New("there is nothing to wait for")
	}
	for _, e := range w.expiries() {
		var err error
		if w, _, err = w.happen(e); err != nil {
			return w, err
		}
	}
	return w, nil
}
