//go:build nodemo

package main

// A build for images leaves the simulation out.

func simulated([]string) (code int, ok bool) { return 0, false }

func demoCommand([]string) int {
	return usageError("this build has no demo", "build without the tag nodemo")
}
