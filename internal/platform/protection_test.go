package platform

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// stage is a Guard that answers as it is told, and writes down when it was asked what.
type stage struct {
	began   time.Time
	lease   time.Duration
	answers []answer // in turn; the last one for ever
	record  []string
	stands  []Standing // after each moment at which something happened to jobs
	logged  strings.Builder
}

type answer struct {
	takes time.Duration // 0: at once; below: until the context ends
	err   error
}

func (s *stage) Protect(ctx context.Context) (time.Duration, error) {
	return s.lease, s.asked(ctx, "protect")
}
func (s *stage) Release(ctx context.Context) error { return s.asked(ctx, "release") }

func (s *stage) asked(ctx context.Context, what string) error {
	s.record = append(s.record, fmt.Sprint(time.Since(s.began), " ", what))
	if len(s.answers) == 0 {
		return nil
	}
	a := s.answers[0]
	if len(s.answers) > 1 {
		s.answers = s.answers[1:]
	}
	var takes <-chan time.Time
	if a.takes >= 0 {
		takes = time.After(a.takes)
	}
	select {
	case <-takes:
		return a.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// play lets jobs do so, and returns what the guard was asked, and when nobody was left.
func (s *stage) play(t *testing.T, insist bool, jobs map[time.Duration]int) (record []string, over time.Duration) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s.began = time.Now()
		text := slog.New(slog.NewTextHandler(&s.logged, nil))
		p := NewProtection(s, text, insist)
		s.perform(p, jobs)
		p.Wait(t.Context())
		over = time.Since(s.began)
	})
	return s.record, over
}

// perform lets jobs start (+1), end (-1), or only looks (0), at their times.
func (s *stage) perform(p *Protection, jobs map[time.Duration]int) {
	at := slices.Sorted(func(yield func(time.Duration) bool) {
		for d := range jobs {
			if !yield(d) {
				return
			}
		}
	})
	for _, d := range at {
		time.Sleep(d - time.Since(s.began))
		switch change := jobs[d]; {
		case change > 0:
			p.JobStarted()
		case change < 0:
			p.JobEnded()
		}
		synctest.Wait()
		s.stands = append(s.stands, p.Standing())
	}
}

const minute, hour = time.Minute, time.Hour

var (
	errAgent = errors.New("the agent does not answer")
	errNever = &Refusal{Err: errors.New("the task is not part of a service"), Level: slog.LevelInfo, Hint: "run it in a service"}
)

// What is known of the protection, at each moment, as the metrics show it.
func TestStanding(t *testing.T) {
	const second = time.Second
	hang := answer{takes: -1}
	for name, c := range map[string]struct {
		answers []answer
		jobs    map[time.Duration]int
		want    []Standing
	}{
		"before a job":    {nil, map[time.Duration]int{0: 0}, []Standing{None}},
		"granted":         {nil, map[time.Duration]int{0: 1, minute: 0, 2 * minute: -1}, []Standing{Held, Held, None}},
		"no answer yet":   {[]answer{hang, {}}, map[time.Duration]int{0: 1, minute: 0}, []Standing{Asked, Held}},
		"refused":         {[]answer{{err: errNever}}, map[time.Duration]int{0: 1, minute: -1, 2 * minute: 1}, []Standing{Refused, Refused, Refused}},
		"not granted yet": {[]answer{{err: errAgent}, {}}, map[time.Duration]int{0: 1, 3 * second: 0}, []Standing{Asked, Held}},
		"not granted anew": {[]answer{{}, {err: errAgent}, {}}, map[time.Duration]int{0: 1, 30*minute + second: 0, 31 * minute: 0},
			[]Standing{Held, Asked, Held}},
		"being given up": {[]answer{{}, hang, {}}, map[time.Duration]int{0: 1, minute: -1, 2 * minute: 0}, []Standing{Held, Released, None}},
		"given up in vain": {[]answer{{}, {err: errAgent}}, map[time.Duration]int{0: 1, minute: -1, 2 * minute: 0, 3 * minute: 1},
			[]Standing{Held, Released, Stale, Asked}},
	} {
		t.Run(name, func(t *testing.T) {
			s := &stage{lease: hour, answers: c.answers}
			last := slices.Max(slices.Collect(maps.Keys(c.jobs)))
			if c.jobs[last] >= 0 { // whatever runs has to end
				c.jobs[last+hour] = -1
			}
			s.play(t, false, c.jobs)
			if got := s.stands[:len(c.want)]; !slices.Equal(got, c.want) {
				t.Errorf("it stands at %q, want %q", got, c.want)
			}
		})
	}
	if got := (*Protection)(nil).Standing(); got != Off {
		t.Errorf("without anybody to ask it stands at %q", got)
	}
}

