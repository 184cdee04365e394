package bench

import (
	"syscall"
	"testing"
	"time"
)

const (
	execRounds   = 200
	signalRounds = 500
	warmUp       = 20 // the first signals find cold caches

	// pause is between two signals, so that each finds everybody asleep, as a signal to a container does.
	pause = time.Millisecond
)

// execCost measures exec mode and its peers.
func execCost(b *testing.B, p programs) []row {
	return append(startCost(b, p), signalCost(b, p))
}

// startCost measures what an init adds before the first instruction of its child and after the last one.
func startCost(b *testing.B, p programs) []row {
	start, exit := samples{}, samples{}
	for round := range execRounds {
		for _, one := range p.turns(round) {
			c := p.start(b, nil, one.with(p.stamp)...)
			ran := c.reading()
			start.add(one.name, ran.since(c.began))
			exit.add(one.name, c.end().since(ran))
		}
	}
	start.report(b, "start")
	exit.report(b, "exit")
	return []row{
		start.compared("exec: exec to the child's first instruction"),
		exit.compared("exec: the child's last instruction to PID 1's end"),
	}
}

// signalCost measures how long a signal to PID 1 takes to reach its child. All contenders live side by side and get one
// signal each in a round.
func signalCost(b *testing.B, p programs) row {
	boxes := map[string]*container{}
	for _, one := range p.contenders {
		c := p.start(b, nil, one.with(p.echo)...)
		defer c.kill()
		c.reading() // it is ready: signals are blocked, so that none kills it
		boxes[one.name] = c
	}
	latency, pace := samples{}, time.NewTicker(pause)
	defer pace.Stop()
	for round := range warmUp + signalRounds {
		for _, one := range p.turns(round) {
			c := boxes[one.name]
			<-pace.C
			sent := now()
			if err := c.cmd.Process.Signal(syscall.SIGUSR1); err != nil {
				b.Fatal(err)
			}
			if took := c.reading().since(sent); round >= warmUp {
				latency.add(one.name, took)
			}
		}
	}
	latency.report(b, "signal")
	return latency.compared("exec: signal to PID 1 to the child's receipt")
}
