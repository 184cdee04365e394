package lifecycle

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// situation is what a reader wants to tell apart within a phase. It is reached by events, from the beginning.
type situation struct {
	title   string
	reached []Event
}

func situations() []situation {
	boot := []Event{Booted{}, Authenticated{}, Registered{}, Ready{}}
	in := func(title string, start []Event, more ...Event) situation {
		return situation{title, slices.Concat(start, more)}
	}
	listening, running := boot, append(slices.Clone(boot), JobStarted{})
	return []situation{
		in("booting", nil),
		in("booting, after a stop", nil, Stop{}),
		in("authenticating", boot[:1]),
		in("registering", boot[:2]),
		in("registering, after a stop", boot[:2], Stop{}),
		in("starting", boot[:3]),
		in("starting, GitHub is asked whether a restart makes sense", boot[:3], Ended{How: Retryable}),
		in("starting, a restart waits for its time", boot[:3], Ended{How: Retryable}, Checked{}),
		in("starting, the runner updates itself", boot[:3], Ended{How: Updating}),
		in("listening", listening),
		in("listening, GitHub is asked whether it knows the runner", listening, Expired{ProbeAt}),
		in("running", running),
		in("running, the job's worker is looked for", running, Expired{WorkerBy}),
		in("running, there is no worker and GitHub is asked", running, Expired{WorkerBy}, Watched{}, Expired{WorkerBy}, Watched{}),
		in("running, the one job is done", running, JobEnded{}),
		in("stopping, the fence is asked for", listening, Stop{}),
		in("stopping, the fence is shut", listening, Stop{}, Fenced{Gone}),
		in("stopping, a last look for a worker", listening, Stop{}, Fenced{Gone}, Expired{Settled}),
		in("stopping, the listener is interrupted", listening, Stop{}, Fenced{Gone}, Expired{Settled}, Looked{}),
		in("draining", running, Stop{}, Fenced{Busy}),
		in("draining, GitHub says busy but no job has come", listening, Stop{}, Fenced{Busy}),
		in("draining, the one job is done", running, Stop{}, Fenced{Busy}, JobEnded{}),
		in("cancelling", running, Stop{}, Fenced{Busy}, Expired{DrainBy}),
		in("cancelling, after a second signal", running, Stop{}, Fenced{Busy}, Stop{}),
		in("deregistering", running, Stop{}, Fenced{Busy}, Expired{DrainBy}, Ended{How: Finished}),
		in("deregistering, the fence has not answered yet", listening, Stop{}, Ended{How: Finished}),
	}
}

// world returns the situation of one kind of runner, and false if that kind never gets there.
func (s situation) world(t *testing.T, ephemeral bool) (world, bool) {
	t.Helper()
	w, err := outset(Begin(ephemeral))
	for _, e := range s.reached {
		if err == nil {
			w, _, err = w.happen(e)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	phase, _, _ := strings.Cut(s.title, ",")
	return w, w.Phase.String() == phase
}

// section is the table of a situation. What a persistent runner does differently stands in rows of its own.
func (s situation) section(t *testing.T) string {
	t.Helper()
	one, _ := s.world(t, true)
	rows := rowsOf(one)
	if other, ok := s.world(t, false); ok {
		rows = append(rows, different(rows, rowsOf(other))...)
	}
	var section strings.Builder
	fmt.Fprintf(&section, "\n### %s\n\n| when | then | do |\n|---|---|---|\n", s.title)
	for _, r := range rows {
		fmt.Fprintf(&section, "| %s | %s | %s |\n", r.when(one), r.then, r.do)
	}
	return section.String()
}

// row is an outcome and all the events that lead to it.
type row struct {
	events     []Event
	then, do   string
	persistent bool
}

// rowsOf lists what may happen and shows.
func rowsOf(w world) []row {
	var rows []row
	for _, e := range w.possible() {
		next, actions := Next(w.Status, e)
		r := row{events: []Event{e}, then: then(w.Status, next), do: do(actions)}
		i := slices.IndexFunc(rows, func(o row) bool { return o.then == r.then && o.do == r.do })
		switch {
		case r.then == nothing && r.do == nothing:
		case i < 0:
			rows = append(rows, r)
		case !slices.Contains(rows[i].events, e):
			rows[i].events = append(rows[i].events, e)
		}
	}
	return rows
}

// different lists what of a persistent runner is not true of an ephemeral one.
func different(ephemeral, persistent []row) []row {
	var rows []row
	for _, r := range persistent {
		r.persistent = true
		r.events = slices.DeleteFunc(r.events, func(e Event) bool {
			return slices.ContainsFunc(ephemeral, func(o row) bool {
				return o.then == r.then && o.do == r.do && slices.Contains(o.events, e)
			})
		})
		if len(r.events) > 0 {
			rows = append(rows, r)
		}
	}
	return rows
}

// when names the events of a row: the variants of one event together, and none if it is all of them.
func (r row) when(w world) string {
	var names []string
	variants := map[string][]string{}
	for _, e := range r.events {
		name, variant := parts(e)
		if variants[name] == nil {
			names = append(names, name)
		}
		variants[name] = append(variants[name], variant)
	}
	for i, name := range names {
		names[i] = "`" + name + "`"
		if v := strings.Join(variants[name], ", "); v != "" && len(variants[name]) < w.variants(name) {
			names[i] += ": " + v
		}
		if r.persistent {
			names[i] += ", if persistent"
		}
	}
	return strings.Join(names, "<br>")
}

// variants counts the events of a name that may happen.
func (w world) variants(name string) int {
	seen := map[Event]bool{}
	for _, e := range w.possible() {
		if bare(e) == name {
			seen[e] = true
		}
	}
	if name == "Expired" {
		return len(timerNames) // always named: which timers are armed is not for the reader to know
	}
	return len(seen)
}

// nothing stands where nothing changes.
const nothing = "–"

// then is the phase that follows, and the exit if that is decided now.
func then(before, after Status) string {
	var text []string
	if after.Phase != before.Phase {
		text = append(text, "**"+after.Phase.String()+"**")
	}
	switch {
	case after.Exit == refused:
		text = append(text, "to exit with what the failure calls for")
	case after.Exit != before.Exit:
		text = append(text, fmt.Sprintf("to exit with %d: %s", after.Exit.Code, after.Exit.Reason))
	}
	return cmp.Or(strings.Join(text, ", "), nothing)
}

// do lists the actions that matter to a reader: that a timer is no longer needed does not.
func do(actions []Action) string {
	names := []string{}
	for _, a := range actions {
		if _, disarm := a.(Disarm); !disarm {
			names = append(names, "`"+actionName(a)+"`")
		}
	}
	return cmp.Or(strings.Join(names, ", "), nothing)
}
