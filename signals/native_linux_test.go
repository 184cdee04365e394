//go:build (amd64 || arm64) && !purego && !race && !msan && !asan

package signals

import (
	"fmt"
	"runtime"
	"slices"
	"testing"
	"unsafe"
)

// buildRoles are the roles of tests that this build alone has.
var buildRoles = map[string]func([]string) int{}

// TestWithoutEnviron: the runtime that starts on the new stack finds all arguments and the auxiliary vector, and an
// environment that is empty or, for the sake of alignment, one string that has been wiped.
func TestWithoutEnviron(t *testing.T) {
	for _, args := range [][]string{{}, {"program"}, {"program", "run", ""}, {"a", "b", "c", "d"}} {
		for many := range 7 {
			var environ []string
			for i := range many {
				environ = append(environ, fmt.Sprintf("V%d=%d", i, i))
			}
			s := newStack(args, environ)
			p := ProcessAt(s.pointer())
			r := reaper{process: p}
			if problem, err := r.wipe(); problem != "" {
				t.Fatal(problem, err)
			}
			stack := withoutEnviron(p, s.pointer())
			moved := uintptr(stack) - uintptr(s.pointer())
			if moved%16 != 0 {
				t.Errorf("%d entries: the stack moved by %d bytes", many, moved)
			}
			after := ProcessAt(stack)
			if got := texts(after.Args); !slices.Equal(got, args) {
				t.Errorf("%d entries: the arguments are %q, want %q", many, got, args)
			}
			if got, want := texts(after.Environ), make([]string, many%2); !slices.Equal(got, want) {
				t.Errorf("%d entries: the environment is %q, want %q", many, got, want)
			}
			at := unsafe.Add(unsafe.Pointer(unsafe.SliceData(after.Environ)), (len(after.Environ)+1)*pointerSize)
			if got := unsafe.Slice((*uintptr)(at), len(vector)); !slices.Equal(got, vector) {
				t.Errorf("%d entries: the auxiliary vector is %v, want %v", many, got, vector)
			}
			runtime.KeepAlive(s)
		}
	}
}
