package bench

import (
	"math"
	"strconv"
	"testing"
	"time"
)

// target is what a number may be at most: what we hold ourselves to, and what we would be proud of. NaN is neither.
type target struct {
	must, stretch float64
	unit          string
}

var nothing = math.NaN()

func (t target) says(limit float64) string {
	if math.IsNaN(limit) {
		return ""
	}
	return "≤ " + strconv.FormatFloat(limit, 'f', -1, 64) + t.unit
}

// write writes a number that is judged, and verdict judges what is written: nobody has to wonder about digits that are
// not shown.
func (t target) write(value float64) string {
	if math.IsNaN(value) {
		return ""
	}
	return strconv.FormatFloat(value, 'f', t.digits(), 64) + t.unit
}

func (t target) digits() int {
	if t.unit == "x" || t.unit == " ms" {
		return 2
	}
	return 0
}

func (t target) verdict(value float64) string {
	scale := math.Pow10(t.digits())
	switch written := math.Round(value*scale) / scale; {
	case math.IsNaN(value):
		return ""
	case written <= t.stretch: // never, if there is none
		return "stretch"
	case written <= t.must:
		return "ok"
	default:
		return "MISSED"
	}
}

func microseconds(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1e3 }

func TestVerdict(t *testing.T) {
	ratio, count, slow, alone := target{1.5, 1, "x"}, target{4, 0, ""}, target{15, nothing, " ms"}, target{600, nothing, " us"}
	for _, test := range []struct {
		target target
		value  float64
		want   string
	}{
		{ratio, 0.9, "stretch"}, {ratio, 1.004, "stretch"}, {ratio, 1.006, "ok"}, {ratio, 1.504, "ok"}, {ratio, 1.506, "MISSED"},
		{count, 0, "stretch"}, {count, 1, "ok"}, {count, 5, "MISSED"},
		{slow, 15.004, "ok"}, {slow, 15.006, "MISSED"},
		{alone, nothing, ""}, {alone, -3, "ok"}, {alone, 600, "ok"}, {alone, 601, "MISSED"},
	} {
		if got := test.target.verdict(test.value); got != test.want {
			t.Errorf("%v of %+v: %s, want %s", test.value, test.target, got, test.want)
		}
	}
	got := ratio.says(1.5) + count.says(0) + alone.says(600) + alone.says(nothing) + ratio.write(1) + slow.write(5.3434) + count.write(4)
	if want := "≤ 1.5x≤ 0≤ 600 us1.00x5.34 ms4"; got != want {
		t.Errorf("numbers read %q, want %q", got, want)
	}
}
