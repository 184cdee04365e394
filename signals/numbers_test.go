package signals

import (
	"fmt"
	"math"
	"strconv"
	"testing"
)

// Texts that are numbers, nearly numbers, and anything else.
var numerals = []string{
	"", " ", "0", "7", "007", "+7", "-7", "- 7", "+-7", "--7", " 7", "\t\n\v\f\r 7", "7 ", "7x", "x7", "0x7", "1e3", "1.5", "255", "256", "-1", "-0",
	"2147483647", "999999999", "٣", "7\xff", "\xa07", "\x1c7", "+", "-", "15:3", "15 :3", "15: 3", " 15: -3", "15:3:1", "15:", ":3", "15", "15::3",
	"0:1", "1:0", "31:31", "32:1", "1:32", "-1:1", "1:-1", "+1:+2", "\t1:\n2", "15:3junk", "15junk:3", "1:+", "15;3", "TERM:1",
}

// small says that no number of the text is one that C's int cannot hold: where it cannot, what happens is nobody's law.
func small(s string) bool {
	digits := 0
	for i := range len(s) {
		if !isDigit(s[i]) {
			digits = 0
		} else if digits++; digits > 9 {
			return false
		}
	}
	return true
}

func compareNumber(t *testing.T, c *clib, s string) {
	t.Helper()
	answer := c.numbers(t, "number", s)
	want, used := answer[0], answer[1]
	if !small(s) {
		want = max(-1<<31, min(want, 1<<31))
	}
	if n, got := scanNumber(s); n != want || got != used {
		t.Errorf("scanNumber(%q): got %d, %d; want %d, %d", s, n, got, want, used)
	}
	if got := leadingNumber(s); got != want {
		t.Errorf("leadingNumber(%q): got %d, want %d", s, got, want)
	}
	strict := used == len(s) && want >= 0 && want <= 255
	if n, ok := strictNumber(s); ok != strict || ok && n != want {
		t.Errorf("strictNumber(%q): got %d, %t; want %d, %t", s, n, ok, want, strict)
	}
}

// comparePair: dumb-init wants two numbers, each in its bounds.
func comparePair(t *testing.T, c *clib, s string) {
	t.Helper()
	from, to, ok := dumbInitRewrite(s)
	if !small(s) {
		if ok && (from < 1 || from > lastStandard || to < 0 || to > lastStandard) {
			t.Errorf("dumbInitRewrite(%q): got %d, %d", s, from, to)
		}
		return
	}
	answer := c.numbers(t, "pair", s)
	wantFrom, wantTo := answer[1], answer[2]
	want := answer[0] == 2 && wantFrom >= 1 && wantFrom <= 31 && wantTo >= 0 && wantTo <= 31
	if ok != want || ok && (from != wantFrom || to != wantTo) {
		t.Errorf("dumbInitRewrite(%q): got %d, %d, %t; want %d, %d, %t", s, from, to, ok, wantFrom, wantTo, want)
	}
}

func TestNumbersOfC(t *testing.T) {
	c := newClib(t)
	for _, s := range append(numerals, "2147483648", "-2147483649", "99999999999999999999999", "-99999999999999999999999") {
		compareNumber(t, c, s)
		comparePair(t, c, s)
	}
}

func FuzzNumbersOfC(f *testing.F) {
	for _, s := range numerals {
		f.Add(s)
	}
	c := newClib(f)
	f.Fuzz(func(t *testing.T, s string) {
		compareNumber(t, c, mute(s))
		comparePair(t, c, mute(s))
	})
}

func TestNumber(t *testing.T) {
	tests := []struct {
		text  string
		limit int
		want  int
		ok    bool
	}{
		{"", 9, 0, false}, {"0", 9, 0, true}, {"9", 9, 9, true}, {"10", 9, 0, false}, {"0009", 9, 9, true}, {"64", 64, 64, true}, {"65", 64, 0, false},
		{"-1", 9, 0, false}, {"+1", 9, 0, false}, {" 1", 9, 0, false}, {"1 ", 9, 0, false}, {"1x", 9, 0, false}, {"x", 9, 0, false},
		{"99999999999999999999999999999999", 1 << 30, 0, false}, {"1073741824", 1 << 30, 1 << 30, true}, {"/", 9, 0, false}, {":", 9, 0, false},
	}
	for _, test := range tests {
		if n, ok := number(test.text, test.limit); ok != test.ok || ok && n != test.want {
			t.Errorf("number(%q, %d): got %d, %t; want %d, %t", test.text, test.limit, n, ok, test.want, test.ok)
		}
	}
}

func FuzzDecimal(f *testing.F) {
	for _, n := range []int{0, 1, -1, 9, 10, -10, 4194304, math.MaxInt, -math.MaxInt} {
		f.Add(n)
	}
	f.Fuzz(func(t *testing.T, n int) {
		if n == math.MinInt { // has no positive
			return
		}
		var buffer [20]byte
		if got, want := string(decimal(&buffer, n)), strconv.Itoa(n); got != want {
			t.Errorf("got %q, want %s", got, want)
		}
		if limit := 1 << 60; n >= 0 && n <= limit {
			if back, ok := number(fmt.Sprint(n), limit); !ok || back != n {
				t.Errorf("%d came back as %d, %t", n, back, ok)
			}
		}
	})
}
