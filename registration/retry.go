package registration

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"

	"github.com/hashicorp/go-retryablehttp"
)

// trial is the record of one call: what its attempts met. Its methods are the retry policy.
type trial struct {
	client     *Client
	op         string
	authorizer authorizer
	once       *attempt
	attempts   int
	throttled  int    // attempts that met a rate limit
	last       *Error // what the last attempt that told us something met; nil after a success
	renewed    bool   // the credential was, once, after a 401; at is the number of that attempt
	at         int
	// lost: a POST was perhaps carried out although its answer did not arrive.
	lost bool
	next int // the next page of a list; 0 after the last

	header http.Header // of the last answer
	seen   time.Time   // when it was there
}

// transport sends requests again until they succeed, fail for good, or their context ends. retryablehttp drives; what
// is worth another attempt and how long to wait is decided here.
func (t *trial) transport() http.RoundTripper {
	return &retryablehttp.RoundTripper{Client: &retryablehttp.Client{
		HTTPClient:   &http.Client{Transport: t.once, CheckRedirect: follow},
		RetryMax:     math.MaxInt, // the context bounds it
		CheckRetry:   t.check,
		Backoff:      t.backoff,
		ErrorHandler: retryablehttp.PassthroughErrorHandler,
	}}
}

// check is called after each attempt and says whether another is to follow.
func (t *trial) check(ctx context.Context, resp *http.Response, err error) (bool, error) {
	if errors.Is(err, errNotBegun) {
		return false, nil
	}
	if e, ok := errors.AsType[*Error](err); ok { // of the authorizer: it has been tried for as long as it helps
		t.last = e
		return false, nil
	}
	t.attempts++
	if err != nil {
		return t.unanswered(ctx, err), nil
	}
	t.header, t.seen = resp.Header, time.Now()
	if t.last = answered(t.op, resp); t.last == nil {
		return false, nil
	}
	t.last.Hint = t.client.hint(t.authorizer.words(), t.last, resp)
	t.lost = t.lost || resp.Request.Method == http.MethodPost && t.last.Reason == Unreachable && !t.last.settled()
	if t.last.Reason == Throttled {
		t.throttled++
	}
	return (!t.last.settled() || t.renew(resp)) && ctx.Err() == nil, nil
}

// renew gives a call that GitHub answered 401 one more attempt, if that can have a better credential.
func (t *trial) renew(resp *http.Response) bool {
	if t.renewed || t.last.Reason != Unauthorized || !t.authorizer.refused(resp) {
		return false
	}
	t.renewed, t.at = true, t.attempts
	return true
}

// unanswered notes an attempt that got no answer.
func (t *trial) unanswered(ctx context.Context, err error) bool {
	again := worthAnother(err)
	t.lost = t.lost || again && !t.once.unsent
	// An attempt cut by the end of the call tells nothing about GitHub; what went before it does.
	if t.last == nil || !errors.Is(err, errCut) {
		t.last = unanswered(t.op, err)
		t.last.Hint = t.client.hint(t.authorizer.words(), t.last, nil)
	}
	return again && ctx.Err() == nil
}

// worthAnother says whether the same request may be answered a little later. What retryablehttp would not try again never
// reached GitHub: certificate, scheme, header.
func worthAnother(err error) bool {
	if refusal, ok := errors.AsType[proxyRefusal](err); ok {
		return refusal.status >= 500
	}
	again, _ := retryablehttp.DefaultRetryPolicy(context.Background(), nil, err)
	return again
}

// failure is the error of a call that has ended; err is what came out of the layers above the attempts.
func (t *trial) failure(ctx context.Context, err error) *Error {
	e := t.last
	switch {
	case e != nil:
	case ctx.Err() != nil:
		e = &Error{Op: t.op, Reason: Interrupted, cause: err}
	default:
		e = &Error{Op: t.op, Reason: Invalid, cause: fmt.Errorf("GitHub's answer makes no sense: %w", err)}
	}
	e.Attempts = t.attempts
	if ctx.Err() != nil && !e.settled() {
		e.end(ctx)
	}
	return e
}

// backoff is how long to wait after attempt n, counted from 0.
func (t *trial) backoff(_, _ time.Duration, n int, resp *http.Response) time.Duration {
	wait := t.pause(n, resp)
	t.client.retried(t.last.Reason)
	if t.last.Reason == Throttled {
		t.last.Until = time.Now().Add(wait)
	}
	t.client.log.Warn("GitHub call will be tried again",
		slog.String(keyOp, t.op), slog.Int(keyAttempt, t.attempts), slog.String(keyWait, wait.String()),
		slog.Int(keyStatus, t.last.Status), slog.String(keyRequestID, t.last.RequestID),
		slog.String(keyReason, string(t.last.Reason)), slog.String(keyError, t.last.happened()))
	return wait
}

// Keys of the attributes of a retry's log record.
const (
	keyOp        = "op"         // what was asked of GitHub
	keyAttempt   = "attempt"    // how often it was tried
	keyWait      = "wait"       // how long is waited
	keyStatus    = "status"     // HTTP status of the answer
	keyRequestID = "request_id" // GitHub's id of the request
	keyReason    = "reason"     // why
	keyError     = "error"      // what went wrong
)

// pause: as long as GitHub says; at least a minute, and longer each time, after a rate limit that does not say; else
// full jitter: anything up to a bound that doubles each time. Runners that failed together must not come back together,
// so there is chance on top of the times GitHub names as well, never below them.
// https://docs.github.com/rest/using-the-rest-api/best-practices-for-using-the-rest-api#handle-rate-limit-errors-appropriately
func (t *trial) pause(n int, resp *http.Response) time.Duration {
	base, most := t.client.retryBase, t.client.retryCap
	if t.renewed && t.at == t.attempts {
		return 0
	}
	if told := mandated(resp); told > 0 {
		return told + t.client.chance(min(max(told/4, base), most))
	}
	if t.last.Reason == Throttled {
		least := doubled(leastThrottle, t.throttled-1, mostThrottle)
		return least + t.client.chance(least/4)
	}
	return t.client.chance(doubled(base, n, most))
}

const (
	leastThrottle = time.Minute
	mostThrottle  = 16 * time.Minute
)

// mandated is the wait that an answer itself asks for: Retry-After in seconds or as a date, or the reset of an
// exhausted primary limit, in seconds since 1970. 0 when it asks for none. Points in time are read against the
// answer's own Date where it has one, because our clock may be wrong.
func mandated(resp *http.Response) time.Duration {
	if resp == nil {
		return 0
	}
	now, err := http.ParseTime(resp.Header.Get("Date"))
	if err != nil {
		now = time.Now()
	}
	after := resp.Header.Get("Retry-After")
	if seconds, err := strconv.ParseInt(after, 10, 32); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(after); err == nil {
		return at.Sub(now)
	}
	if reset, err := strconv.ParseInt(resp.Header.Get("X-RateLimit-Reset"), 10, 64); err == nil && resp.Header.Get("X-RateLimit-Remaining") == "0" {
		return time.Unix(reset, 0).Sub(now)
	}
	return 0
}

// doubled is d doubled n times, most at most.
func doubled(d time.Duration, n int, most time.Duration) time.Duration {
	for ; n > 0 && d < most; n-- {
		d *= 2
	}
	return min(d, most)
}

func upTo(d time.Duration) time.Duration { return rand.N(d + 1) }
