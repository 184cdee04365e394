package bench

import (
	"bufio"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/runner-init/runner-init/internal/need"
	"github.com/runner-init/runner-init/internal/sim/runner"
)

const (
	settling = 2 * time.Second // what start-up left behind comes to rest
	idling   = time.Minute

	// The two processes of a runner, beside the names of contenders.
	runPID1       = "run: PID 1"
	runSupervisor = "run: supervisor"

	// The same of one that stays, after its jobs.
	wornPID1       = "run: PID 1, 1,000 jobs later"
	wornSupervisor = "run: supervisor, 1,000 jobs later"
)

// idleCost measures what is there while nothing happens: the inits, each with a child that waits, and a whole runner
// that listens, and another one that has had jobs. They can live side by side because each has a program file, and so the
// pages of it, for itself.
func idleCost(b *testing.B, p programs, all *costs) {
	pids := map[string]int{}
	worn, pid1, supervisor := wornRunner(b, p)
	defer worn.kill()
	pids[wornPID1], pids[wornSupervisor] = pid1, supervisor
	all.size = map[string]int{}
	for _, one := range p.contenders {
		if one.name == noInit {
			continue
		}
		c := p.start(b, nil, one.with(p.echo)...)
		defer c.kill()
		c.reading() // exec
		c.reading() // the child runs
		pids[one.name], all.size[one.name] = c.pid1(), size(b, one.prefix[0])
	}
	c := idleRunner(b, p)
	defer c.kill()
	pids[runPID1], pids[runSupervisor] = c.both()
	all.idle = watch(b, pids)
	b.ReportMetric(float64(all.idle[ours].rss), "exec-rss-kB")
	b.ReportMetric(float64(all.idle[runPID1].rss+all.idle[runSupervisor].rss), "run-rss-kB")
	b.ReportMetric(float64(all.idle[wornPID1].rss+all.idle[wornSupervisor].rss), "worn-rss-kB")
}

// idleRunner starts a runner that listens for a job that does not come.
func idleRunner(b *testing.B, p programs) *container {
	b.Helper()
	s, root := newSite(b), newRoot(b)
	if err := runner.Install(root, need.Program(b, "internal/sim/cmd/simrunner")); err != nil {
		b.Fatal(err)
	}
	c := p.start(b, s.environ(root), p.runner, "run")
	c.await("Listening for Jobs")
	return c
}

// both are the processes of a runner that are ours.
func (c *container) both() (pid1, supervisor int) {
	c.b.Helper()
	pid1 = c.pid1()
	children, err := childrenOf(pid1)
	if err != nil || len(children) != 1 {
		c.fail("cannot find the supervisor")
	}
	return pid1, children[0]
}

// await reads lines until one holds the text.
func (c *container) await(text string) {
	c.b.Helper()
	for lines := bufio.NewScanner(c.output); lines.Scan(); {
		if strings.Contains(lines.Text(), text) {
			return
		}
	}
	c.fail("it never said " + text)
}

// watch looks at processes for as long as idling says. The switches are those of that minute.
func watch(b *testing.B, pids map[string]int) map[string]footprint {
	b.Helper()
	<-time.After(settling)
	before := lookAll(b, pids)
	<-time.After(idling)
	after := lookAll(b, pids)
	for name, f := range after {
		f.switches -= before[name].switches
		after[name] = f
	}
	return after
}

func lookAll(b *testing.B, pids map[string]int) map[string]footprint {
	b.Helper()
	all := map[string]footprint{}
	for name, pid := range pids {
		f, err := look(pid)
		if err != nil {
			b.Fatalf("cannot look at %s: %v", name, err)
		}
		all[name] = f
	}
	return all
}

// size is that of a file in kB.
func size(b *testing.B, path string) int {
	b.Helper()
	info, err := os.Stat(path)
	if err != nil {
		b.Fatal(err)
	}
	return int(info.Size() >> 10)
}
