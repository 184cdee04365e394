// Package bench measures what runner-init costs by itself: what it adds to a program whose init it is, beside tini and
// dumb-init, and how long its boot takes beside GitHub's latency and the runner's own start. It drives the program as it is
// released, as PID 1 of a PID namespace, against the simulated GitHub on loopback; `make bench` prints the result and
// writes it into docs/performance.md.
//
// It is tests alone and links nothing into the product. It refuses to fail on a number: a slow machine is no bug, so
// targets are judged in the table and nowhere else.
package bench

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"testing"

	"github.com/runner-init/runner-init/internal/need"
)

var update = flag.Bool("update", false, "write the tables into the page, too")

func TestMain(m *testing.M) {
	code := m.Run()
	need.RemovePrograms()
	os.Exit(code)
}

// costs are all that is measured, by contender where there are several.
type costs struct {
	start, exit, signal, stray measured // durations, see docs/performance.md
	storm                      storms
	idle                       map[string]footprint // of contenders, and of the processes of a runner
	size                       map[string]int       // of the program file, kB

	request, launch sample // of the boot of a runner
	calls           int    // to the API, before the listener

	before, beforeSDK sample // main: what packages take to initialise, all and AWS's
}

// BenchmarkCost is one set of tables. Each part is a single operation of many rounds, longer than the second for which
// the testing package repeats short ones, and so runs once.
func BenchmarkCost(b *testing.B) {
	need.Root(b)
	need.PIDNamespace(b)
	busy := load()
	p := build(b)
	var c costs
	parts := []struct {
		name    string
		measure func(*testing.B, programs, *costs)
	}{
		{"boot", bootCost}, {"init", initCost}, {"start", startCost}, {"signal", signalCost}, {"orphans", stormCost}, {"idle", idleCost},
	}
	measured := map[string]bool{}
	for _, part := range parts {
		b.Run(part.name, func(b *testing.B) { repeat(b, func() { part.measure(b, p, &c) }); measured[part.name] = true })
	}
	text := describe(p, busy) + "\n" + c.String()
	fmt.Printf("\n%s\n", text)
	if *update && len(measured) == len(parts) {
		if err := rewrite(page, text); err != nil {
			b.Fatal(err)
		}
	}
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
