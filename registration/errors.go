package registration

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/google/go-github/v56/github"
)

// Reason is why a call failed, as far as a caller would act on it.
type Reason string

// The reasons. Unreachable and Throttled are given only once the caller's context has ended, because until then such
// calls are tried again; Unreachable also, at once, where trying again cannot help, as with a certificate not trusted or a
// proxy that wants a password.
const (
	Unauthorized Reason = "unauthorized" // 401: the credential is wrong, expired or revoked
	Forbidden    Reason = "forbidden"    // 403: the credential lacks a scope, a permission or its user's admin right
	NotFound     Reason = "not found"    // 404: the scope does not exist or the credential cannot see it; also a runner group nobody knows
	Conflict     Reason = "conflict"     // 409: another runner has the name
	Invalid      Reason = "invalid"      // 422, or a request that GitHub would refuse so; also an answer that makes no sense
	Moved        Reason = "moved"        // 3xx to another host, or one that would change the method
	Throttled    Reason = "throttled"    // 429, or 403 by a primary or secondary rate limit
	Unreachable  Reason = "unreachable"  // no connection, no answer in time, an answer cut short, or 5xx
	Interrupted  Reason = "interrupted"  // the caller's context was cancelled before anything had gone wrong
	Refused      Reason = "refused"      // any other 4xx
)

// lasting says whether the same request may well succeed a little later.
func (r Reason) lasting() bool { return r != Throttled && r != Unreachable && r != Interrupted }

// settled says whether the answer is the last word. That of a proxy that wants a password is, although it is not GitHub's.
func (e *Error) settled() bool { return e.Reason.lasting() || e.Status == http.StatusProxyAuthRequired }

// Error is a call that failed. It never holds a credential or a token. Where the caller's context ended the call, it
// matches the context's error too (errors.Is), and still tells what GitHub did last.
type Error struct {
	Op        string // what was attempted: create a registration token for organization "acme"
	Status    int    // HTTP status of the last answer; 0 when there was none
	RequestID string // the last answer's X-GitHub-Request-Id, which GitHub's support asks for
	Message   string // GitHub's own words, on one line
	Reason    Reason
	Hint      string // what to do about it, if anything is known; not part of Error()
	Attempts  int    // how many requests were sent
	// Until is when GitHub may be asked again, of a rate limit; zero if the last answer was none.
	Until time.Time
	// Uncertain: a registration may have been left behind under the requested name, because GitHub might have carried
	// out a request whose answer was lost, and it could not be found out. Only JIT sets it.
	Uncertain bool

	cause error   // what happened instead of an answer
	ended []error // the ended context's error and cause
}

// Error is one line: cannot <op>: <what GitHub did>, and why it was not tried again if the context's end is why.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "cannot %s: %s", e.Op, e.happened())
	if len(e.ended) > 0 && e.Reason != Interrupted {
		fmt.Fprintf(&b, "; gave up after %d %s: %v", e.Attempts, plural(e.Attempts, "attempt"), e.ended[len(e.ended)-1])
	}
	return b.String()
}

// happened is the error without what was attempted and without the context's end.
func (e *Error) happened() string {
	switch {
	case e.Reason == Interrupted:
		return fmt.Sprintf("interrupted: %v", e.ended[len(e.ended)-1])
	case e.Status == 0 && e.Reason == Unreachable:
		return fmt.Sprintf("GitHub unreachable: %v", e.cause)
	case e.Status == 0 && e.cause != nil:
		return e.cause.Error()
	case e.Status == 0:
		return e.Message
	}
	who := "GitHub"
	if e.Status == http.StatusProxyAuthRequired {
		who = "the proxy"
	}
	said := strings.TrimSpace(fmt.Sprintf("%s answered %d %s", who, e.Status, http.StatusText(e.Status)))
	if e.Message != "" {
		said += ": " + e.Message
	}
	if e.RequestID != "" {
		said += " (request id " + e.RequestID + ")"
	}
	return said
}

// Unwrap gives what happened instead of an answer, and the error and cause of the context that ended the call.
func (e *Error) Unwrap() []error {
	if e.cause == nil {
		return e.ended
	}
	return append([]error{e.cause}, e.ended...)
}

