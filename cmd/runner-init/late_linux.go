//go:build !(amd64 || arm64) || purego || race || msan || asan

package main

import "github.com/runner-init/runner-init/signals"

// endHere is the init on top of Go's runtime.
func endHere() (code int, done bool) {
	p := signals.ThisProcess()
	switch r := roleOf(p); r {
	case noInit:
		return 0, false
	case runRole:
		return signals.Supervise(p, initCodes(), healthDoor()), true
	default:
		return beInit(r, p), true
	}
}
