package signals

import (
	"encoding/binary"
	"slices"
	"testing"
	"time"
)

// TestStopTime: the grace period runs from the first signal that means to stop, also for a successor.
func TestStopTime(t *testing.T) {
	r := idle()
	r.hold = true
	p := Parent{journal: memory(t, "journal", "")}
	r.journal = int(p.journal.Fd())
	near := func(want time.Time) bool { return p.StopTime().Sub(want).Abs() < time.Minute }
	if !near(time.Now()) {
		t.Errorf("nothing came yet: got %v", p.StopTime())
	}
	for _, sig := range []int{hangup, 10, continued} {
		r.take(sig)
	}
	if r.stopSeen {
		t.Error("one of them is taken for a stop")
	}
	for i, sig := range []int{interrupt, terminate, quit} {
		if r.take(sig); !r.stopSeen || i == 0 && !near(time.Now()) {
			t.Errorf("after signal %d: got %v", sig, p.StopTime())
		}
		if i == 0 { // as if it had been an hour ago: what comes later does not count
			earlier := binary.NativeEndian.AppendUint64(nil, uint64(monotonic()-3600*second))
			if _, err := p.journal.WriteAt(earlier, stopBytes); err != nil {
				t.Fatal(err)
			}
		}
		if !near(time.Now().Add(-time.Hour)) {
			t.Errorf("after signal %d the stop began at %v", sig, p.StopTime())
		}
	}
}

// TestSuccessorGetsTheSignals: what the first child was given is given again to the one that takes over.
func TestSuccessorGetsTheSignals(t *testing.T) {
	r := keeper(t)
	r.take(terminate)
	for range 2 {
		r.hold = true
		r.setFlag(readyByte, 0)
		if r.release(); !r.hold {
			t.Fatal("it let go before the child was ready")
		}
		r.setFlag(readyByte, 1)
		if r.release(); r.hold {
			t.Fatal("it holds on")
		}
		if !slices.Equal(r.held[:r.kept], []uint8{terminate}) {
			t.Fatalf("kept are %v", r.held[:r.kept])
		}
	}
}
