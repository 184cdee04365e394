package bench

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Lines that begin with start, exit and so on mean what docs/performance.md says under these names.
const (
	startLine  = "start"
	exitLine   = "exit"
	signalLine = "signal"
	stormLine  = "20,000 orphans"
	idleLine   = "idle"
)

const switchesLine = idleLine + ": voluntary context switches a minute"

func (c costs) String() string {
	return fmt.Sprintf("The init against its targets:\n\n%s\nAll inits:\n\n%s\nA whole runner:\n\n%s\nIts two processes while it listens:\n\n%s",
		c.judged(), c.beside(), c.boot(), c.processes())
}

// judged is the comparison with the peers.
func (c costs) judged() table {
	t := table{titles: []string{"", ours, tini, dumbInit, "x tini", "x dumb-init", "must", "stretch", "verdict"}}
	t.compare(startLine+" p50", c.start, 50, target{1.5, 1, "x"})
	t.limit(startLine+" p50, over tini", c.overTini(), target{600, nothing, " us"})
	t.compare(exitLine+" p50", c.exit, 50, target{5, 1.7, "x"})
	t.limit(exitLine+" p50, by itself", microseconds(c.exit.quantile(ours, 50)), target{250, nothing, " us"})
	t.compare(signalLine+" p50", c.signal, 50, target{1.1, 1, "x"})
	t.compare(signalLine+" p99", c.signal, 99, target{1.3, 1, "x"})
	t.compare(stormLine+": CPU", c.storm.cpu, 50, target{1.2, 1, "x"})
	t.compare(stormLine+": time", c.storm.time, 50, target{1.05, 1, "x"})
	t.count(stormLine+": left", c.storm.left, target{0, 0, ""})
	rss, anonymous, threads, switches := c.footprints()
	t.size(idleLine+": RSS", rss, target{1.3, 0.1, "x"})
	t.count(idleLine+": anonymous", anonymous, target{800, nothing, " kB"})
	t.count(idleLine+": threads", threads, target{4, 1, ""})
	t.count(switchesLine, switches, target{0, 0, ""})
	return t
}

func (c costs) overTini() float64 {
	if len(c.start[tini]) == 0 {
		return nothing
	}
	return microseconds(c.start.over(ours, tini))
}

// footprints are those of the contenders, number by number.
func (c costs) footprints() (rss, anonymous, threads, switches map[string]int) {
	rss, anonymous, threads, switches = map[string]int{}, map[string]int{}, map[string]int{}, map[string]int{}
	for name, f := range c.idle {
		rss[name], anonymous[name], threads[name], switches[name] = f.rss, f.anonymous, f.threads, f.switches
	}
	return rss, anonymous, threads, switches
}

// compare adds a line about a ratio to tini.
func (t *table) compare(what string, m measured, percent int, limit target) {
	ratio, verdict := m.ratio(ours, tini, percent), ""
	if ratio > 0 {
		verdict = limit.verdict(ratio)
	}
	t.add(what, show(m.quantile(ours, percent)), show(m.quantile(tini, percent)), show(m.quantile(dumbInit, percent)),
		times(ratio), times(m.ratio(ours, dumbInit, percent)), limit.says(limit.must), limit.says(limit.stretch), verdict)
}

// size adds a line about the ratio of two numbers.
func (t *table) size(what string, of map[string]int, limit target) {
	ratio, verdict := quotient(of[ours], of[tini]), ""
	if ratio > 0 {
		verdict = limit.verdict(ratio)
	}
	cell := written(of, " kB")
	t.add(what, cell(ours), cell(tini), cell(dumbInit),
		times(ratio), times(quotient(of[ours], of[dumbInit])), limit.says(limit.must), limit.says(limit.stretch), verdict)
}

// count adds a line about a number that is judged for itself.
func (t *table) count(what string, of map[string]int, limit target) {
	cell := written(of, limit.unit)
	t.add(what, cell(ours), cell(tini), cell(dumbInit),
		"", "", limit.says(limit.must), limit.says(limit.stretch), limit.verdict(float64(of[ours])))
}

// limit adds a line about a number that only we have.
func (t *table) limit(what string, value float64, limit target) {
	t.add(what, limit.write(value), "", "", "", "", limit.says(limit.must), limit.says(limit.stretch), limit.verdict(value))
}

