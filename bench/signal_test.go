package bench

import (
	"os"
	"testing"
)

const (
	signalRounds = 40
	signalsEach  = 120 // that ring sends
	warmUp       = 20  // the first ones find cold caches
)

// signalCost measures how long a signal to PID 1 takes to reach its child.
func signalCost(b *testing.B, p programs, all *costs) {
	all.signal = measured{}
	for round := range signalRounds {
		for _, one := range p.turns(round) {
			all.signal.add(one.name, p.ring(b, one)[warmUp:]...)
		}
	}
	all.signal.report(b, "signal", 50)
	all.signal.report(b, "signal", 99)
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
