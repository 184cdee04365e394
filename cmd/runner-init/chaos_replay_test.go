package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// A life is its seed's: played twice, it has the same requests, answers, log lines and end, to the nanosecond. Only what
// happens in the same instant has no order.
func TestChaosReplays(t *testing.T) {
	key, text := newAppKey(t)
	tell := func(seed uint64) string {
		var s *scene
		code, trouble, _ := playSeed(t, seed, t.TempDir(), func(p plot, dir string) (_ *scene, err error) {
			s, err = newScene(p, dir, key, text)
			return s, err
		})
		return fmt.Sprintf("%s\nexit code %d, %q\n%s", s.plot, code, trouble, straighten(unnamed(s.tale()), s.told.ended))
	}
	for seed := range uint64(60) {
		if first, second := tell(seed+1), tell(seed+1); first != second {
			t.Errorf("make chaos SEED=%d is another life each time:\n%s", seed+1, difference(first, second))
		}
	}
}

// straighten puts what happens in the same instant into an order, and leaves out what others had to say in the instant of the
// end, when the last line may be written already.
func straighten(tale string, end time.Time) string {
	lines := strings.Split(tale, "\n")
	lines = slices.DeleteFunc(lines, func(line string) bool {
		return strings.Contains(line, end.UTC().Format(`{"time":"2006-01-02T15:04:05.999999999Z"`)) &&
			!strings.Contains(line, `"msg":"phase changed"`) && !strings.Contains(line, `"msg":"exited"`)
	})
	slices.Sort(lines) // each begins with its time
	return strings.Join(lines, "\n")
}

// made are names that nobody may guess, which alone are not the seed's.
var made = regexp.MustCompile(`(github-runner|mine)-[0-9a-z]{13}`)

// unnamed numbers them in the order of their appearance.
func unnamed(tale string) string {
	var names []string
	return made.ReplaceAllStringFunc(tale, func(name string) string {
		for i, known := range names {
			if known == name {
				return fmt.Sprint("runner ", i)
			}
		}
		names = append(names, name)
		return fmt.Sprint("runner ", len(names)-1)
	})
}

// difference is where two texts part, with the line before.
func difference(a, b string) string {
	as, bs := strings.Split(a, "\n"), strings.Split(b, "\n")
	for i := range min(len(as), len(bs)) {
		if as[i] != bs[i] {
			return fmt.Sprintf("  %s\n- %s\n+ %s", as[max(i-1, 0)], as[i], bs[i])
		}
	}
	return fmt.Sprintf("one has %d lines, the other %d", len(as), len(bs))
}
