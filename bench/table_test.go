package bench

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// table is a title for each column, and lines of cells. It can be read as it is and is Markdown.
type table struct {
	titles []string
	lines  [][]string
}

// add appends a line. What is missing or empty in it was not measured.
func (t *table) add(cells ...string) {
	line := make([]string, len(t.titles))
	copy(line, cells)
	for i, cell := range line {
		if cell == "" {
			line[i] = "–"
		}
	}
	t.lines = append(t.lines, line)
}

func (t table) String() string {
	widths := make([]int, len(t.titles))
	for _, line := range append([][]string{t.titles}, t.lines...) {
		for i, cell := range line {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	var text strings.Builder
	rule := make([]string, len(widths))
	for i, width := range widths {
		rule[i] = strings.Repeat("-", width)
	}
	for _, line := range slices.Concat([][]string{t.titles, rule}, t.lines) {
		for i, cell := range line {
			fmt.Fprintf(&text, "| %-*s ", widths[i], cell)
		}
		text.WriteString("|\n")
	}
	return text.String()
}

// show writes three digits or so, which is more than repeats from run to run.
func show(d time.Duration) string {
	switch us := float64(d.Nanoseconds()) / 1e3; {
	case d == 0:
		return ""
	case math.Abs(us) < 99.95:
		return fmt.Sprintf("%.1f us", us)
	case math.Abs(us) < 999.5:
		return fmt.Sprintf("%.0f us", us)
	case math.Abs(us) < 99995:
		return fmt.Sprintf("%.2f ms", us/1e3)
	default:
		return fmt.Sprintf("%.0f ms", us/1e3)
	}
}

// times writes a ratio.
func times(ratio float64) string {
	if ratio == 0 {
		return ""
	}
	return fmt.Sprintf("%.2fx", ratio)
}

func TestTable(t *testing.T) {
	one := table{titles: []string{"", "ours", "peer"}}
	one.add("start", "3.0 us", "")
	one.add("≤ much longer")
	got, want := one.String(), strings.Join([]string{
		"|               | ours   | peer |",
		"| ------------- | ------ | ---- |",
		"| start         | 3.0 us | –    |",
		"| ≤ much longer | –      | –    |", "",
	}, "\n")
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestShow(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "", 15249: "15.2 us", 99949: "99.9 us", 99960: "100 us", -3300: "-3.3 us", 805400: "805 us",
		999600: "1.00 ms", 12345 * time.Microsecond: "12.35 ms", -1530 * time.Millisecond: "-1530 ms",
	} {
		if got := show(d); got != want {
			t.Errorf("show(%d): %q, want %q", d, got, want)
		}
	}
}
