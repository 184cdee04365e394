package bench

import (
	"slices"
	"testing"
	"time"
)

// sample is one quantity, measured many times.
type sample []time.Duration

func (s sample) median() time.Duration { return s.quantile(50) }

// quantile is the smallest measured value that so many percent of all do not exceed; 0 without any.
func (s sample) quantile(percent int) time.Duration {
	if len(s) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(s))
	return sorted[max(0, (len(sorted)*percent+99)/100-1)]
}

// samples are one quantity of all contenders, by their names.
type samples map[string]sample

func (s samples) add(name string, d time.Duration) { s[name] = append(s[name], d) }

// report gives the benchmark our median, and its ratio to tini's where there is a tini.
func (s samples) report(b *testing.B, quantity string) {
	mine := s[ours].median()
	b.ReportMetric(float64(mine.Nanoseconds())/1e3, quantity+"-us")
	if peer := s[tini].median(); peer > 0 {
		b.ReportMetric(float64(mine)/float64(peer), quantity+"/tini")
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