func TestProtection(t *testing.T) {
	hang := answer{takes: -1}
	for name, c := range map[string]struct {
		lease   time.Duration
		answers []answer
		jobs    map[time.Duration]int
		want    []string
		over    time.Duration
	}{
		"no job":                         {hour, nil, nil, nil, 0},
		"an end without a job":           {hour, nil, map[time.Duration]int{minute: -1}, nil, minute},
		"a job":                          {hour, nil, map[time.Duration]int{0: 1, minute: -1}, []string{"0s protect", "1m0s release"}, minute},
		"renewed while it runs":          {hour, nil, map[time.Duration]int{0: 1, 80 * minute: -1}, []string{"0s protect", "30m0s protect", "1h0m0s protect", "1h20m0s release"}, 80 * minute},
		"granted without an end":         {0, nil, map[time.Duration]int{0: 1, 100 * hour: -1}, []string{"0s protect", "100h0m0s release"}, 100 * hour},
		"one job after the other":        {hour, nil, map[time.Duration]int{0: 1, minute: -1, 2 * minute: 1, 3 * minute: -1}, []string{"0s protect", "1m0s release", "2m0s protect", "3m0s release"}, 3 * minute},
		"two jobs at once":               {hour, nil, map[time.Duration]int{0: 1, minute: 1, 2 * minute: -1, 3 * minute: -1}, []string{"0s protect", "3m0s release"}, 3 * minute},
		"refused for good, for all jobs": {hour, []answer{{err: errNever}}, map[time.Duration]int{0: 1, minute: -1, 2 * minute: 1, 3 * minute: -1}, []string{"0s protect"}, 3 * minute},
		"refused when it is renewed":     {hour, []answer{{}, {err: errNever}}, map[time.Duration]int{0: 1, 50 * minute: -1}, []string{"0s protect", "30m0s protect"}, 50 * minute},
		"a failure, then granted":        {hour, []answer{{err: errAgent}, {}}, map[time.Duration]int{0: 1, minute: -1}, []string{"0s protect", "2s protect", "1m0s release"}, minute},
		"a renewal that fails for a while": {hour, []answer{{}, {err: errAgent}, {err: errAgent}, {}}, map[time.Duration]int{0: 1, 40 * minute: -1},
			[]string{"0s protect", "30m0s protect", "30m2s protect", "30m6s protect", "40m0s release"}, 40 * minute},
		"failures all along, further and further apart": {hour, []answer{{err: errAgent}}, map[time.Duration]int{0: 1, 3 * minute: -1},
			[]string{"0s protect", "2s protect", "6s protect", "14s protect", "30s protect", "1m2s protect", "2m2s protect", "3m0s release", "3m2s release", "3m6s release"}, 3*minute + 6*time.Second},
		"no answer at all": {hour, []answer{hang}, map[time.Duration]int{0: 1, 10 * time.Second: -1},
			[]string{"0s protect", "7s protect", "12s release", "16s release", "22s release"}, 24 * time.Second},
		"over before the answer":             {hour, []answer{{takes: 3 * time.Second}, {}}, map[time.Duration]int{0: 1, time.Second: -1}, []string{"0s protect", "3s release"}, 3 * time.Second},
		"a job while the last one is let go": {hour, []answer{{}, hang, {}}, map[time.Duration]int{0: 1, minute: -1, 61 * time.Second: 1, 2 * minute: -1}, []string{"0s protect", "1m0s release", "1m1s protect", "2m0s release"}, 2 * minute},
		"over before the refusal":            {hour, []answer{{takes: 3 * time.Second}, {err: errNever}}, map[time.Duration]int{0: 1, time.Second: -1, minute: 1, 2 * minute: -1}, []string{"0s protect", "3s release"}, 2 * minute},
		"a release that is refused":          {hour, []answer{{}, {err: errNever}}, map[time.Duration]int{0: 1, minute: -1}, []string{"0s protect", "1m0s release"}, minute},
	} {
		t.Run(name, func(t *testing.T) {
			s := &stage{lease: c.lease, answers: c.answers}
			got, over := s.play(t, false, c.jobs)
			if !slices.Equal(got, c.want) || over != c.over {
				t.Errorf("got %q, over at %s; want %q, over at %s", got, over, c.want, c.over)
			}
		})
	}
}

// heir is a stage that can tell what an earlier runner has left.
type heir struct {
	*stage
	left bool
}

func (h heir) Inherited(ctx context.Context) (bool, error) { return h.left, h.asked(ctx, "look") }

