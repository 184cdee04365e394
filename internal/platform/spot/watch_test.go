package spot_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/runner-init/runner-init/internal/platform/spot"
	sim "github.com/runner-init/runner-init/internal/sim/ecs"
)

// inProcess answers requests without a network, for virtual time.
type inProcess struct{ http.Handler }

func (p inProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	answered := make(chan *http.Response, 1)
	go func() {
		w := httptest.NewRecorder()
		p.ServeHTTP(w, r)
		answered <- w.Result()
	}()
	select {
	case resp := <-answered:
		return resp, nil
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
}

const second, minute, hour = time.Second, time.Minute, time.Hour

// watched is what a watch tells of an instance to which things happen at times, until a time, and what it returns.
func watched(t *testing.T, i *sim.Instance, until time.Duration, happens map[time.Duration]func()) (told []string, err error) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		tell := func(format string, args ...any) {
			told = append(told, fmt.Sprint(time.Since(began), " ")+fmt.Sprintf(format, args...))
		}
		for at, do := range happens {
			time.AfterFunc(at, do)
		}
		ctx, cancel := context.WithTimeout(t.Context(), until)
		defer cancel()
		m := &spot.Metadata{Transport: inProcess{i}}
		err = m.Watch(ctx, spot.News{
			Watching:    func() { tell("watching") },
			Interrupted: func(action string, at time.Time) { tell("%s at %s", action, at.Sub(began)) },
			Likely:      func() { tell("likely") },
			Blind:       func(err error) { tell("blind") },
		})
	})
	return told, err
}

func TestNotices(t *testing.T) {
	i := new(sim.Instance)
	began := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC) // of a bubble
	interrupt := func(action string, at time.Duration) func() { return func() { i.Interrupt(action, began.Add(at)) } }
	for name, c := range map[string]struct {
		until   time.Duration
		before  func()
		happens map[time.Duration]func()
		want    string
	}{
		"none":                    {hour, nil, nil, "0s watching"},
		"terminated":              {hour, nil, map[time.Duration]func(){62 * second: interrupt("terminate", 3*minute)}, "0s watching, 1m5s terminate at 3m0s"},
		"stopped, put off":        {hour, nil, map[time.Duration]func(){second: interrupt("stop", 2*minute), 21 * second: interrupt("stop", 4*minute)}, "0s watching, 5s stop at 2m0s, 25s stop at 4m0s"},
		"hibernated at once":      {hour, nil, map[time.Duration]func(){second: interrupt("hibernate", 0)}, "0s watching, 5s hibernate at 0s"},
		"taken back before":       {minute, interrupt("terminate", 20*second), nil, "0s watching, 0s terminate at 20s"},
		"likely":                  {hour, nil, map[time.Duration]func(){second: func() { i.Rebalance(began) }}, "0s watching, 5s likely"},
		"likely before":           {hour, func() { i.Rebalance(began.Add(-hour)) }, nil, "0s watching"},
		"likely, then terminated": {hour, nil, map[time.Duration]func(){second: func() { i.Rebalance(began) }, 119 * second: interrupt("terminate", 4*minute+second)}, "0s watching, 5s likely, 2m0s terminate at 4m1s"},
		"tokens forgotten":        {hour, nil, map[time.Duration]func(){second: i.Forget, minute + second: interrupt("stop", 2*minute)}, "0s watching, 1m5s stop at 2m0s"},
		"a day with its tokens":   {24 * hour, nil, map[time.Duration]func(){20*hour - second: interrupt("stop", 21*hour)}, "0s watching, 20h0m0s stop at 21h0m0s"},
		"no time": {hour, nil, map[time.Duration]func(){second: func() { i.Set("spot/instance-action", `{"action":"stop"}`) }, 119 * second: interrupt("stop", 4*minute)},
			"0s watching, 1m0s blind, 2m0s stop at 4m0s"},
		"garbage": {hour, nil, map[time.Duration]func(){second: func() { i.Set("spot/instance-action", "<html>") }, 119 * second: interrupt("stop", 4*minute)},
			"0s watching, 1m0s blind, 2m0s stop at 4m0s"},
		"silent for a while": {hour, nil, map[time.Duration]func(){second: func() { i.Answer(&sim.Answer{Hang: true}) }, 3 * minute: func() { i.Answer(nil) }, 4*minute + second: interrupt("stop", 6*minute)},
			"0s watching, 1m2s blind, 4m5s stop at 6m0s"},
		"errors for a moment": {hour, nil, map[time.Duration]func(){second: func() { i.Answer(&sim.Answer{Status: 503}) }, 30 * second: func() { i.Answer(nil) }}, "0s watching"},
	} {
		t.Run(name, func(t *testing.T) {
			*i = *sim.NewInstance("spot")
			if c.before != nil {
				c.before()
			}
			told, err := watched(t, i, c.until, c.happens)
			if got := strings.Join(told, ", "); got != c.want || err != nil {
				t.Errorf("got %s, %v; want %s", got, err, c.want)
			}
		})
	}
}

