package lifecycle

// Phase says where in its life the runner is. Phases only ever move down this list, but for three ways back: a
// persistent runner listens again after a job, a listener that asked to be restarted starts again, and a session
// conflict makes us register anew. None of the three is open once a stop has begun.
type Phase uint8

const (
	// Booting reads nothing from GitHub: the runner directory is found and stale identity files are wiped.
	Booting Phase = iota
	// Authenticating makes the credential ready for use.
	Authenticating
	// Registering lasts from the request that creates the registration to its answer.
	Registering
	// Starting is a listener process without a session: GitHub knows the runner, but shows it offline.
	Starting
	// Listening is an idle runner; GitHub may assign a job at any moment.
	Listening
	// Running is a runner with a job.
	Running
	// Stopping is a runner without a known job that is being fenced off and then interrupted.
	Stopping
	// Draining lets a job run on after a stop.
	Draining
	// Cancelling ends a job whose time is up: the listener has been interrupted and reports the job as cancelled.
	Cancelling
	// Deregistering makes sure that GitHub has forgotten the registration.
	Deregistering
	// Exited is the end.
	Exited
)

var phaseNames = [...]string{
	"booting", "authenticating", "registering", "starting", "listening", "running",
	"stopping", "draining", "cancelling", "deregistering", "exited",
}

// Phases returns every phase in order.
func Phases() []Phase {
	phases := make([]Phase, len(phaseNames))
	for i := range phases {
		phases[i] = Phase(i)
	}
	return phases
}

// String returns the phase as it stands in logs and metrics.
func (p Phase) String() string { return phaseNames[p] }
