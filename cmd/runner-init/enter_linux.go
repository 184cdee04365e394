//go:build (amd64 || arm64) && !purego && !race && !msan && !asan

package main

import (
	"unsafe"

	"github.com/runner-init/runner-init/lifecycle"
	"github.com/runner-init/runner-init/signals"
)

// enter is the first Go code of the process. The program's entry point calls it with the stack as the kernel left it,
// before there is a Go runtime, and goes on with the stack that it returns. An init alone never returns; the child of the
// one that is PID 1 of a runner does.
//
//lint:ignore U1000 called from assembly
func enter(stack unsafe.Pointer) unsafe.Pointer {
	entered = true
	p := signals.ProcessAt(stack)
	r := roleOf(p)
	switch r {
	case noInit:
		return stack
	case probeRole:
		signals.Exit(beInit(r, p))
	}
	p.Block()
	switch r {
	case runRole:
		return signals.Supervise(p, stack, initCodes(), healthDoor())
	default:
		signals.Exit(beInit(r, p))
		return nil
	}
}

// entered says that the program's entry point is ours. It is a variable because enter and main have nothing else in common.
var entered bool

// endHere refuses to go on in a program that was linked by a C compiler, whose entry point is the C library's: it has no
// init in it.
func endHere() (code int, done bool) {
	if entered {
		return 0, false
	}
	complain("this build has no init: it was linked by a C compiler", "build it with CGO_ENABLED=0, or with -tags purego")
	return int(lifecycle.RunnerFailed), true
}
