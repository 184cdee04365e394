// Package lifecycle is the life of one runner: a pure state machine (Next), the loop that drives it (Run) and the ports
// through which it acts on the world.
//
// Next has no clock, does no I/O and starts no goroutine: time enters as an event (Expired) and leaves as an action
// (Arm). It decides everything that matters to the promises of this project: when GitHub is asked to fence the runner
// off, how long a job may run on after a stop, when the listener is interrupted and when it is killed.
//
// The package refuses to know what GitHub, a process or a signal is; it imports the standard library only.
package lifecycle

//go:generate go test -run TestDocs . -update
