package lifecycle

import (
	"fmt"
	"strings"
	"sync"
	"testing"
)

// TestEveryWorld walks through every world that can be reached, so that what it finds holds by exhaustion; then it stops
// each of them, by a signal and by a notice.
func TestEveryWorld(t *testing.T) {
	k := everything()
	if k.err != nil {
		t.Fatalf("%v\n%s", k.err, k.story)
	}
	for i, d := 0, newEndings(); i < len(k.queue); i++ {
		for _, why := range []Event{Stop{}, Notice{}} {
			if err := d.stop(k.queue[i], why); err != nil {
				t.Fatalf("%v\n%s", err, k.tell(i, why))
			}
		}
	}
	t.Logf("%d worlds, %d statuses", len(k.queue), k.statuses())
}

// everything is the walk from every outset, once for all tests.
var everything = sync.OnceValue(func() *walk {
	k := &walk{came: map[world]step{}, ways: map[way]bool{}}
	k.err = k.from(outsets())
	return k
})

// outsets are the ways in which a life begins.
func outsets() map[string]func() (Status, []Action) {
	begins := map[string]func() (Status, []Action){
		"ephemeral":  func() (Status, []Action) { return Begin(true) },
		"persistent": func() (Status, []Action) { return Begin(false) },
		"continued":  func() (Status, []Action) { return Continue(true) },
	}
	for i := range 16 {
		ephemeral, registered, listener, job := i&1 != 0, i&2 != 0, i&4 != 0, i&8 != 0
		if job && !listener {
			continue
		}
		name := fmt.Sprintf("resumed/ephemeral=%t/registered=%t/listener=%t/job=%t", ephemeral, registered, listener, job)
		begins[name] = func() (Status, []Action) {
			return Resume(ephemeral, registered, listener, job, Exit{RunnerFailed, "the supervisor died"})
		}
	}
	return begins
}

// walk is a breadth-first walk: the first story that breaks a promise is the shortest there is.
type walk struct {
	queue []world
	came  map[world]step
	ways  map[way]bool // all that lead from one phase to another one
	story string       // of the error
	err   error
}

// way leads from one phase to another.
type way struct {
	from, to Phase
	event    Event
}

// step is how a world was reached first.
type step struct {
	from   int // index in the queue, or -1
	event  Event
	outset string // which it is, if it is one
}

func (k *walk) from(outsets map[string]func() (Status, []Action)) error {
	for name, begin := range outsets {
		first, err := outset(begin())
		if err != nil {
			k.story = name
			return err
		}
		if _, known := k.came[first]; !known {
			k.came[first] = step{from: -1, outset: name}
			k.queue = append(k.queue, first)
		}
	}
	for i := 0; i < len(k.queue); i++ {
		for _, e := range k.queue[i].possible() {
			next, _, err := k.queue[i].happen(e)
			if err != nil {
				k.story = k.tell(i, e)
				return err
			}
			if from, to := k.queue[i].Phase, next.Phase; from != to {
				k.ways[way{from, to, e}] = true
			}
			if _, known := k.came[next]; !known {
				k.came[next] = step{from: i, event: e}
				k.queue = append(k.queue, next)
			}
		}
	}
	return nil
}

// tell returns the events that lead through a world.
func (k *walk) tell(i int, last Event) string {
	lines := []string{line(k.queue[i], last)}
	for i >= 0 {
		came := k.came[k.queue[i]]
		if came.from >= 0 {
			lines = append([]string{line(k.queue[came.from], came.event)}, lines...)
		} else {
			lines = append([]string{came.outset}, lines...)
		}
		i = came.from
	}
	return strings.Join(lines, "\n")
}

func line(w world, e Event) string {
	s, actions := Next(w.Status, e)
	return fmt.Sprintf("%-15s %#v -> %s %v", w.Phase, e, s.Phase, actions)
}

func (k *walk) statuses() int {
	seen := map[Status]bool{}
	for _, w := range k.queue {
		seen[w.Status] = true
	}
	return len(seen)
}