// Where there is nothing to look for, nobody looks again.
func TestNothingToWatch(t *testing.T) {
	onDemand, far, silent, garbage := sim.NewInstance("on-demand"), sim.NewInstance("spot"), sim.NewInstance("spot"), sim.NewInstance("spot")
	far.BeyondHops()
	silent.Answer(&sim.Answer{Hang: true})
	garbage.Answer(&sim.Answer{Status: 200, Body: "<html>\r\n<body>"})
	refusing := sim.NewInstance("spot")
	refusing.Answer(&sim.Answer{Status: 403, Body: "Forbidden"})
	forgetful := sim.NewInstance("spot")
	for name, c := range map[string]struct {
		instance *sim.Instance
		says     string
		asked    []string
	}{
		"on demand":            {onDemand, `its life cycle is "on-demand"`, []string{"token", "instance-life-cycle"}},
		"beyond the hop limit": {far, "does not answer", []string{"token"}},
		"silent":               {silent, "does not answer", []string{"token"}},
		"another server":       {garbage, "hands out no token", []string{"token"}},
		"switched off":         {refusing, "hands out no token: it answers 403", []string{"token"}},
		"no life cycle":        {forgetful, "answers 404", []string{"token", "instance-life-cycle"}},
	} {
		if name == "no life cycle" {
			c.instance.Set("instance-life-cycle", "")
		}
		told, err := watched(t, c.instance, hour, nil)
		if len(told) > 0 || err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: told %q, %v", name, told, err)
		}
		if got := c.instance.Journal(); !slices.Equal(got, c.asked) {
			t.Errorf("%s: it was asked %q", name, got)
		}
	}
}

// A spot instance is asked every five seconds, and once at the start for what it has recommended before.
func TestHowOften(t *testing.T) {
	i := sim.NewInstance("spot")
	if _, err := watched(t, i, hour-second, nil); err != nil {
		t.Fatal(err)
	}
	count := map[string]int{}
	for _, item := range i.Journal() {
		count[item]++
	}
	if count["spot/instance-action"] != 720 || count["events/recommendations/rebalance"] != 721 || count["token"] != 1 {
		t.Errorf("asked %v", count)
	}
}

// Over a real connection, which is kept.
func TestOverTheLoopback(t *testing.T) {
	i := sim.NewInstance("spot")
	at := time.Now().Add(2 * minute).Truncate(second)
	i.Interrupt("terminate", at)
	server := httptest.NewServer(i)
	defer server.Close()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	m := &spot.Metadata{Address: server.URL + "/"}
	err := m.Watch(ctx, spot.News{Watching: func() {}, Interrupted: func(action string, got time.Time) {
		if action != "terminate" || !got.Equal(at) {
			t.Errorf("got %s at %s, want %s", action, got, at)
		}
		cancel()
	}})
	if err != nil {
		t.Error(err)
	}
	if err := (&spot.Metadata{Address: "http://[::1"}).Watch(t.Context(), spot.News{}); err == nil {
		t.Error("an address that is none is watched")
	}
}
