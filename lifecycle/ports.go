package lifecycle

import "context"

// Host is the machine the runner lives on.
type Host interface {
	// Boot finds and cleans the runner directory.
	Boot(ctx context.Context) error
}

// Registrar is GitHub, as far as the registration is concerned. When ctx ends, a method returns as soon as it can
// without leaving a request of unknown outcome behind.
type Registrar interface {
	// Authenticate makes the credential ready for use.
	Authenticate(ctx context.Context) error
	// Register creates the registration; called again, it gives up the one it made and creates another.
	Register(ctx context.Context) error
	// Standing looks what GitHub shows of the registration, and gives up after a while. Fence may be called meanwhile.
	Standing(ctx context.Context) Standing
	// Fence deletes the registration of a runner whose listener lives.
	Fence(ctx context.Context) Verdict
	// Deregister deletes the registration of a runner whose listener has ended.
	Deregister(ctx context.Context) Verdict
}

// Listener is the process that takes jobs.
type Listener interface {
	// Launch starts it. From then on tell is called with Ready, JobStarted and JobEnded, and once, last, with Ended.
	Launch(tell func(Event)) error
	// Working reports whether a worker process lives.
	Working() bool
	// Interrupt asks it to end.
	Interrupt()
	// Kill ends it.
	Kill()
	// AwaitUpdate waits for the runner's self-update to end, for a while, and reports whether it has.
	AwaitUpdate(ctx context.Context) bool
}

// Ports are all that the loop needs of the world.
type Ports struct {
	Host      Host
	Registrar Registrar
	Listener  Listener
	// Judge says with which exit an error of Boot, Authenticate, Register or Launch ends the program, and whether
	// GitHub may know a registration in spite of it.
	Judge func(error) (exit Exit, ghost bool)
	// Observe sees every status that differs from the one before it, in order, from the loop's own goroutine. It may
	// be nil.
	Observe func(before, after Status)
	// Planned is told the moments of a way out that has got a deadline, and again when they come nearer, from the loop's
	// own goroutine. It may be nil.
	Planned func(Moments)
}