func quotient(mine, theirs int) float64 {
	if theirs == 0 {
		return 0
	}
	return float64(mine) / float64(theirs)
}

// beside is everything that was measured of the inits.
func (c costs) beside() table {
	t := table{titles: append([]string{""}, everyone...)}
	t.each(startLine+" p50", c.start.relative(50))
	t.each(startLine+" p95", c.start.plain(95))
	t.each(startLine+" p50, over tini", c.start.beyond(tini))
	t.each(startLine+" p50, over no init", c.start.beyond(noInit))
	t.each(exitLine+" p50", c.exit.relative(50))
	t.each(exitLine+" p95", c.exit.plain(95))
	t.each(signalLine+" p50", c.signal.relative(50))
	t.each(signalLine+" p99", c.signal.relative(99))
	t.each(signalLine+" to any CPU p50", c.stray.relative(50))
	t.each(signalLine+" to any CPU p99", c.stray.relative(99))
	t.each(stormLine+": CPU", c.storm.cpu.relative(50))
	t.each(stormLine+": time", c.storm.time.relative(50))
	t.each(stormLine+": unreaped at most", written(c.storm.backlog, ""))
	t.each(stormLine+": left", written(c.storm.left, ""))
	t.each(idleLine+": RSS/PSS/anonymous, kB", c.footprint(footprint.memory))
	t.each(idleLine+": threads", c.footprint(func(f footprint) string { return strconv.Itoa(f.threads) }))
	t.each(switchesLine, c.footprint(func(f footprint) string { return strconv.Itoa(f.switches) }))
	t.each("size of the program, kB", written(c.size, ""))
	return t
}

// each adds a line with a cell for everyone.
func (t *table) each(what string, cell func(name string) string) {
	line := []string{what}
	for _, name := range everyone {
		line = append(line, cell(name))
	}
	t.add(line...)
}

func (m measured) plain(percent int) func(string) string {
	return func(name string) string { return show(m.quantile(name, percent)) }
}

// relative is a quantile and its ratio to tini's.
func (m measured) relative(percent int) func(string) string {
	return func(name string) string {
		ratio := times(m.ratio(name, tini, percent))
		if ratio == "" || name == tini {
			return show(m.quantile(name, percent))
		}
		return show(m.quantile(name, percent)) + ", " + ratio
	}
}

func (m measured) beyond(peer string) func(string) string {
	return func(name string) string { return show(m.over(name, peer)) }
}

// written writes the numbers of those who have one.
func written(of map[string]int, unit string) func(string) string {
	return func(name string) string {
		if n, there := of[name]; there {
			return strconv.Itoa(n) + unit
		}
		return ""
	}
}

func (c costs) footprint(write func(footprint) string) func(string) string {
	return func(name string) string {
		if f, there := c.idle[name]; there {
			return write(f)
		}
		return ""
	}
}

// TestJudged has a peer that is twice as fast, and then none: what cannot be compared is not judged.
func TestJudged(t *testing.T) {
	of := func(d time.Duration) []sample { return []sample{{d}} }
	c := costs{start: measured{ours: of(2 * time.Millisecond), tini: of(time.Millisecond)}}
	for what, want := range map[string]string{
		"start p50":            "2.00 ms 1.00 ms – 2.00x – ≤ 1.5x ≤ 1x MISSED",
		"start p50, over tini": "1000 us – – – – ≤ 600 us – MISSED",
		"exit p50":             "– – – – – ≤ 5x ≤ 1.7x –",
	} {
		if got := c.judged().line(what); got != want {
			t.Errorf("%s: %s, want %s", what, got, want)
		}
	}
	delete(c.start, tini)
	for what, want := range map[string]string{
		"start p50":            "2.00 ms – – – – ≤ 1.5x ≤ 1x –",
		"start p50, over tini": "– – – – – ≤ 600 us – –",
	} {
		if got := c.judged().line(what); got != want {
			t.Errorf("%s without tini: %s, want %s", what, got, want)
		}
	}
}

// line is the cells of the first line of that name.
func (t table) line(what string) string {
	for _, line := range t.lines {
		if line[0] == what {
			return strings.Join(line[1:], " ")
		}
	}
	return "no line"
}
