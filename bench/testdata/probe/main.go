// Command probe is the programs that the benchmarks start inside and around a container. Each is an entry point of its
// own, chosen with the linker's -E, that runs before the Go runtime and never enters it: a Go program takes 0.7 ms to its
// first statement, which is as much as the inits that are measured with it take altogether, and is slow to fork.
//
// What they say is what CLOCK_MONOTONIC shows, as the kernel writes a struct timespec, on standard output.
package main

// launch starts its arguments as PID 1 of a new PID namespace with its own /proc, saying the time right before the
// exec, and again as soon as PID 1 has ended; it exits with PID 1's code, or with the signal that killed it.
func launch()

// ring starts its arguments like launch, to run echo, and reads what that says on standard input. It sends 120 times
// a SIGUSR1 and writes to descriptor 3 when it did and when it was received; each time all have been asleep for a
// millisecond. Then it kills PID 1.
func ring()

// stamp says the time and exits with 0.
func stamp()

// echo says the time when it begins, with all signals blocked, and whenever it receives one; SIGTERM ends it.
func echo()

// storm says the time when it begins, waits for a byte on standard input, and leaves 20,000 processes behind, each of
// which ends at once. It says the time before the first, and when no process is left of them or after many looks; then
// it waits for its own end.
func storm()

func main() {}
