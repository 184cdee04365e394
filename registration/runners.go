package registration

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/google/go-github/v56/github"
)

// Runner is a registration as GitHub knows it.
type Runner struct {
	ID   int64
	Name string
	// Online and Busy are as a list showed them; GitHub's lists lag behind by moments.
	Online, Busy bool
}

// Verdict is GitHub's answer to a deletion.
type Verdict string

// The verdicts; the empty one, which comes with an error, says that GitHub did not decide.
const (
	Gone Verdict = "gone" // the registration is deleted: no job can be assigned to it any more
	// Absent: GitHub shows us no such registration. It was deleted before, or the credential cannot see it any more.
	Absent Verdict = "absent"
	Busy   Verdict = "busy" // it stands: a job is running on it or being assigned to it
)

// RegistrationToken returns a token that the runner's configure step takes; GitHub lets it live for an hour.
func (c *Client) RegistrationToken(ctx context.Context) (string, error) {
	return c.token(ctx, "registration")
}

// RemoveToken returns a token that the runner's remove step takes; GitHub lets it live for an hour.
func (c *Client) RemoveToken(ctx context.Context) (string, error) { return c.token(ctx, "remove") }

func (c *Client) token(ctx context.Context, kind string) (string, error) {
	op := fmt.Sprintf("create a %s token for %s", kind, c.scope)
	var made github.RegistrationToken // a remove token has the same fields
	if _, err := c.do(ctx, request{op: op, method: http.MethodPost, path: "/actions/runners/" + kind + "-token", out: &made}); err != nil {
		return "", err
	}
	if made.GetToken() == "" {
		return "", invalid(op, "GitHub's answer holds no token")
	}
	c.minted(made.GetToken())
	return made.GetToken(), nil
}

// Find returns the registration with exactly that name, and false if there is none.
func (c *Client) Find(ctx context.Context, name string) (Runner, bool, error) {
	found, err := c.find(ctx, name)
	if err != nil || found == nil {
		return Runner{}, false, err
	}
	return shown(found), true, nil
}

// find asks for the name, and still compares: a server that does not know the filter answers with every runner.
func (c *Client) find(ctx context.Context, name string) (*github.Runner, error) {
	op := fmt.Sprintf("find runner %q in %s", name, c.scope)
	for page := 1; page > 0; {
		query := url.Values{"name": {name}, "per_page": {"100"}, "page": {fmt.Sprint(page)}}
		var listed github.Runners
		t, err := c.do(ctx, request{op: op, method: http.MethodGet, path: "/actions/runners?" + query.Encode(), out: &listed})
		if err != nil {
			return nil, err
		}
		for _, r := range listed.Runners {
			if r.GetName() == name {
				return r, nil
			}
		}
		page = t.following(page)
	}
	return nil, nil
}

// following is the next page of a list, 0 after the last: pages only go up, so a list ends even where a server errs.
func (t *trial) following(page int) int {
	if t.next <= page {
		return 0
	}
	return t.next
}

// Get returns the registration, and false if GitHub shows us none. Like GitHub's own 404 that does not tell a registration
// that is gone from a scope the credential no longer sees.
func (c *Client) Get(ctx context.Context, id int64) (Runner, bool, error) {
	op := fmt.Sprintf("look up runner %d in %s", id, c.scope)
	var found github.Runner
	_, err := c.do(ctx, request{op: op, method: http.MethodGet, path: fmt.Sprintf("/actions/runners/%d", id), out: &found})
	if refusal(op, err) == NotFound {
		return Runner{}, false, nil
	}
	return shown(&found), err == nil, err
}

// Delete removes the registration unless GitHub has given it a job. It is the one reliable arbiter of that race: the
// busy flag of a listed runner lags behind. 204 is Gone, 404 Absent, 422 Busy, anything else an error.
func (c *Client) Delete(ctx context.Context, id int64) (Verdict, error) {
	op := fmt.Sprintf("delete runner %d of %s", id, c.scope)
	_, err := c.do(ctx, request{op: op, method: http.MethodDelete, path: fmt.Sprintf("/actions/runners/%d", id)})
	if err == nil {
		return Gone, nil
	}
	switch refusal(op, err) {
	case NotFound:
		return Absent, nil
	case Invalid:
		return Busy, nil
	}
	return "", err
}

// refusal is why GitHub refused this very request, empty if it did not: what it says to an App that wants a token for the
// request first, says nothing about a runner.
func refusal(op string, err error) Reason {
	if e, ok := errors.AsType[*Error](err); ok && e.Op == op && e.Status != 0 {
		return e.Reason
	}
	return ""
}

// is says whether GitHub answered so: not what we made of a request or an answer ourselves.
func is(err error, reason Reason) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.Reason == reason && e.Status != 0
}
