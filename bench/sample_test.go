package bench

import (
	"slices"
	"strconv"
	"testing"
	"time"
)

// sample is one quantity, measured many times.
type sample []time.Duration

// quantile is the smallest measured value that so many percent of all do not exceed; 0 without any.
func (s sample) quantile(percent int) time.Duration {
	if len(s) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(s))
	return sorted[max(0, (len(sorted)*percent+99)/100-1)]
}

// measured is one quantity of all contenders, by their names: a sample for each round.
type measured map[string][]sample

func (m measured) add(name string, values ...time.Duration) { m[name] = append(m[name], values) }

// quantile is that of all rounds together.
func (m measured) quantile(name string, percent int) time.Duration {
	return sample(slices.Concat(m[name]...)).quantile(percent)
}

// ratio compares a quantile of two contenders: the median over the rounds of what it is in each. What slows the machine
// down for a while slows down both in a round, so this repeats better than a ratio of two medians, and far better for
// the slowest signals. 0 if one of them was not measured.
func (m measured) ratio(name, peer string, percent int) float64 {
	return middle(pairs(m, name, peer, func(mine, theirs sample) float64 {
		return float64(mine.quantile(percent)) / float64(max(1, theirs.quantile(percent)))
	}))
}

// over is how much longer than another one a contender takes: the median over the rounds, too.
func (m measured) over(name, peer string) time.Duration {
	return middle(pairs(m, name, peer, func(mine, theirs sample) time.Duration {
		return mine.quantile(50) - theirs.quantile(50)
	}))
}

// pairs compares two contenders round by round.
func pairs[T any](m measured, name, peer string, compare func(mine, theirs sample) T) []T {
	var all []T
	for round := range min(len(m[name]), len(m[peer])) {
		all = append(all, compare(m[name][round], m[peer][round]))
	}
	return all
}

// middle is the median, of two values in the middle the one between them; 0 without any.
func middle[T ~int64 | ~float64](values []T) T {
	if len(values) == 0 {
		return 0
	}
	slices.Sort(values)
	n := len(values)
	return (values[(n-1)/2] + values[n/2]) / 2
}

// report gives the benchmark our quantile, and the ratio of it to tini's where there is a tini.
func (m measured) report(b *testing.B, quantity string, percent int) {
	name := quantity + "-p" + strconv.Itoa(percent)
	b.ReportMetric(float64(m.quantile(ours, percent).Nanoseconds())/1e3, name+"-us")
	if ratio := m.ratio(ours, tini, percent); ratio > 0 {
		b.ReportMetric(ratio, name+"/tini")
	}
}

func milliseconds(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1e6 }

func TestQuantile(t *testing.T) {
	for _, test := range []struct {
		s       sample
		percent int
		want    time.Duration
	}{
		{nil, 50, 0},
		{sample{7}, 50, 7},
		{sample{7}, 95, 7},
		{sample{3, 1, 2}, 50, 2},
		{sample{4, 3, 1, 2}, 50, 2},
		{sample{5, 4, 3, 2, 1}, 0, 1},
		{sample{5, 4, 3, 2, 1}, 95, 5},
		{sample{5, 4, 3, 2, 1}, 100, 5},
	} {
		if got := test.s.quantile(test.percent); got != test.want {
			t.Errorf("quantile(%d) of %v: %v, want %v", test.percent, test.s, got, test.want)
		}
	}
}

// TestMeasured has a round in which all are slow: it counts in a quantile, but changes no comparison.
func TestMeasured(t *testing.T) {
	m := measured{}
	for _, slow := range []time.Duration{1, 1, 10} {
		m.add(ours, 3*slow, 3*slow, 9*slow)
		m.add(tini, 2*slow, 2*slow, 3*slow)
	}
	m.add(dumbInit, 1, 1, 1)
	if got := m.quantile(ours, 100); got != 90 {
		t.Errorf("the slowest: %v, want 90ns", got)
	}
	if got := m.ratio(ours, tini, 50); got != 1.5 {
		t.Errorf("ratio of medians: %v, want 1.5", got)
	}
	if got := m.ratio(ours, tini, 100); got != 3 {
		t.Errorf("ratio of maxima: %v, want 3", got)
	}
	if got := m.over(ours, tini); got != 1 {
		t.Errorf("over tini: %v, want 1ns", got)
	}
	if got := m.over(ours, dumbInit); got != 2 {
		t.Errorf("over one that has missed rounds: %v, want 2ns", got)
	}
	if got := m.ratio(ours, "nobody", 50); got != 0 {
		t.Errorf("ratio to nobody: %v, want 0", got)
	}
}

func TestMiddle(t *testing.T) {
	for want, values := range map[float64][]float64{0: nil, 4: {4}, 2.5: {3, 9, 1, 2}, 3: {9, 3, 1}} {
		if got := middle(values); got != want {
			t.Errorf("middle of %v: %v, want %v", values, got, want)
		}
	}
}
