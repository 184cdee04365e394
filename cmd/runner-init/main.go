// Command runner-init is PID 1 of a container and owns the whole life of one GitHub Actions self-hosted runner. The
// README is its manual.
package main

import "os"

// main is never reached by a process that is an init alone: that one has ended in enter.
func main() {
	if code, done := lateInit(); done {
		os.Exit(code)
	}
	os.Exit(dispatch(os.Args))
}
