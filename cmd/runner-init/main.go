// Command runner-init is PID 1 of a container and owns the whole life of one GitHub Actions self-hosted runner. The
// README is its manual.
package main

import "os"

// main is where everything goes on that is no init: those have ended in enter, or end here where the build has no enter.
func main() {
	if code, done := endHere(); done {
		os.Exit(code)
	}
	os.Exit(dispatch(os.Args))
}
