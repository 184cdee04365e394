package lifecycle

import "slices"

// possible lists the events that may happen next, whatever they lead to.
func (w world) possible() []Event {
	events := slices.Concat(w.answers(), w.expiries(), []Event{Stop{}, Leave{}, Notice{}})
	if !w.Leaving {
		events = append(events, Expired{IdleBy}, Expired{LifeBy}, Expired{ProbeAt}, Expired{SteadyAt})
	}
	if w.Job {
		events = append(events, Expired{WorkerBy})
	}
	if w.process != none {
		events = append(events, Ready{}, JobStarted{}, JobEnded{})
		for how := Finished; how <= Unseen; how++ {
			events = append(events, Ended{How: how})
		}
	}
	return events
}

// answers lists every answer that is owed, in every version.
func (w world) answers() []Event {
	failures := []Event{Failed{Exit: refused}, Failed{Exit: refused, Ghost: true}}
	var events []Event
	for _, owed := range []struct {
		by      asked
		answers []Event
	}{
		{boot, append(failures, Booted{})},
		{authenticate, append(failures, Authenticated{})},
		{registering, append(failures, Registered{})},
		{checking, []Event{Checked{Missing}, Checked{Vacant}}},
		{probing, everyProbed()},
		{watching, []Event{Watched{Worker: true}, Watched{Worker: false}}},
		{awaitUpdate, []Event{Updated{}, Updated{Unfinished: true}}},
		{fencing, []Event{Fenced{Gone}, Fenced{Busy}, Fenced{Unknown}, Fenced{Kept}}},
		{deregister, []Event{Deregistered{Gone}, Deregistered{Busy}, Deregistered{Unknown}, Deregistered{Kept}}},
	} {
		if w.pending&owed.by != 0 {
			events = append(events, owed.answers...)
		}
	}
	if w.looks > 0 {
		events = append(events, Looked{Worker: true}, Looked{Worker: false})
	}
	if w.process == launched {
		events = append(events, failures[0])
	}
	if w.killed {
		events = append(events, Ended{How: Crashed})
	}
	return events
}

func (w world) expiries() []Event {
	var events []Event
	for t := StartBy; t <= SteadyAt; t++ {
		if w.armed.has(t) {
			events = append(events, Expired{t})
		}
	}
	return events
}

// refused is the exit of every step that fails in these worlds.
var refused = Exit{Refused, "refused"}

// everyEvent lists each event there is, in every version.
func everyEvent() []Event {
	events := []Event{
		Booted{}, Authenticated{}, Registered{}, Failed{Exit: refused}, Failed{Exit: refused, Ghost: true},
		Ready{}, JobStarted{}, JobEnded{}, Looked{true}, Looked{false}, Watched{true}, Watched{false}, Checked{Missing}, Checked{Vacant}, Updated{}, Updated{Unfinished: true},
		Stop{}, Leave{}, Notice{},
	}
	events = append(events, everyProbed()...)
	for how := Finished; how <= Unseen; how++ {
		events = append(events, Ended{How: how})
	}
	for v := Gone; v <= Kept; v++ {
		events = append(events, Fenced{v}, Deregistered{v})
	}
	for timer := StartBy; timer <= SteadyAt; timer++ {
		events = append(events, Expired{timer})
	}
	return events
}

// everyProbed lists what GitHub may show of a registration.
func everyProbed() []Event {
	var events []Event
	for shown := Unclear; shown <= Unasked; shown++ {
		events = append(events, Probed{shown})
	}
	return events
}
