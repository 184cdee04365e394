package bench

import "strconv"

// boot is what a whole runner costs, against its targets.
func (c costs) boot() table {
	t := table{titles: []string{"", ours, "p95", "must", "stretch", "verdict"}}
	t.timed("boot: exec to the first API request", c.request, target{15, nothing, " ms"})
	t.timed("boot: API's answer to the listener's first instruction", c.launch, target{5, nothing, " ms"})
	t.observed("boot: Go's runtime and all packages, before main", c.before)
	t.observed("boot: of it AWS's SDK", c.beforeSDK)
	t.single("boot: API calls before the listener", c.calls, target{1, nothing, ""})
	t.single("run, idle: RSS of both processes", c.idle[runPID1].rss+c.idle[runSupervisor].rss, target{14000, 10000, " kB"})
	t.single("run, idle, 1,000 jobs later: RSS of both", c.idle[wornPID1].rss+c.idle[wornSupervisor].rss, target{18000, 14000, " kB"})
	return t
}

func (t *table) timed(what string, s sample, limit target) {
	middle := s.quantile(50)
	t.add(what, show(middle), show(s.quantile(95)), limit.says(limit.must), limit.says(limit.stretch), limit.verdict(milliseconds(middle)))
}

// observed adds a line that nothing is promised about.
func (t *table) observed(what string, s sample) {
	t.add(what, show(s.quantile(50)), show(s.quantile(95)))
}

func (t *table) single(what string, n int, limit target) {
	t.add(what, limit.write(float64(n)), "", limit.says(limit.must), limit.says(limit.stretch), limit.verdict(float64(n)))
}

// processes are the two of a runner, next to an init that has nothing to do.
func (c costs) processes() table {
	t := table{titles: []string{"", "RSS/PSS/anonymous, kB", "threads", "voluntary context switches a minute"}}
	for _, name := range []string{runPID1, runSupervisor, wornPID1, wornSupervisor, tini} {
		f := c.idle[name]
		t.add(name, f.memory(), strconv.Itoa(f.threads), strconv.Itoa(f.switches))
	}
	return t
}