// What a runner that was killed has left is given up at once; a job that starts meanwhile comes first, and who ends does not
// wait for a look.
func TestInherit(t *testing.T) {
	hang := answer{takes: -1}
	for name, c := range map[string]struct {
		left    bool
		answers []answer
		jobs    map[time.Duration]int
		leaves  time.Duration
		want    []string
		over    time.Duration
	}{
		"nothing":                       {false, nil, nil, minute, []string{"0s look"}, minute},
		"something":                     {true, nil, nil, minute, []string{"0s look", "0s release"}, minute},
		"no right to look":              {true, []answer{{err: errNever}}, map[time.Duration]int{minute: 1, 2 * minute: -1}, 3 * minute, []string{"0s look"}, 3 * minute},
		"no answer at first":            {true, []answer{{err: errAgent}, {}}, nil, minute, []string{"0s look", "2s look", "2s release"}, minute},
		"no answer":                     {true, []answer{{err: errAgent}}, nil, minute, []string{"0s look", "2s look", "6s look"}, minute},
		"no answer, and a job later":    {true, []answer{{err: errAgent}, {err: errAgent}, {err: errAgent}, {}}, map[time.Duration]int{minute: 1, 2 * minute: -1}, 3 * minute, []string{"0s look", "2s look", "6s look", "1m0s protect", "2m0s release"}, 3 * minute},
		"a job during the look":         {true, []answer{hang, {}}, map[time.Duration]int{time.Second: 1, minute: -1}, 2 * minute, []string{"0s look", "1s protect", "1m0s release"}, 2 * minute},
		"a job between two looks":       {true, []answer{{err: errAgent}, {}}, map[time.Duration]int{time.Second: 1, minute: -1}, 2 * minute, []string{"0s look", "1s protect", "1m0s release"}, 2 * minute},
		"an end during the look":        {true, []answer{hang, {}}, nil, time.Second, []string{"0s look"}, time.Second},
		"an end between two looks":      {true, []answer{{err: errAgent}, {}}, nil, time.Second, []string{"0s look"}, time.Second},
		"an end while it is given up":   {true, []answer{{}, {takes: 2 * time.Second, err: errAgent}, {}}, nil, time.Second, []string{"0s look", "0s release", "4s release"}, 4 * time.Second},
		"a release that hangs, and end": {true, []answer{{}, hang}, nil, time.Second, []string{"0s look", "0s release", "4s release", "10s release"}, 12 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &stage{began: time.Now(), lease: hour, answers: c.answers}
				p := NewProtection(heir{s, c.left}, slog.New(slog.DiscardHandler), false)
				p.Inherit()
				s.perform(p, c.jobs)
				synctest.Wait()
				time.Sleep(c.leaves - time.Since(s.began))
				p.Wait(t.Context())
				if over := time.Since(s.began); !slices.Equal(s.record, c.want) || over != c.over {
					t.Errorf("got %q, over at %s; want %q, over at %s", s.record, over, c.want, c.over)
				}
			})
		})
	}
	t.Run("who cannot tell", func(t *testing.T) {
		s := &stage{}
		p := NewProtection(s, slog.New(slog.DiscardHandler), false)
		p.Inherit()
		if err := p.Wait(t.Context()); err != nil || len(s.record) > 0 {
			t.Errorf("%v, asked %q", err, s.record)
		}
	})
}

// What does not change is said once, as loud as whoever set it up wants it.
func TestWhatIsSaid(t *testing.T) {
	twoJobs := map[time.Duration]int{0: 1, minute: -1, 2 * minute: 1, 3 * minute: -1}
	for name, c := range map[string]struct {
		answers []answer
		insist  bool
		says    string
		times   int
	}{
		"a refusal":                     {[]answer{{err: errNever}}, false, `level=INFO msg="jobs are not protected from scale-in" error="the task is not part of a service" hint="run it in a service"`, 1},
		"a refusal to one who insists":  {[]answer{{err: errNever}}, true, `level=ERROR msg="jobs are not protected from scale-in"`, 1},
		"failures, once for each job":   {[]answer{{err: errAgent}}, false, "trying again", 2},
		"protection, once for each job": {nil, false, "the job is protected", 2},
		"its end":                       {nil, false, "given up", 2},
		"an end that failed":            {[]answer{{}, {err: errAgent}}, false, "until it expires", 2},
	} {
		t.Run(name, func(t *testing.T) {
			s := &stage{lease: hour, answers: c.answers}
			s.play(t, c.insist, twoJobs)
			if n := strings.Count(s.logged.String(), c.says); n != c.times {
				t.Errorf("%d times, want %d:\n%s", n, c.times, s.logged.String())
			}
		})
	}
}

// Who ends waits no longer than it wants to, and a Protection that is off can be told everything.
func TestWaitIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &stage{began: time.Now(), answers: []answer{{takes: -1}}}
		p := NewProtection(s, slog.New(slog.DiscardHandler), false)
		p.JobStarted()
		synctest.Wait()
		p.JobEnded()
		began := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err := p.Wait(ctx)
		if took := time.Since(began); took != time.Second || err == nil {
			t.Errorf("it took %s: %v", took, err)
		}
		p.Wait(t.Context())
	})
	var off *Protection
	off.Inherit()
	off.JobStarted()
	off.JobEnded()
	off.Wait(t.Context())
}
