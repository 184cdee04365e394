package lifecycle

// Limits of what is tried again before a person has to look.
const (
	maxRestarts   = 5 // of a listener that asked for it, before it has proved itself
	maxIdentities = 3 // registered one after another because of session conflicts
	maxStuck      = 3 // self-updates that did not come to their end, one after another
	killingStop   = 3 // the stop signal that no longer waits
	maxProbes     = 4 // of questions to GitHub in a row, after which the time between two stays the same
)

// Status is everything the machine knows. It is a comparable value: two equal statuses behave alike for ever.
type Status struct {
	Phase Phase
	// Ephemeral is the policy: one job, then the listener ends by itself.
	Ephemeral bool
	// Registered says that GitHub may know a registration of ours.
	Registered bool
	// Listener says that the listener process lives.
	Listener bool
	// Job says that a job runs, as far as the listener's lines and its worker tell.
	Job bool
	// Served says that the last job has ended.
	Served bool
	// Leaving says that we are on the way out; it never becomes false again.
	Leaving bool
	// Interrupted says that the listener was asked to end.
	Interrupted bool
	// Fencing says that a request to fence is in flight.
	Fencing bool
	// Fence says what became of the last one.
	Fence FenceState
	// Bounded says that the way out has a deadline.
	Bounded bool
	// Stops counts stop requests, up to the one that kills.
	Stops uint8
	// Restarts counts starts of the listener that it asked for itself, since it last had proved itself.
	Restarts uint8
	// Identities counts registrations, likewise.
	Identities uint8
	// Stuck counts self-updates that were given up, since the last one that was not.
	Stuck uint8
	// Doubt says whether the job that the listener took has a worker.
	Doubt Doubt
	// Absent: GitHub has said that nobody listens, of a listener that was started again.
	Absent bool
	// Watching says that a look for that worker is in flight.
	Watching bool
	// Probing says that the watchdog has asked GitHub for the registration.
	Probing bool
	// Probes counts how often it has done so since the runner became idle, up to maxProbes; on the way out, how often GitHub
	// has said busy although no job is known.
	Probes uint8
	// Exit is how the program will end.
	Exit Exit
}

// Doubt is the watchdog's about a job: whether the listener that took it does anything about it.
type Doubt uint8

const (
	// NoDoubt: it has not been looked for a worker yet, or there was one.
	NoDoubt Doubt = iota
	// Doubted: there was no worker at the first look.
	Doubted
	// Suspected: nor at the second one. GitHub is asked before the runner is declared dead.
	Suspected
)

// FenceState says whether GitHub can still assign a job to us.
type FenceState uint8

const (
	// FenceOpen: it can.
	FenceOpen FenceState = iota
	// FenceShut: nobody can.
	FenceShut
	// FenceBroken: we could not find out, and stopped trying.
	FenceBroken
)

// Begin returns the status of a runner that has not begun, and its first actions.
func Begin(ephemeral bool) (Status, []Action) {
	return Status{Ephemeral: ephemeral}, []Action{Arm{StartBy}, Arm{LifeBy}, Boot{}}
}

// Continue returns the status of a runner that is registered and whose listener was not started yet, and its next actions.
func Continue(ephemeral bool) (Status, []Action) {
	s, actions := launch(Status{Ephemeral: ephemeral, Registered: true, Identities: 1})
	return s, append([]Action{Arm{StartBy}, Arm{LifeBy}}, actions...)
}

// Resume returns the status of a runner whose supervisor died: what it left behind, and the exit that this calls for.
// The way on is Leave: fence, let a job end, deregister.
func Resume(ephemeral, registered, listener, job bool, exit Exit) (Status, []Action) {
	s := Status{
		Phase: Listening, Ephemeral: ephemeral, Registered: registered, Listener: listener, Job: job, Identities: 1, Exit: exit,
	}
	if job {
		s.Phase = Running
	}
	return Next(s, Leave{})
}

// in returns the status in another phase.
func (s Status) in(p Phase) Status {
	s.Phase = p
	return s
}

// shaky says that the listener had to be started again, and has not proved itself since.
func (s Status) shaky() bool { return s.Restarts > 0 || s.Identities > 1 }

// steady forgets what a listener has proved to have overcome.
func (s Status) steady() Status {
	s.Restarts, s.Identities = 0, min(s.Identities, 1)
	return s
}

// done says that the one job of an ephemeral runner has ended: the listener is about to end by itself.
func (s Status) done() bool { return s.Ephemeral && s.Served && !s.Job }
