package lifecycle

import "time"

// Event is something that happened: the outcome of an action, a line of the listener, a signal, a timer. Every event is
// a comparable value.
type Event interface{ event() }

// Outcomes of the steps of boot.
type (
	// Booted ends Boot well.
	Booted struct{}
	// Authenticated ends Authenticate well.
	Authenticated struct{}
	// Registered ends Register well.
	Registered struct{}
	// Failed ends Boot, Authenticate, Register or Launch badly. Ghost says that GitHub may know a registration all the
	// same, because the request was sent and its answer never seen.
	Failed struct {
		Exit  Exit
		Ghost bool
	}
)

// News of the listener.
type (
	// Ready is the listener's `Listening for Jobs`: it has a session.
	Ready struct{}
	// JobStarted is the listener's `Running job:`.
	JobStarted struct{}
	// JobEnded is the listener's `completed with result:`.
	JobEnded struct{}
	// Looked answers Look: whether a worker process lives, the proof of a job.
	Looked struct{ Worker bool }
	// Watched answers Watch: whether the job that a listener took has a worker process.
	Watched struct{ Worker bool }
	// Probed answers Probe: what GitHub shows of the registration.
	Probed struct{ Standing Standing }
	// Checked answers Check in the same way.
	Checked struct{ Standing Standing }
	// Updated answers AwaitUpdate: the runner's self-update has finished, or we waited long enough.
	Updated struct{ Unfinished bool }
	// Ended is the end of the listener process, and of what it left behind, but for a self-update. Why says more of it, to
	// people; it may be empty.
	Ended struct {
		How Ending
		Why string
	}
)

// Wishes from outside.
type (
	// Stop asks the runner to leave within the grace period. The second one cuts a drain short, the third one kills.
	Stop struct{}
	// Leave asks the runner to leave when its job, if there is one, has ended, however long that takes. Exit is how it ends
	// then, unless there is more to say.
	Leave struct{ Exit Exit }
	// Notice says that everything ends at a moment, whatever we do: a spot instance that is taken back. It asks to leave
	// by then, and sooner where the grace period is over sooner. It is no stop signal: the one that follows it is the
	// first. Another notice can only bring the end nearer.
	Notice struct{ By time.Time }
)

// Answers of GitHub, and the clock.
type (
	// Fenced answers Fence.
	Fenced struct{ Verdict Verdict }
	// Deregistered answers Deregister.
	Deregistered struct{ Verdict Verdict }
	// Expired is a timer that Arm set.
	Expired struct{ Timer Timer }
)

func (Booted) event()        {}
func (Authenticated) event() {}
func (Registered) event()    {}
func (Failed) event()        {}
func (Ready) event()         {}
func (JobStarted) event()    {}
func (JobEnded) event()      {}
func (Looked) event()        {}
func (Watched) event()       {}
func (Probed) event()        {}
func (Checked) event()       {}
func (Updated) event()       {}
func (Ended) event()         {}
func (Stop) event()          {}
func (Leave) event()         {}
func (Notice) event()        {}
func (Fenced) event()        {}
func (Deregistered) event()  {}
func (Expired) event()       {}

// Ending says how the listener ended, by meaning rather than by number.
type Ending uint8

const (
	// Finished is a normal end, by the runner's exit code 0: the one job of an ephemeral runner, an interrupt, a registration
	// that GitHub dropped.
	Finished Ending = iota
	// Terminated is an end that a restart would not mend, by exit code 1: not configured, session refused, registration
	// deleted.
	Terminated
	// Retryable is an unexpected error, exit code 2: the listener asks to be started again.
	Retryable
	// Updating is a self-update in progress, exit code 3 or 4: the listener asks to be started again when it is over.
	Updating
	// Conflict is another session that holds our registration, exit code 5.
	Conflict
	// Outdated is a runner version that GitHub no longer accepts, exit code 7.
	Outdated
	// Crashed is every other end: a signal that was not ours, an exit code that the runner does not document.
	Crashed
	// OutOfMemory is an end by the kernel's OOM killer: the listener's own, or that of the worker, with its job.
	OutOfMemory
	// Unseen is the end of a listener that was not our child, so that nobody could tell us how it ended.
	Unseen
)

// Verdict is GitHub's answer to a request to delete the registration.
type Verdict uint8

const (
	// Gone: the registration does not exist any more; no job can be assigned to it.
	Gone Verdict = iota
	// Busy: GitHub refuses, because a job runs or is being assigned.
	Busy
	// Unknown: no answer that proves anything.
	Unknown
	// Kept: we were told to leave the registration alone.
	Kept
)

// Standing is what GitHub shows of a registration to whoever only looks.
type Standing uint8

const (
	// Unclear: no answer, or none that proves anything.
	Unclear Standing = iota
	// Missing: two different looks have proved that the registration does not exist any more.
	Missing
	// Vacant: it stands, and has no job.
	Vacant
	// Offline: it is vacant, and nobody listens for it.
	Offline
	// Occupied: it stands, and has a job.
	Occupied
	// Unasked: nobody can ask, without an API credential or with one that is expired or revoked.
	Unasked
)

// Timer names a moment that Arm waits for. Its length is the Plan's business.
type Timer uint8

const (
	// StartBy: boot has to be listening by then.
	StartBy Timer = iota
	// IdleBy: a runner that has listened without a job until then leaves.
	IdleBy
	// LifeBy: a runner has lived long enough then and leaves, after its job if it has one.
	LifeBy
	// FenceBy: the fence has to have answered by then.
	FenceBy
	// Settled: a job that was on its way when the fence closed would have arrived by then.
	Settled
	// FenceAgain: GitHub said busy but no job came; ask again.
	FenceAgain
	// DrainBy: a running job is cancelled then.
	DrainBy
	// LingerBy: an ephemeral listener has to have ended by then, counted from the end of its job.
	LingerBy
	// KillBy: an interrupted listener is killed then.
	KillBy
	// ExitBy: we exit then, whatever GitHub, the listener or a step of boot is still up to.
	ExitBy
	// WorkerBy: a job that the listener took has to have a worker by then.
	WorkerBy
	// ProbeAt: GitHub is asked then whether it still knows an idle runner, or whether one that was started again has come up.
	ProbeAt
	// RestartAt: a listener that asked for it is started again then.
	RestartAt
	// SteadyAt: a listener that had to be started again has proved itself then, and what came before is forgotten.
	SteadyAt
)
