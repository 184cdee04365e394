package bench

import (
	"fmt"
	"strings"
	"testing"
	"text/tabwriter"
	"time"
)

// row is one line of the table. Whatever was not measured is empty.
type row struct {
	what, target string
	middle, high string // ours: the median, or the only value, and the 95th percentile
	verdict      string
	others       map[string]string // the other contenders' medians
	ratio        string            // ours to tini's
}

type table []row

// columns are titles in the order of cells.
var columns = []string{"", "target", ours, "p95", "verdict", tini, dumbInit, noInit, "x tini"}

func (r row) cells() []string {
	cells := []string{r.what, r.target, r.middle, r.high, r.verdict, r.others[tini], r.others[dumbInit], r.others[noInit], r.ratio}
	for i, cell := range cells {
		if cell == "" {
			cells[i] = "-"
		}
	}
	return cells
}

func (t table) String() string {
	var text strings.Builder
	w := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, strings.Join(columns, "\t"))
	for _, r := range t {
		fmt.Fprintln(w, strings.Join(r.cells(), "\t"))
	}
	w.Flush()
	return text.String()
}

// timed is a row with a limit that the median has to stay under.
func timed(what string, limit time.Duration, s sample) row {
	return row{
		what: what, target: fmt.Sprintf("< %v", limit), middle: show(s.median()), high: show(s.quantile(95)),
		verdict: verdict(s.median() < limit),
	}
}

// compared is a row without a limit.
func (s samples) compared(what string) row {
	r := row{what: what, middle: show(s[ours].median()), high: show(s[ours].quantile(95)), others: map[string]string{}}
	for name, one := range s {
		r.others[name] = show(one.median())
	}
	r.ratio = ratio(s[ours].median(), s[tini].median())
	return r
}

func ratio[N ~int | ~int64](mine, theirs N) string {
	if theirs == 0 {
		return ""
	}
	return fmt.Sprintf("%.2f", float64(mine)/float64(theirs))
}

func verdict(kept bool) string {
	if kept {
		return "ok"
	}
	return "missed"
}

// show writes three digits or so, which is more than repeats from run to run.
func show(d time.Duration) string {
	if d < time.Millisecond {
		return fmt.Sprintf("%d us", d.Microseconds())
	}
	return fmt.Sprintf("%.2f ms", milliseconds(d))
}

func TestTable(t *testing.T) {
	s := samples{ours: {3 * time.Millisecond}, tini: {800 * time.Microsecond}, noInit: {90 * time.Microsecond}}
	got := table{
		timed("kept", 4*time.Millisecond, s[ours]), timed("missed", 3*time.Millisecond, s[ours]), s.compared("free"),
	}.String()
	want := strings.Join([]string{
		"        target  runner-init  p95      verdict  tini    dumb-init  no init  x tini",
		"kept    < 4ms   3.00 ms      3.00 ms  ok       -       -          -        -",
		"missed  < 3ms   3.00 ms      3.00 ms  missed   -       -          -        -",
		"free    -       3.00 ms      3.00 ms  -        800 us  -          90 us    3.75", "",
	}, "\n")
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
