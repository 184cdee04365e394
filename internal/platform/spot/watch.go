// Package spot watches for the notices with which EC2 takes a spot instance back. They are in the instance metadata, and
// nobody is called: they have to be looked for, as AWS recommends, every five seconds. So it looks on a spot instance only.
//
// It uses version 2 of the metadata service alone, and decides nothing: what a notice means for a runner is not its matter.
package spot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// every is how often is looked for notices of both kinds, as AWS recommends.
const every = 5 * time.Second

// patience is how many looks in a row may fail before that is told.
const patience = 12

// News is what a watch tells, from its own goroutine. Each is told once.
type News struct {
	// Watching: this is a spot instance.
	Watching func()
	// Interrupted: the instance is stopped, terminated or hibernated at a time. It may be told again, with another time.
	Interrupted func(action string, at time.Time)
	// Likely: EC2 recommends to move elsewhere, because an interruption is likely. It says nothing of when. A
	// recommendation that is older than the watch is not told: it was no reason not to start.
	Likely func()
	// Blind: the metadata service has not answered for a minute. The watch goes on.
	Blind func(error)
}

// Watch looks for notices until ctx ends. It returns at once, with why there is nothing to look for, where the metadata
// service does not answer or says that this is no spot instance.
func (m *Metadata) Watch(ctx context.Context, news News) error {
	if err := m.isSpot(ctx); err != nil {
		return err
	}
	w := watch{metadata: m, news: news}
	_, w.likely, _ = m.rebalance(ctx)
	news.Watching()
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		w.look(ctx)
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// isSpot is an error that says why this is no spot instance.
func (m *Metadata) isSpot(ctx context.Context) error {
	status, cycle, err := m.get(ctx, "instance-life-cycle")
	switch {
	case err != nil:
		return err
	case status != http.StatusOK:
		return fmt.Errorf("the metadata service answers %d", status)
	case strings.TrimSpace(cycle) != "spot":
		return fmt.Errorf("this is no spot instance: its life cycle is %q", short(cycle))
	}
	return nil
}

// watch is what has been told.
type watch struct {
	metadata    *Metadata
	news        News
	failures    int
	interrupted time.Time
	likely      bool
}

// look asks once for each of the notices.
func (w *watch) look(ctx context.Context) {
	action, at, err := w.metadata.interruption(ctx)
	if !at.IsZero() && !at.Equal(w.interrupted) {
		w.interrupted = at
		w.news.Interrupted(action, at)
	}
	if !w.likely {
		var likely error
		if _, w.likely, likely = w.metadata.rebalance(ctx); w.likely {
			w.news.Likely()
		}
		err = errors.Join(err, likely)
	}
	if w.failures++; err == nil {
		w.failures = 0
	}
	if w.failures == patience && ctx.Err() == nil {
		w.news.Blind(err)
	}
}

// interruption is the notice of an interruption; the time is zero if there is none
// (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/spot-instance-termination-notices.html).
func (m *Metadata) interruption(ctx context.Context) (action string, at time.Time, err error) {
	var notice struct {
		Action string
		Time   time.Time
	}
	there, err := m.notice(ctx, "spot/instance-action", &notice)
	if there && notice.Time.IsZero() {
		return "", time.Time{}, fmt.Errorf("the notice %q names no time", short(notice.Action))
	}
	return short(notice.Action), notice.Time, err
}

// rebalance is the recommendation to move elsewhere
// (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/rebalance-recommendations.html).
func (m *Metadata) rebalance(ctx context.Context) (since time.Time, there bool, err error) {
	var notice struct{ NoticeTime time.Time }
	there, err = m.notice(ctx, "events/recommendations/rebalance", &notice)
	return notice.NoticeTime, there, err
}

// notice reads what is there only when there is something to say.
func (m *Metadata) notice(ctx context.Context, path string, into any) (there bool, err error) {
	status, text, err := m.get(ctx, path)
	switch {
	case err != nil:
		return false, err
	case status == http.StatusNotFound:
		return false, nil
	case status != http.StatusOK:
		return false, fmt.Errorf("the metadata service answers %d", status)
	}
	if err := json.Unmarshal([]byte(text), into); err != nil {
		return false, fmt.Errorf("cannot understand the notice %q", short(text))
	}
	return true, nil
}
