package lifecycle

// Action is something that the loop has to do. Most answer with an event.
type Action interface{ action() }

type (
	// Boot prepares the runner directory. Answers Booted or Failed.
	Boot struct{}
	// Authenticate makes the credential ready. Answers Authenticated or Failed.
	Authenticate struct{}
	// Register creates the registration, under a new identity if there was one before. Answers Registered or Failed.
	Register struct{}
	// Launch starts the listener. Answers Failed if that is impossible; all else is the listener's news.
	Launch struct{}
	// Watch looks whether a job that the listener took has a worker. Answers Watched.
	Watch struct{}
	// Probe asks GitHub for the registration of a runner that may be dead. Answers Probed.
	Probe struct{}
	// Check asks GitHub for the registration of a listener that wants to be restarted. Answers Checked.
	Check struct{}
	// AwaitUpdate waits for the runner's self-update. Answers Updated.
	AwaitUpdate struct{}
	// Cancel tells the steps in flight that we lost interest. They still answer.
	Cancel struct{}
	// Fence deletes the registration so that no job can be assigned. Answers Fenced.
	Fence struct{}
	// Look looks for a living worker process. Answers Looked.
	Look struct{}
	// Interrupt asks the listener to end (and to report a running job as cancelled).
	Interrupt struct{}
	// Kill ends the listener.
	Kill struct{}
	// Deregister makes sure that the registration is gone, after the listener has ended. Answers Deregistered.
	Deregister struct{}
	// Arm sets a timer, or sets it anew. Answers Expired.
	Arm struct{ Timer Timer }
	// Disarm stops a timer.
	Disarm struct{ Timer Timer }
)

func (Boot) action()         {}
func (Authenticate) action() {}
func (Register) action()     {}
func (Launch) action()       {}
func (Watch) action()        {}
func (Probe) action()        {}
func (Check) action()        {}
func (AwaitUpdate) action()  {}
func (Cancel) action()       {}
func (Fence) action()        {}
func (Look) action()         {}
func (Interrupt) action()    {}
func (Kill) action()         {}
func (Deregister) action()   {}
func (Arm) action()          {}
func (Disarm) action()       {}
