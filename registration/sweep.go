package registration

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/google/go-github/v56/github"
)

// Sweep says which registrations to delete. Those that are online or have a job are none of them.
type Sweep struct {
	Choose func(Runner) bool
	// Apply: delete them; else only tell.
	Apply bool
	// Tell is called for each that was chosen, with GitHub's verdict if it was to be deleted. It may be nil.
	Tell func(Runner, Verdict)
	// Pause between two deletions; 0: a second, as GitHub asks of many requests that change something
	// (https://docs.github.com/rest/using-the-rest-api/best-practices-for-using-the-rest-api#pause-between-mutative-requests).
	Pause time.Duration
	// First is how long the first request may take, with all its attempts: whether GitHub can be reached is found out
	// then. 0: as long as the context lasts.
	First time.Duration
}

// outlast is how long every later request may take. It may have to wait out a rate limit, which GitHub resets every hour
// (https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api), and still ends where GitHub is gone.
const outlast = 65 * time.Minute

// Swept counts registrations.
type Swept struct {
	Seen    int // all of the scope
	Chosen  int
	Deleted int
	Absent  int // deleted by somebody else meanwhile
	Busy    int // got a job meanwhile
}

// passes bounds how often a sweep goes through the list until it finds nothing more.
const passes = 3

// Sweep goes through the registrations of the scope and deletes those that are offline, idle and chosen. What it returns
// with an error is how far it came.
//
// It begins at the last page: a deletion moves what follows it in the list, and what follows has been seen. Others may
// register and deregister meanwhile and move the rest, so it looks again after a pass that deleted something.
func (c *Client) Sweep(ctx context.Context, s Sweep) (Swept, error) {
	var done Swept
	seen := map[int64]bool{}
	patience := s.First
	for range passes {
		before := done.Deleted
		_, total, err := c.page(ctx, 1, patience)
		patience = outlast
		for n := max(1, (total+perPage-1)/perPage); n > 0 && err == nil; n-- {
			var listed []Runner
			if listed, _, err = c.page(ctx, n, patience); err == nil {
				err = c.sweep(ctx, s, listed, seen, &done)
			}
		}
		if err != nil || done.Deleted == before {
			return done, err
		}
	}
	return done, nil
}

// sweep deletes what is to be deleted of one page.
func (c *Client) sweep(ctx context.Context, s Sweep, listed []Runner, seen map[int64]bool, done *Swept) error {
	for _, r := range listed {
		if seen[r.ID] {
			continue
		}
		seen[r.ID] = true
		done.Seen++
		if r.Online || r.Busy || !s.Choose(r) {
			continue
		}
		done.Chosen++
		verdict := Verdict("")
		if s.Apply {
			var err error
			if verdict, err = c.deletePolitely(ctx, r, s.Pause, done); err != nil {
				return err
			}
		}
		if s.Tell != nil {
			s.Tell(r, verdict)
		}
	}
	return nil
}

func (c *Client) deletePolitely(ctx context.Context, r Runner, pause time.Duration, done *Swept) (Verdict, error) {
	if done.Deleted+done.Absent+done.Busy > 0 {
		if pause == 0 {
			pause = time.Second
		}
		timer := time.NewTimer(pause)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done(): // the next request says so
		}
	}
	verdict, err := c.deleteWhole(ctx, r.ID)
	switch verdict {
	case Gone:
		done.Deleted++
	case Absent:
		done.Absent++
	case Busy:
		done.Busy++
	}
	return verdict, err
}

// deleteWhole deletes unless the context has ended, and does not cut a deletion that is under way: its answer is worth
// the shield's time, because what it did is to be told.
func (c *Client) deleteWhole(ctx context.Context, id int64) (Verdict, error) {
	if ctx.Err() == nil {
		longer, cut := outlive(ctx, c.shield)
		defer cut()
		ctx = longer
	}
	ctx, cancel := within(ctx, outlast)
	defer cancel()
	return c.Delete(ctx, id)
}

// within gives a request its time; 0 is no bound.
func within(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	if d == 0 {
		return ctx, func() {}
	}
	return context.WithTimeoutCause(ctx, d, fmt.Errorf("no success in %v", d))
}

// perPage is the most that GitHub lists at once.
const perPage = 100

// page is one page of the scope's registrations, counted from 1, and how many there are on all.
func (c *Client) page(ctx context.Context, n int, d time.Duration) ([]Runner, int, error) {
	ctx, cancel := within(ctx, d)
	defer cancel()
	query := url.Values{"per_page": {fmt.Sprint(perPage)}, "page": {fmt.Sprint(n)}}
	var listed github.Runners
	_, err := c.do(ctx, request{
		op: fmt.Sprintf("list the runners of %s", c.scope), method: http.MethodGet,
		path: "/actions/runners?" + query.Encode(), out: &listed,
	})
	runners := make([]Runner, len(listed.Runners))
	for i, r := range listed.Runners {
		runners[i] = shown(r)
	}
	return runners, listed.TotalCount, err
}

// shown is a registration as a list shows it.
func shown(r *github.Runner) Runner {
	return Runner{ID: r.GetID(), Name: r.GetName(), Online: r.GetStatus() == "online", Busy: r.GetBusy()}
}
