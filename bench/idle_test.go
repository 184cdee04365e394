package bench

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/runner-init/runner-init/internal/need"
	"github.com/runner-init/runner-init/internal/sim/runner"
)

const (
	settling = 2 * time.Second // what start-up left behind comes to rest
	idling   = 5 * time.Second
)

// idleCost measures what is there while nothing happens: first the inits side by side, each with a child that waits,
// then a whole runner that listens. Not all at once, because processes of the same program share its pages.
func idleCost(b *testing.B, p programs) []row {
	return append(append(idleInits(b, p), idleRunner(b, p)...), sizes(b, p))
}

func idleInits(b *testing.B, p programs) []row {
	pids := map[string]int{}
	for _, one := range p.contenders {
		if one.name == noInit {
			continue
		}
		c := p.start(b, nil, one.with(p.echo)...)
		defer c.kill()
		c.reading()
		pids[one.name] = c.cmd.Process.Pid
	}
	seen := watch(b, pids)
	memory := row{what: "exec, idle: RSS/PSS/anonymous, kB", middle: seen[ours].memory(), others: map[string]string{}}
	activity := row{what: "exec, idle: " + activityTitle, middle: seen[ours].activity(), others: map[string]string{}}
	for name, f := range seen {
		memory.others[name], activity.others[name] = f.memory(), f.activity()
	}
	memory.ratio = ratio(seen[ours].rss, seen[tini].rss)
	b.ReportMetric(float64(seen[ours].rss), "exec-rss-kB")
	return []row{memory, activity}
}

var activityTitle = fmt.Sprintf("threads/context switches in %v", idling)

// idleRunner measures both processes of run mode, while a simulated runner listens for a job that does not come.
func idleRunner(b *testing.B, p programs) []row {
	s, root := newSite(b), newRoot(b)
	if err := runner.Install(root, need.Program(b, "internal/sim/cmd/simrunner")); err != nil {
		b.Fatal(err)
	}
	c := p.start(b, s.environ(root), p.init, "run")
	defer c.kill()
	c.await("Listening for Jobs")
	supervisor, err := onlyChild(c.cmd.Process.Pid)
	if err != nil {
		c.fail("cannot find the supervisor: " + err.Error())
	}
	var rows []row
	seen := watch(b, map[string]int{"PID 1": c.cmd.Process.Pid, "supervisor": supervisor})
	for _, name := range []string{"PID 1", "supervisor"} {
		rows = append(rows,
			row{what: "run, idle: " + name + ", RSS/PSS/anonymous, kB", middle: seen[name].memory()},
			row{what: "run, idle: " + name + ", " + activityTitle, middle: seen[name].activity()},
		)
		b.ReportMetric(float64(seen[name].rss), "run-"+strings.ReplaceAll(name, " ", "-")+"-rss-kB")
	}
	return rows
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

// watch looks at processes for as long as idling says. The switches are those of that time.
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

// sizes compares the program files.
func sizes(b *testing.B, p programs) row {
	b.Helper()
	r := row{what: "size of the program, kB", others: map[string]string{}}
	bytes := map[string]int64{}
	for _, one := range p.contenders {
		if one.name == noInit {
			continue
		}
		info, err := os.Stat(one.prefix[0])
		if err != nil {
			b.Fatal(err)
		}
		bytes[one.name] = info.Size()
		r.others[one.name] = fmt.Sprint(info.Size() >> 10)
	}
	r.middle, r.ratio = r.others[ours], ratio(bytes[ours], bytes[tini])
	return r
}
