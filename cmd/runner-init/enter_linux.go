//go:build (amd64 || arm64) && !purego && !race && !msan && !asan

package main

import (
	"unsafe"

	"github.com/runner-init/runner-init/signals"
)

// enter is the first Go code of the process. The program's entry point calls it with the stack as the kernel left it,
// before there is a Go runtime, and goes on with the stack that it returns. An init alone never returns; the child of the
// one that is PID 1 of a runner does.
func enter(stack unsafe.Pointer) unsafe.Pointer {
	p := signals.ProcessAt(stack)
	switch r := roleOf(p); r {
	case noInit:
		return stack
	case runRole:
		return signals.Supervise(p, stack, initCodes())
	default:
		signals.Exit(beInit(r, p))
		return nil
	}
}

// lateInit is for builds that cannot be an init before the runtime exists.
func lateInit() (code int, done bool) { return 0, false }