// answered is GitHub's answer as an error, nil for a success. It reads the answer's body and puts it back.
func answered(op string, resp *http.Response) *Error {
	if resp.StatusCode >= 200 && resp.StatusCode <= 299 {
		return nil
	}
	told := spoken(resp)
	return &Error{
		Op: op, Status: resp.StatusCode, RequestID: requestID(resp),
		Message: told.oneLine(), Reason: reason(resp, told),
	}
}

// requestID is the id under which GitHub's support finds the request. It is some 40 characters; whatever stands in between
// us and GitHub may send more, and it goes into logs.
func requestID(resp *http.Response) string {
	id := resp.Header.Get("X-GitHub-Request-Id")
	return id[:min(len(id), 100)]
}

// unanswered is an attempt that got no answer as an error.
func unanswered(op string, err error) *Error {
	if sent, ok := errors.AsType[*url.Error](err); ok { // its text repeats method and address
		err = sent.Err
	}
	return &Error{Op: op, Reason: Unreachable, cause: err}
}

// invalid is a request or an answer that makes no sense.
func invalid(op, message string) *Error { return &Error{Op: op, Reason: Invalid, Message: message} }

// end notes that the context ended the call. A first attempt cut by a cancel is nobody's fault.
func (e *Error) end(ctx context.Context) {
	e.ended = []error{ctx.Err(), context.Cause(ctx)}
	if errors.Is(e.cause, errCut) && errors.Is(ctx.Err(), context.Canceled) {
		e.Reason, e.Hint = Interrupted, ""
	}
}

// told is GitHub's description of an error: https://docs.github.com/rest/using-the-rest-api/troubleshooting-the-rest-api
type told struct{ github.ErrorResponse }

// spoken reads the body of an answer and puts it back; one that is no JSON, as a proxy's page, says nothing.
func spoken(resp *http.Response) (t told) {
	if err := json.Unmarshal(readAgain(resp), &t.ErrorResponse); err != nil {
		return told{}
	}
	return t
}

// oneLine is GitHub's message with the details it names, bounded and free of line breaks: it goes into logs.
func (t told) oneLine() string {
	words := []string{t.Message}
	for _, detail := range t.Errors {
		if said := detail.Message; said != "" {
			words = append(words, said)
		} else if detail.Code != "" {
			words = append(words, strings.TrimSpace(detail.Field+" "+detail.Code))
		}
	}
	line := strings.Join(strings.Fields(strings.Join(words, ": ")), " ")
	if runes := []rune(line); len(runes) > maxMessage {
		return string(runes[:maxMessage]) + "…"
	}
	return line
}

// maxMessage bounds what is repeated of GitHub's words, in characters.
const maxMessage = 400

// limited says whether an answer names the secondary rate limit, whose 403 may come without any header:
// https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api#about-secondary-rate-limits
func (t told) limited() bool {
	return strings.Contains(t.DocumentationURL, "secondary-rate-limits") ||
		strings.Contains(t.DocumentationURL, "abuse-rate-limits") ||
		strings.Contains(strings.ToLower(t.Message), "secondary rate limit")
}

func reason(resp *http.Response, t told) Reason {
	switch code := resp.StatusCode; {
	case code == http.StatusUnauthorized:
		return Unauthorized
	case code == http.StatusTooManyRequests:
		return Throttled
	case code == http.StatusForbidden:
		if resp.Header.Get("Retry-After") != "" || resp.Header.Get("X-RateLimit-Remaining") == "0" || t.limited() {
			return Throttled
		}
		return Forbidden
	case code == http.StatusNotFound:
		return NotFound
	case code == http.StatusConflict:
		return Conflict
	case code == http.StatusUnprocessableEntity:
		return Invalid
	case code >= 500, code == http.StatusProxyAuthRequired:
		return Unreachable
	case code >= 300 && code <= 399:
		return Moved
	}
	return Refused
}

func plural(n int, noun string) string {
	if n == 1 {
		return noun
	}
	return noun + "s"
}
