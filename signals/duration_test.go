package signals

import (
	"math"
	"strings"
	"testing"
	"time"
)

var durations = []string{
	"", "0", "5", "5s", "500ms", "1m30s", "10s", "1h", "1.5h", "1.5", ".5s", "5.s", ".s", ".", "s", "m", "1", "-1s", "+1s", "1s1", "0s5", "0s0", "1s 1s", " 1s",
	"1x", "1ss", "1sm", "1ms1us1ns", "1d", "1us", "1ns", "0.1ns", "0.9us", "1.999999999h", "0.999999999h", "0.1234567891234567h", "1m1m",
	"99999999999999999999s", "30000000000000000000ns", "3000000000000000000ns", "9223372036854775807ns", "9223372036854775808ns", "876000h", "876001h", "1000000h", "2562047h47m16s",
	"3153600000", "3153600001", "3153599999.999999999s", "1e3s", "0x10s", "1_000s", "0.0000000000000000000000000000000000000000001s", "000000000000000000000000000001s", "1µs", "1μs",
	"184467440737095517s", "18446744073709551617", "92233720368547758071ns", "1.99999999999999999999999999999s",
}

// compareDuration: the standard library's reader is right wherever it and ours want to be the same.
func compareDuration(t *testing.T, s string) {
	t.Helper()
	got, ok := duration(s)
	bare := s != "" && strings.Trim(s, "0123456789.") == ""
	text := s
	if bare {
		text += "s"
	}
	want, err := time.ParseDuration(text)
	wantOK := err == nil && int64(want) <= longestDuration && !strings.ContainsAny(s, "+-µμ") && (bare || s != "0")
	if ok != wantOK {
		t.Errorf("%q: got %d, %t; the standard library says %v, %v", s, got, ok, want, err)
		return
	}
	// Both drop what is shorter than a nanosecond, ours from each digit beyond the ninth on, which of an hour is more.
	const inexact = 3600 + 1
	if ok && math.Abs(float64(got-int64(want))) > inexact*float64(1+strings.Count(s, ".")) {
		t.Errorf("%q: got %v, want %v", s, time.Duration(got), want)
	}
	if ok && !strings.Contains(s, ".") && got != int64(want) {
		t.Errorf("%q: got %v, want exactly %v", s, time.Duration(got), want)
	}
}

func TestDuration(t *testing.T) {
	for _, s := range durations {
		compareDuration(t, s)
	}
	for s, want := range map[string]time.Duration{
		"0": 0, "5": 5 * time.Second, "1.5": 1500 * time.Millisecond, "1m30s": 90 * time.Second, "0.25h": 15 * time.Minute, "250us": 250 * time.Microsecond,
		"1.000000001s": time.Second + 1, "0.999999999h": time.Hour - 3600, "876000h": 876000 * time.Hour, "1h1m1s1ms1us1ns": 3661001001001,
	} {
		if got, ok := duration(s); !ok || time.Duration(got) != want {
			t.Errorf("%q: got %v, %t; want %v", s, time.Duration(got), ok, want)
		}
	}
}

func FuzzDuration(f *testing.F) {
	for _, s := range durations {
		f.Add(s)
	}
	f.Fuzz(compareDuration)
}
