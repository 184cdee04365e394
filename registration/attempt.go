package registration

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync/atomic"
	"time"
)

// attempt sends one request once. It is the innermost layer: it alone knows the credential, and it alone decides how
// long a request in flight may live.
type attempt struct {
	next       http.RoundTripper
	home       *url.URL // the only place the credential is sent to
	authorizer authorizer
	timeout    time.Duration // of one attempt, body included
	shield     time.Duration // how long a POST in flight outlives the caller's context
	answered   func(req *http.Request, status int)

	unsent bool // the last request certainly never reached GitHub
}

var (
	errNotBegun   = errors.New("not begun")
	errCut        = errors.New("no answer when the call was ended")
	errUnreadable = errors.New("the answer is not JSON, or cut short")
)

// RoundTrip sends the request unless the caller's context has ended, and returns with the whole answer read. Cutting a
// POST that GitHub may already be carrying out leaves a registration nobody knows of, so the end of the context does
// not cut it at once: it has a.shield more to answer.
func (a *attempt) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Body != nil {
		defer req.Body.Close()
	}
	if req.Context().Err() != nil {
		return nil, errNotBegun
	}
	next := a.next
	if sameOrigin(req.URL, a.home) {
		authorized, err := a.authorizer.authorize(req.Context(), a.next)
		if err != nil {
			return nil, err
		}
		next = authorized
	}
	ctx, cancel := a.lifetime(req)
	defer cancel()
	var way way
	resp, err := next.RoundTrip(req.Clone(way.watch(ctx)))
	a.unsent = way.blocked()
	if err == nil {
		err = swallow(resp)
	}
	if err != nil {
		a.answered(req, 0)
		a.forget()
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return nil, err
	}
	a.answered(req, resp.StatusCode)
	resp.Request = req // not the copy that carries the credential
	return resp, nil
}

// way is how far a request came: it was sent to nobody before there was a connection, with its proxy and TLS set up.
type way struct{ wanted, found atomic.Bool }

func (w *way) watch(ctx context.Context) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn: func(string) { w.wanted.Store(true) },
		GotConn: func(httptrace.GotConnInfo) { w.found.Store(true) },
	})
}

// blocked is false for a transport that does not tell.
func (w *way) blocked() bool { return w.wanted.Load() && !w.found.Load() }

// lifetime is how long the attempt may take.
func (a *attempt) lifetime(req *http.Request) (context.Context, context.CancelFunc) {
	shield := time.Duration(0)
	if req.Method == http.MethodPost {
		shield = a.shield
	}
	ctx, cut := outlive(req.Context(), shield)
	ctx, cancel := context.WithTimeoutCause(ctx, a.timeout, fmt.Errorf("no answer in %v", a.timeout))
	return ctx, func() { cancel(); cut() }
}

// outlive is a context that ends d after ctx does.
func outlive(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	longer, cut := context.WithCancelCause(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		patience := time.NewTimer(d)
		defer patience.Stop()
		select {
		case <-longer.Done():
		case <-patience.C:
			cut(errCut)
		}
	})
	return longer, func() { stop(); cut(nil) }
}

// forget closes idle connections after a failure: one whose other end is gone without a word (a NAT entry dropped)
// would swallow the next attempt as well.
func (a *attempt) forget() {
	if pool, ok := a.next.(interface{ CloseIdleConnections() }); ok {
		pool.CloseIdleConnections()
	}
}

// swallow replaces an answer's body by its content, read to the end, so that nothing after the attempt waits on the
// network. A success that is not JSON is no success: a proxy's page, or an answer cut short.
func swallow(resp *http.Response) error {
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	resp.Body.Close()
	if err != nil {
		return fmt.Errorf("cannot read the answer: %w", err)
	}
	if ok := resp.StatusCode <= 299; ok && len(body) > 0 && !json.Valid(body) {
		return errUnreadable
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return nil
}

// maxAnswer bounds an answer, in bytes. A page of a hundred runners with a hundred labels each is below it.
const maxAnswer = 8 << 20

// readAgain reads a swallowed body and puts it back.
func readAgain(resp *http.Response) []byte {
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return body
}

// follow allows a redirect inside the API's own address that keeps the method, as GitHub sends for a renamed
// repository (307, or 301 for a GET). Any other is left unfollowed and becomes an error: net/http would turn a
// DELETE into a GET, whose 200 would read as deleted, and another host has no business with our requests.
func follow(req *http.Request, via []*http.Request) error {
	first := via[0]
	if len(via) > maxRedirects || req.Method != first.Method || !sameOrigin(req.URL, first.URL) {
		return http.ErrUseLastResponse
	}
	return nil
}

const maxRedirects = 3

func sameOrigin(a, b *url.URL) bool { return a.Scheme == b.Scheme && a.Host == b.Host }
