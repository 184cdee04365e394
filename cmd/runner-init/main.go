// Command runner-init is PID 1 of a container and owns the whole life of one GitHub Actions self-hosted runner. The
// README is its manual.
package main

import "os"

func main() { os.Exit(dispatch(os.Args)) }
