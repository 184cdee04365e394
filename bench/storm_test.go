package bench

import (
	"errors"
	"testing"
	"time"
)

const (
	stormRounds = 9

	// glance is the time between two looks at what is unreaped. Each costs the kernel some time, for any init.
	glance = 5 * time.Millisecond
)

// storms are what 20,000 orphans cost, which the probe storm leaves behind as fast as it can.
type storms struct {
	cpu, time     measured       // of PID 1; until the last one was reaped
	backlog, left map[string]int // unreaped at most, and in the end
}

func stormCost(b *testing.B, p programs, all *costs) {
	all.storm = storms{measured{}, measured{}, map[string]int{}, map[string]int{}}
	for round := range stormRounds {
		for _, one := range p.turns(round) {
			if one.weathers {
				all.storm.add(b, p, one)
			}
		}
	}
	all.storm.cpu.report(b, "orphans-cpu", 50)
	all.storm.time.report(b, "orphans-time", 50)
}

// add lets one storm loose on one init.
func (s *storms) add(b *testing.B, p programs, one contender) {
	b.Helper()
	c := p.container(b, p.launch, one.with(p.storm))
	read, write := pipe(b)
	defer write.Close()
	c.cmd.Stdin = read
	c.begin()
	defer c.kill()
	read.Close()
	c.reading() // exec
	c.reading() // the storm is ready
	pid, stop, most := c.pid1(), make(chan struct{}), make(chan int)
	before, err := cpuTime(pid)
	go watchBacklog(pid, stop, most)
	_, failed := write.Write([]byte{0}) // go
	began, ended := c.reading(), c.reading()
	after, failedToo := cpuTime(pid)
	left, failedAgain := orphans(pid)
	if err := errors.Join(err, failed, failedToo, failedAgain); err != nil {
		c.fail("cannot measure " + one.name + ": " + err.Error())
	}
	close(stop)
	s.time.add(one.name, ended.since(began))
	s.cpu.add(one.name, after-before)
	s.backlog[one.name] = max(s.backlog[one.name], <-most)
	s.left[one.name] = max(s.left[one.name], left)
}

// watchBacklog says in the end how many orphans of a process it has seen at most.
func watchBacklog(pid int, stop <-chan struct{}, most chan<- int) {
	tick := time.NewTicker(glance)
	defer tick.Stop()
	seen := 0
	for {
		select {
		case <-stop:
			most <- seen
			return
		case <-tick.C:
			now, _ := orphans(pid) // whether it is still there is for others to find out
			seen = max(seen, now)
		}
	}
}

// orphans counts the children of an init besides its own.
func orphans(pid int) (int, error) {
	children, err := childrenOf(pid)
	return len(children) - 1, err
}
