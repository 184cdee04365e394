package doctor

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// says makes a check that comes out so.
func says(name string, needs []string, found ...Finding) Check {
	return Check{Name: name, Needs: needs, Run: func(context.Context) []Finding { return found }}
}

// slow is a check that lasts until its time is up, or, if it hangs, until nobody can wait for it.
func slow(name string, d time.Duration, hangs bool) Check {
	return Check{Name: name, Run: func(ctx context.Context) []Finding {
		timer := time.NewTimer(d)
		defer timer.Stop()
		done := ctx.Done()
		if hangs {
			done = nil
		}
		select {
		case <-timer.C:
			return []Finding{{Status: OK, Text: "at last"}}
		case <-done:
			return []Finding{{Status: Fail, Text: context.Cause(ctx).Error(), Code: 69}}
		}
	}}
}

func TestExam(t *testing.T) {
	ok, warn := Finding{Status: OK, Text: "fine"}, Finding{Status: Warn, Text: "hm"}
	refused, wrong := Finding{Status: Fail, Text: "no", Code: 77}, Finding{Status: Fail, Text: "what", Code: 78}
	for name, c := range map[string]struct {
		checks []Check
		want   string // statuses and texts
		code   int
		took   time.Duration
	}{
		"nothing":          {nil, "", 0, 0},
		"all well":         {[]Check{says("a", nil, ok), says("b", []string{"a"}, ok)}, "a ok fine, b ok fine", 0, 0},
		"a warning":        {[]Check{says("a", nil, warn), says("b", []string{"a"}, ok)}, "a warn hm, b ok fine", 0, 0},
		"first failure":    {[]Check{says("a", nil, refused), says("b", nil, wrong)}, "a fail no, b fail what", 77, 0},
		"several findings": {[]Check{says("a", nil, ok, wrong, refused), says("b", []string{"a"}, ok)}, "a ok fine, a fail what, a fail no, b skip cannot be checked without: a", 78, 0},
		"a chain": {[]Check{says("a", nil, wrong), says("b", []string{"a"}, ok), says("c", []string{"b"}, ok), says("d", nil, ok)},
			"a fail what, b skip cannot be checked without: a, c skip cannot be checked without: b, d ok fine", 78, 0},
		"no object":   {[]Check{says("a", nil, Finding{Status: Skip, Text: "none"}), says("b", []string{"a"}, ok)}, "a skip none, b skip cannot be checked without: a", 0, 0},
		"in time":     {[]Check{slow("a", 9*time.Second, false)}, "a ok at last", 0, 9 * time.Second},
		"too late":    {[]Check{slow("a", 11*time.Second, false), says("b", nil, ok)}, "a fail 10s were over, b ok fine", 69, 10 * time.Second},
		"almost late": {[]Check{slow("a", 11*time.Second, true)}, "a ok at last", 0, 11 * time.Second},
		"hanging":     {[]Check{slow("a", time.Minute, true), says("b", nil, ok)}, "a fail it did not come to an end: 10s were over, b ok fine", 70, 12 * time.Second},
		"all too slow": {[]Check{slow("a", 9*time.Second, false), slow("b", 9*time.Second, false), slow("c", 9*time.Second, false), slow("d", 9*time.Second, false), says("e", nil, ok)},
			"a ok at last, b ok at last, c ok at last, d fail 30s were over, e skip not checked: 30s were over", 69, 30 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var said []string
				begin := time.Now()
				code := Exam{Checks: c.checks, Step: 10 * time.Second, All: 30 * time.Second, Unfinished: 70, Tell: func(f Finding) {
					said = append(said, fmt.Sprintf("%s %s %s", f.Name, f.Status, f.Text))
				}}.Run(t.Context())
				if got := strings.Join(said, ", "); got != c.want || code != c.code {
					t.Errorf("got  %s: %d\nwant %s: %d", got, code, c.want, c.code)
				}
				if took := time.Since(begin); took != c.took {
					t.Errorf("took %v, want %v", took, c.took)
				}
				time.Sleep(time.Hour) // in virtual time, until what hangs is over
			})
		})
	}
}

// An exam that was interrupted has not found that all is well.
func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	stop := Check{Name: "a", Run: func(context.Context) []Finding { cancel(); return []Finding{{Status: OK}} }}
	var last Finding
	code := Exam{Checks: []Check{stop, says("b", nil, Finding{Status: OK})}, Step: time.Hour, All: time.Hour, Unfinished: 70, Tell: func(f Finding) { last = f }}.Run(ctx)
	if code != 70 || last.Status != Skip {
		t.Errorf("got %d, %+v", code, last)
	}
}

func TestWriting(t *testing.T) {
	found := []Finding{
		{Name: "clock", Status: OK, Text: "fine"},
		{Name: "credential", Status: Fail, Text: "two\nlines and \x1b[31mred", Hint: "set <it>", Code: 77},
	}
	want := "ok    clock              fine\n" +
		"fail  credential         two lines and \uFFFD[31mred\n                         hint: set <it>\n" +
		"1 ok, 0 warn, 1 fail, 0 skip: exit code 77\n"
	if got := found[0].Line() + found[1].Line() + Summary(found, 77); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	var out strings.Builder
	if err := WriteJSON(&out, found, 77); err != nil {
		t.Fatal(err)
	}
	want = `{
  "exit_code": 77,
  "checks": [
    {
      "name": "clock",
      "status": "ok",
      "text": "fine"
    },
    {
      "name": "credential",
      "status": "fail",
      "text": "two\nlines and \u001b[31mred",
      "hint": "set <it>"
    }
  ]
}
`
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
}
