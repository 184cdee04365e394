// Command probe is three programs that the benchmarks start inside a container: launch, stamp and echo. Each is an entry
// point of its own, chosen with the linker's -E, that runs before the Go runtime and never enters it: a Go program takes
// 0.7 ms to its first statement, which is as much as the inits that are measured with it take altogether.
//
// All they say is what CLOCK_MONOTONIC shows, as the kernel writes a struct timespec, on standard output.
package main

// launch mounts /proc, says the time and executes its arguments.
func launch()

// stamp says the time and exits with 0.
func stamp()

// echo says the time when it begins, with all signals blocked, and whenever it receives one; SIGTERM ends it.
func echo()

func main() {}
