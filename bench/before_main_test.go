package bench

import (
	"os/exec"
	"strings"
	"testing"
	"time"
)

const initRounds = 50

// linkedSDK begins the names of the packages that are AWS's SDK.
const linkedSDK = "github.com/aws/"

// initCost measures what happens in every start before main, by what Go's runtime says of it.
func initCost(b *testing.B, p programs, all *costs) {
	all.before, all.beforeSDK = nil, nil
	for range initRounds {
		c := exec.CommandContext(b.Context(), p.runner, "version")
		c.Env = []string{"GODEBUG=inittrace=1"}
		var trace strings.Builder
		c.Stderr = &trace
		if err := c.Run(); err != nil {
			b.Fatalf("%s: %v\n%s", c, err, trace.String())
		}
		all.before = append(all.before, initialising(trace.String(), ""))
		all.beforeSDK = append(all.beforeSDK, initialising(trace.String(), linkedSDK))
	}
	b.ReportMetric(milliseconds(all.before.quantile(50)), "before-main-ms")
}

// initialising adds up the time that packages took whose names begin so. That of printing the trace is not in it.
func initialising(trace, prefix string) (sum time.Duration) {
	for line := range strings.Lines(trace) {
		// init github.com/aws/… @3.2 ms, 0.32 ms clock, 82480 bytes, 685 allocs
		words := strings.Fields(line)
		if len(words) < 7 || words[0] != "init" || words[6] != "clock," || !strings.HasPrefix(words[1], prefix) {
			continue
		}
		took, _ := time.ParseDuration(words[4] + words[5])
		sum += took
	}
	return sum
}

func TestInitialising(t *testing.T) {
	const trace = `init runtime @0.030 ms, 0.72 ms clock, 0 bytes, 0 allocs
init github.com/aws/one @1.9 ms, 1.5 ms clock, 48 bytes, 2 allocs
init github.com/aws/two @4.9 ms, 0.16 ms clock, 82480 bytes, 685 allocs
1.2.3
`
	for prefix, want := range map[string]time.Duration{"": 2380 * time.Microsecond, linkedSDK: 1660 * time.Microsecond, "nobody": 0} {
		if got := initialising(trace, prefix); got != want {
			t.Errorf("packages %q: %v, want %v", prefix, got, want)
		}
	}
}
