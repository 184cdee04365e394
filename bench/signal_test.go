package bench

import (
	"os"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"
)

const (
	signalRounds = 40
	strayRounds  = 20  // those of the signals that no CPU is set for
	signalsEach  = 120 // that ring sends
	warmUp       = 20  // the first ones find cold caches
)

// signalCost measures how long a signal to PID 1 takes to reach its child: with the sender, the init and the child on one
// CPU, which tells inits apart, and wherever the kernel puts them, which makes more of a difference than the init.
func signalCost(b *testing.B, p programs, all *costs) {
	all.signal, all.stray = measured{}, measured{}
	for round := range signalRounds {
		for _, one := range p.turns(round) {
			back := pin(b)
			took := p.ring(b, one)
			back()
			all.signal.add(one.name, took[warmUp:]...)
			if round < strayRounds {
				all.stray.add(one.name, p.ring(b, one)[warmUp:]...)
			}
		}
	}
	all.signal.report(b, "signal", 50)
	all.signal.report(b, "signal", 99)
}

// pin binds this thread, and so what it starts, to one CPU, until the function that it returns is called.
func pin(b testing.TB) (back func()) {
	b.Helper()
	var before, one unix.CPUSet
	if err := unix.SchedGetaffinity(0, &before); err != nil {
		b.Fatalf("cannot get the CPUs that we may use: %v", err)
	}
	last := 0
	for cpu := range len(before) * 64 {
		if before.IsSet(cpu) {
			last = cpu
		}
	}
	one.Set(last)
	if err := unix.SchedSetaffinity(0, &one); err != nil {
		b.Fatalf("cannot stay on CPU %d: %v", last, err)
	}
	return func() {
		if err := unix.SchedSetaffinity(0, &before); err != nil {
			b.Fatalf("cannot go back to all CPUs: %v", err)
		}
	}
}

// ring lets the probe of that name send its signals to a contender.
func (p programs) ring(b *testing.B, one contender) sample {
	b.Helper()
	c := p.container(b, p.ringer, one.with(p.echo))
	heard, said := pipe(b)
	read, write := pipe(b)
	c.output, c.cmd.Stdin, c.cmd.Stdout, c.cmd.ExtraFiles = read, heard, said, []*os.File{write}
	c.run(heard, said, write)
	at, took := c.readings(2*signalsEach), make(sample, signalsEach)
	for i := range took {
		took[i] = at[2*i+1].since(at[2*i])
	}
	return took
}

func TestPin(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	count := func() int {
		var now unix.CPUSet
		if err := unix.SchedGetaffinity(0, &now); err != nil {
			t.Fatal(err)
		}
		return now.Count()
	}
	before := count()
	back := pin(t)
	if n := count(); n != 1 {
		t.Errorf("on one CPU: %d", n)
	}
	if back(); count() != before {
		t.Errorf("back on all of %d CPUs: %d", before, count())
	}
}
