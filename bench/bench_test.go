// Package bench measures what runner-init costs by itself: how long its boot takes beside GitHub's latency and the
// runner's own start, and what it adds to a program whose init it is. It drives the program as it is released, as PID 1
// of a PID namespace, against the simulated GitHub on loopback; `make bench` prints the result as one table.
//
// It is tests alone and links nothing into the product. It refuses to fail on a number: a slow machine is no bug, so
// targets are judged in the table and nowhere else.
package bench

import (
	"fmt"
	"os"
	"runtime"
	"testing"

	"github.com/runner-init/runner-init/internal/need"
)

func TestMain(m *testing.M) {
	code := m.Run()
	need.RemovePrograms()
	os.Exit(code)
}

// BenchmarkCost is one table. Each part is a single operation of many rounds, longer than the second for which the
// testing package repeats short ones, and so runs once.
func BenchmarkCost(b *testing.B) {
	need.Root(b)
	need.PIDNamespace(b)
	p := build(b)
	facts := describe(p)
	var t table
	b.Run("boot", func(b *testing.B) { repeat(b, func() { t = append(t, bootCost(b, p)...) }) })
	b.Run("exec", func(b *testing.B) { repeat(b, func() { t = append(t, execCost(b, p)...) }) })
	b.Run("idle", func(b *testing.B) { repeat(b, func() { t = append(t, idleCost(b, p)...) }) })
	fmt.Printf("\n%s\n%s\n", facts, t)
}

// repeat measures b.N times and drops the duration of the whole, which says nothing. The thread is kept, because the
// containers are killed when the thread that started them ends: none survives an interrupted benchmark.
func repeat(b *testing.B, measure func()) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	for range b.N {
		measure()
	}
	b.ReportMetric(0, "ns/op")
}
