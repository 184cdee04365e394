package signals

import (
	"slices"
	"testing"
)

// nobody is more than any pid can be: signals to it go nowhere.
const nobody = 1 << 30

// idle is an init whose signals reach nobody.
func idle() *reaper {
	return &reaper{pid: nobody + 1, child: nobody, group: nobody}
}

func TestDue(t *testing.T) {
	tests := []struct {
		grace, wait int64
		pending     map[int]int64
		want        int64
	}{
		{0, 0, nil, 0},
		{5, 0, nil, 5},
		{0, 6, nil, 6},
		{5, 6, nil, 5},
		{6, 5, nil, 5},
		{0, 0, map[int]int64{15: 7}, 7},
		{0, 0, map[int]int64{1: 9, 64: 7, 15: 8}, 7},
		{5, 6, map[int]int64{1: 9}, 5},
		{5, 6, map[int]int64{64: 4}, 4},
	}
	for _, test := range tests {
		r := idle()
		r.graceEnd, r.waitEnd = test.grace, test.wait
		for sig, at := range test.pending {
			r.pending[sig] = at
		}
		if got := r.due(); got != test.want {
			t.Errorf("%+v: got %d", test, got)
		}
	}
}

func TestTimeout(t *testing.T) {
	r := idle()
	if got := r.timeout(); got >= 0 {
		t.Errorf("nothing is due: got %d, want to wait for ever", got)
	}
	r.graceEnd = 1 // long ago
	if got := r.timeout(); got != 0 {
		t.Errorf("late: got %d, want 0", got)
	}
	const hour = 3600 * second
	r.graceEnd = monotonic() + hour
	if got := r.timeout(); got <= hour-60*second || got > hour {
		t.Errorf("in an hour: got %d", got)
	}
}

func TestExpire(t *testing.T) {
	const hour = 3600 * second
	r := idle()
	later := monotonic() + hour
	r.pending[15], r.pending[1], r.graceEnd, r.waitEnd = 1, later, later, later
	r.grace = hour
	r.expire()
	if r.pending[15] != 0 || r.pending[1] != later || r.graceEnd != later || r.waitEnd != later || r.waitStep != 0 {
		t.Errorf("TERM was due, the rest was not: %v %v %v %d", r.pending, r.graceEnd, r.waitEnd, r.waitStep)
	}
	r = idle()
	r.pending[15], r.grace = 1, hour
	if r.expire(); r.graceEnd < later || r.graceEnd > later+hour {
		t.Errorf("the grace period ends at %d: it begins when the delayed TERM is forwarded", r.graceEnd)
	}
	r.graceEnd = 1
	if r.expire(); r.graceEnd != 0 {
		t.Error("KILL is not sent once only")
	}
}

// TestGraceBegins: with the first of three signals, and no other.
func TestGraceBegins(t *testing.T) {
	for sig := 1; sig <= lastSignal; sig++ {
		r := idle()
		r.grace = second
		r.pass(sig)
		if begun, want := r.graceEnd != 0, sig == 15 || sig == 2 || sig == 3; begun != want {
			t.Errorf("signal %d: the grace period has begun: %t", sig, begun)
		}
		r.graceEnd = min(r.graceEnd, 7)
		if r.pass(sig); r.graceEnd != 0 && r.graceEnd != 7 {
			t.Errorf("signal %d: a second one prolongs the grace period", sig)
		}
	}
}

// TestWaitSteps: what is left is told to end, then killed, then left alone.
func TestWaitSteps(t *testing.T) {
	r := idle()
	r.wait, r.waitGrace, r.graceEnd, r.pending[15] = true, 3600*second, 1, 1
	r.child, r.ended = 0, true
	r.beginWait()
	if r.waitEnd == 0 || r.graceEnd != 0 || r.pending[15] != 0 {
		t.Fatalf("nothing but the wait should be due: %d, %d, %v", r.waitEnd, r.graceEnd, r.pending)
	}
	for step := 1; step <= 3; step++ {
		r.waitEnd = 1
		if r.expire(); r.waitStep != step || r.waitEnd < monotonic()+3500*second {
			t.Errorf("step %d: got %d, and the next at %d", step, r.waitStep, r.waitEnd)
		}
	}
	if r.waitStep <= lastStep || !r.finished() {
		t.Error("it waits for ever")
	}
	r = idle()
	if r.beginWait(); r.waitEnd != 0 {
		t.Error("without a grace period there is an end")
	}
}

// TestGraceOfTheRewritten: what is sent decides, not what came.
func TestGraceOfTheRewritten(t *testing.T) {
	for _, test := range []struct {
		to    int
		begun bool
	}{{10, false}, {0, false}, {3, true}} {
		r := idle()
		r.grace = second
		r.setRewrite(terminate, test.to)
		if r.pass(terminate); (r.graceEnd != 0) != test.begun {
			t.Errorf("TERM rewritten to %d: the grace period has begun: %t", test.to, r.graceEnd != 0)
		}
	}
}

func TestDelayIsMerged(t *testing.T) {
	r := idle()
	r.delay[15] = 3600 * second
	r.take(15)
	first := r.pending[15]
	if first == 0 {
		t.Fatal("it is not pending")
	}
	if r.take(15); r.pending[15] != first {
		t.Error("a second one is later, or makes the first later")
	}
	if r.take(2); r.pending[2] != 0 {
		t.Error("another signal is delayed")
	}
}

// keeper is an init whose child is not ready.
func keeper(t *testing.T) *reaper {
	r := idle()
	r.hold, r.journal = true, int(memory(t, "journal", "").Fd())
	return r
}

// TestKeep: each signal is held once, in the order of arrival, however many there are.
func TestKeep(t *testing.T) {
	r := keeper(t)
	for range 3 {
		for sig := lastSignal; sig >= 1; sig-- {
			if sig != child {
				r.take(sig)
			}
		}
	}
	if r.kept != lastSignal-1 {
		t.Fatalf("%d are held", r.kept)
	}
	got := slices.Clone(r.held[:r.kept])
	if got[0] != 64 || got[len(got)-1] != 1 || !slices.IsSortedFunc(got, func(a, b uint8) int { return int(b) - int(a) }) {
		t.Errorf("held in the order %v", got)
	}
	r = keeper(t)
	for _, sig := range []int{15, 1, 15, 2, 1} {
		r.take(sig)
	}
	if want := []uint8{15, 1, 2}; !slices.Equal(r.held[:r.kept], want) {
		t.Errorf("held are %v, want %v", r.held[:r.kept], want)
	}
}

// TestHandoff: what the kernel sends for having left the terminal is not for the child, once.
func TestHandoff(t *testing.T) {
	r := keeper(t)
	r.handoff = 1<<(hangup-1) | 1<<(continued-1)
	for _, sig := range []int{hangup, continued, terminate, hangup} {
		r.take(sig)
	}
	if want := []uint8{terminate, hangup}; !slices.Equal(r.held[:r.kept], want) {
		t.Errorf("the child is to get %v, want %v", r.held[:r.kept], want)
	}
}
