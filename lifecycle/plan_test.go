package lifecycle

import (
	"reflect"
	"testing"
	"testing/quick"
	"time"
)

func TestPlanDividesEveryGracePeriod(t *testing.T) {
	for grace := second; grace <= day; grace += second {
		checkPlan(t, NewPlan(grace, 0))
	}
	odd := func(n uint64) bool {
		return checkPlan(t, NewPlan(second+time.Duration(n%uint64(day)), 0))
	}
	if err := quick.Check(odd, &quick.Config{MaxCount: 10_000}); err != nil {
		t.Error(err)
	}
}

func checkPlan(t *testing.T, p Plan) bool {
	t.Helper()
	moments := []time.Duration{0, p.Fence, p.Drain, p.Kill, p.Exit, p.Grace}
	for i := 1; i < len(moments); i++ {
		if moments[i] <= moments[i-1] {
			t.Errorf("grace %s: got %v, want each moment after the one before", p.Grace, moments)
			return false
		}
	}
	if p.Grace-p.Drain != min(p.Grace/2, 20*second) {
		t.Errorf("grace %s: got a reserve of %s, want 20s, or half if that is less", p.Grace, p.Grace-p.Drain)
		return false
	}
	return true
}

// The grace periods that platforms give by default, and what becomes of them.
func TestPlanOfKnownPlatforms(t *testing.T) {
	ms := time.Millisecond
	for _, want := range []Plan{
		{Grace: 10 * second, Fence: 4 * second, Drain: 5 * second, Kill: 8250 * ms, Exit: 9500 * ms},           // docker stop
		{Grace: 30 * second, Fence: 12 * second, Drain: 15 * second, Kill: 25250 * ms, Exit: 29 * second},      // ECS, Kubernetes
		{Grace: 120 * second, Fence: 30 * second, Drain: 100 * second, Kill: 114 * second, Exit: 119 * second}, // Fargate's most
	} {
		want.End = want.Exit
		if got := NewPlan(want.Grace, 0); !reflect.DeepEqual(got, want) {
			t.Errorf("got %+v, want %+v", got, want)
		}
	}
}

// What is kept back for later comes off every moment, and is no more than a fifth.
func TestPlanKeepsBack(t *testing.T) {
	for grace := 2 * second; grace <= day; grace += 7 * second {
		whole := NewPlan(grace, time.Minute)
		p, kept := whole.KeepBack(10*second), min(10*second, grace/5)
		want := NewPlan(grace-kept, time.Minute)
		want.Grace, want.End = grace, whole.End
		if !reflect.DeepEqual(p, want) {
			t.Fatalf("got %+v, want %+v", p, want)
		}
		now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		if m := p.By(now.Add(grace/2), now); m.End.After(now.Add(grace/2)) || !m.Exit.Before(m.End) {
			t.Fatalf("grace %s: half of it is divided into %+v", grace, m)
		}
	}
}

func TestPlanWarnsOfAShortDrain(t *testing.T) {
	for grace, short := range map[time.Duration]bool{
		10 * second: true, 30 * second: true, 49 * second: true, 50 * second: false, 120 * second: false, day: false,
	} {
		if got := NewPlan(grace, 0).Warning(); (got != "") != short {
			t.Errorf("grace %s: got warning %q, want one: %t", grace, got, short)
		}
	}
}

func TestDue(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	stop := now.Add(-3 * second)
	p := NewPlan(120*second, time.Minute)
	m := p.From(stop)
	for _, c := range []struct {
		timer              Timer
		unhurried, stopped time.Time
	}{
		{StartBy, now.Add(time.Minute), now.Add(time.Minute)},
		{Settled, now.Add(second), now.Add(second)},
		{FenceAgain, now.Add(2 * second), now.Add(2 * second)},
		{LingerBy, now.Add(30 * second), now.Add(30 * second)},
		{RestartAt, now.Add(20 * second), now.Add(20 * second)},
		{FenceBy, now.Add(time.Minute), m.Fence},
		{DrainBy, time.Time{}, m.Drain},
		{KillBy, now.Add(time.Minute), m.Kill},
		{ExitBy, now.Add(time.Minute), m.Exit},
	} {
		for _, stopped := range []bool{false, true} {
			at, want := Moments{}, c.unhurried
			if stopped {
				at, want = m, c.stopped
			}
			due, ever := p.due(c.timer, Status{Restarts: 3, Probes: 1}, now, at)
			if ever == want.IsZero() || ever && !due.Equal(want) {
				t.Errorf("%s, stopped: %t: got %s, %t, want %s", timerNames[c.timer], stopped, due, ever, want)
			}
		}
	}
	if due, _ := NewPlan(second, 0).due(Settled, Status{}, now, m); !due.Equal(now.Add(125 * time.Millisecond)) {
		t.Errorf("a fence settles after %s of a grace period of 1s, want 125ms", due.Sub(now))
	}
	notice := NewPlan(120*second, 0).By(now.Add(second), now)
	if due, _ := NewPlan(120*second, 0).due(Settled, Status{}, now, notice); due.After(notice.Drain) {
		t.Errorf("a fence settles after %s where a second is left, of which the listener needs half", due.Sub(now))
	}
	for i, want := range []time.Duration{2 * second, 4 * second, 8 * second, 16 * second} {
		if due, _ := p.due(FenceAgain, Status{Probes: uint8(i + 1)}, now, m); due.Sub(now) != want {
			t.Errorf("GitHub is asked after %s whether it still says busy, which it did %d times, want %s", due.Sub(now), i+1, want)
		}
	}
	if _, ever := NewPlan(120*second, 0).due(StartBy, Status{}, now, Moments{}); ever {
		t.Error("a start timeout of 0 expires, want never")
	}
}
