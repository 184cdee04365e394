package registration

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/google/go-github/v56/github"
)

// Access is what GitHub's answers tell of who asks. What they do not tell is zero.
type Access struct {
	Kind         AccessKind
	Scopes       []string          // of a classic token
	Permissions  map[string]string // of the token of an App: as in "administration": "write"
	Accepted     string            // which permissions the list of runners takes, in GitHub's words
	Installation int64             // of an App
	Expires      time.Time

	Limit, Left int // requests in an hour
	Reset       time.Time

	Clock
}

// Clock is GitHub's, by the head of an answer.
type Clock struct {
	Date  time.Time
	Ahead time.Duration // what it is ahead of ours
}

// AccessKind is the sort of a credential, as GitHub sees it.
type AccessKind string

// The kinds. Of a token we never look at the form; the headers of an answer tell a classic one from the others.
const (
	ClassicToken     AccessKind = "classic token"
	FineGrainedToken AccessKind = "fine-grained token"
	AppAccess        AccessKind = "GitHub App"
)

// Examine asks for one runner of the scope, which changes nothing, and returns what the answer tells. Also with an error
// it returns what there is.
func (c *Client) Examine(ctx context.Context) (Access, error) {
	t, err := c.do(ctx, request{
		op: fmt.Sprintf("list the runners of %s", c.scope), method: http.MethodGet, path: "/actions/runners?per_page=1", out: &github.Runners{},
	})
	a := t.access()
	if i, ok := c.authorizer.(*installation); ok {
		a.Kind = AppAccess
		i.describe(ctx, &a)
	}
	return a, err
}

// MayRegister finds out whether whom Examine found may register runners, and not only look at them. A classic token's
// scope is the same for both, and an App's token was made with the permission. A fine-grained token is asked for a
// registration token, which nobody gets to see: GitHub has no other answer to that question that changes nothing.
func (c *Client) MayRegister(ctx context.Context, a Access) error {
	if a.Kind != FineGrainedToken {
		return nil
	}
	_, err := c.RegistrationToken(ctx)
	return err
}

// access reads the headers of the last answer.
func (t *trial) access() (a Access) {
	if t.header == nil {
		return a
	}
	a.Kind, a.Accepted = FineGrainedToken, t.header.Get("X-Accepted-GitHub-Permissions")
	if scopes, classic := t.header["X-Oauth-Scopes"]; classic {
		a.Kind, a.Scopes = ClassicToken, list(scopes)
	}
	a.Expires = expiry(t.header.Get("GitHub-Authentication-Token-Expiration"))
	a.Limit, _ = strconv.Atoi(t.header.Get("X-RateLimit-Limit"))
	a.Left, _ = strconv.Atoi(t.header.Get("X-RateLimit-Remaining"))
	if reset, err := strconv.ParseInt(t.header.Get("X-RateLimit-Reset"), 10, 64); err == nil {
		a.Reset = time.Unix(reset, 0)
	}
	a.Clock = t.clock()
	return a
}

func (t *trial) clock() Clock {
	date, err := http.ParseTime(t.header.Get("Date"))
	if err != nil {
		return Clock{}
	}
	return Clock{Date: date, Ahead: date.Sub(t.seen)}
}

// expiry reads the time that GitHub writes in two ways, zone by name and by offset; zero if it cannot be read.
func expiry(text string) time.Time {
	for _, layout := range []string{"2006-01-02 15:04:05 MST", "2006-01-02 15:04:05 -0700"} {
		if at, err := time.Parse(layout, text); err == nil {
			return at
		}
	}
	return time.Time{}
}

// Release is a release of the official runner.
type Release struct {
	Version   string // 2.336.0
	Published time.Time
}

// LatestRunner is the newest release of the official runner, on the server that is asked: github.com.
func (c *Client) LatestRunner(ctx context.Context) (Release, error) {
	return c.release(ctx, "find the newest release of the runner", "latest")
}

// RunnerRelease is the release of the official runner with that version. NotFound: there is none.
func (c *Client) RunnerRelease(ctx context.Context, version string) (Release, error) {
	return c.release(ctx, "find release "+version+" of the runner", "tags/v"+url.PathEscape(version))
}

func (c *Client) release(ctx context.Context, op, which string) (Release, error) {
	var found github.RepositoryRelease
	if _, err := c.do(ctx, request{op: op, method: http.MethodGet, root: "repos/actions/runner/releases/" + which, out: &found}); err != nil {
		if e, ok := errors.AsType[*Error](err); ok && e.Reason.lasting() {
			e.Hint = "" // they speak of the scope
		}
		return Release{}, err
	}
	version := strings.TrimPrefix(found.GetTagName(), "v")
	if version == "" {
		return Release{}, invalid(op, "GitHub's answer names no version")
	}
	return Release{Version: version, Published: found.GetPublishedAt().Time}, nil
}
