package signals

import (
	"encoding/binary"
	"slices"
	"syscall"
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

// TestSuccessorKnowsThePast: when the container began, and how the role before has died.
func TestSuccessorKnowsThePast(t *testing.T) {
	r := idle()
	p := Parent{journal: memory(t, "journal", "")}
	r.journal = int(p.journal.Fd())
	if p.Death() != 0 || time.Since(p.BeginTime()).Abs() > time.Minute {
		t.Errorf("nothing is known yet: got %#x, %v", p.Death(), p.BeginTime())
	}
	r.noteBegin()
	began := p.BeginTime()
	if ago := time.Since(began); ago < 0 || ago > time.Minute {
		t.Errorf("it began %v ago", ago)
	}
	earlier := binary.NativeEndian.AppendUint64(nil, uint64(monotonic()-3600*second))
	if _, err := p.journal.WriteAt(earlier, beginBytes); err != nil {
		t.Fatal(err)
	}
	if ago := time.Since(p.BeginTime()) - time.Hour; ago.Abs() > time.Minute {
		t.Errorf("an hour later it began %v more than an hour ago", ago)
	}
	r.status = syscall.WaitStatus(syscall.SIGKILL)
	r.noteEnd()
	if died := p.Death(); !died.Signaled() || died.Signal() != syscall.SIGKILL {
		t.Errorf("it has died of %#x", died)
	}
	if p.Stopped() || p.Reaped() != 0 {
		t.Error("something else was overwritten")
	}
}

// TestSuccessorGetsTheSignals: a stop that the first child was given is given again to the one that takes over. What
// means nothing to either is given to one of them only.
func TestSuccessorGetsTheSignals(t *testing.T) {
	r := keeper(t)
	for _, sig := range []int{10, terminate, hangup} {
		r.take(sig)
	}
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
		r.take(12) // it is ready: nothing needs to be kept
		if !slices.Equal(r.held[:r.kept], []uint8{terminate}) {
			t.Fatalf("kept are %v", r.held[:r.kept])
		}
	}
}
