// Package registration talks to GitHub about self-hosted runners: it gets tokens, registers, finds and deletes
// registrations, at a repository, an organization or an enterprise, through any address of GitHub's REST API.
//
// Every call is tried again for as long as that may help and the caller's context lasts; the waits follow GitHub's rate
// limits. Every failure is an *Error that says what GitHub answered, its request id, and what the token lacks.
//
// It refuses to decide: which name to take after a conflict, whether a busy runner may be stopped, how long is long
// enough are the caller's. It starts no process, and lets a credential out nowhere but in the header of a request to the
// API's own address.
package registration

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/google/go-github/v56/github"
)

// Options are what a Client is made of. API, Scope and Credential are required.
type Options struct {
	API        string // address of the REST API, with or without a path: https://api.github.com, https://ghes.example/api/v3
	Scope      Scope
	Credential Credential
	CA         []byte            // PEM of authorities to trust besides those of the system
	Transport  http.RoundTripper // nil: net/http's, with the proxy of the environment and CA
	Logger     *slog.Logger      // nil: silent
	Minted     func(string)      // told of each secret that GitHub hands out or that we sign, before it is used; may be nil
	UserAgent  string            // GitHub refuses requests without one; empty: runner-init

	// Answered is told of each attempt that was made: its method, its path below the API with placeholders in place of
	// names and numbers, and the status of the answer, 0 if there was none. It may be nil.
	Answered func(method, route string, status int)
	// Retried is told of each attempt that is followed by another, with what it met. It may be nil.
	Retried func(Reason)

	AttemptTimeout time.Duration // how long one attempt may take; 0: 15s
	// Shield is how long a POST in flight may still answer after the caller's context ended, and then how long JIT may
	// take to remove what a lost answer left behind; 0: 3s. A call returns within twice the shield of its context's end.
	Shield    time.Duration
	RetryBase time.Duration // upper bound of the first random wait, doubled for each next one; 0: 1s
	RetryCap  time.Duration // highest such bound; 0: 30s
	// Chance returns a random wait of at most so long; nil: evenly distributed.
	Chance func(most time.Duration) time.Duration
}

// Client talks to GitHub about the runners of one scope. It may be used by several goroutines at a time.
type Client struct {
	base       *url.URL
	scope      Scope
	authorizer authorizer
	transport  http.RoundTripper
	log        *slog.Logger
	minted     func(string)
	userAgent  string
	answered   func(method, route string, status int)
	retried    func(Reason)
	timeout    time.Duration
	shield     time.Duration
	retryBase  time.Duration
	retryCap   time.Duration
	chance     func(time.Duration) time.Duration
}

// New makes a Client; it sends nothing. Errors name the option at fault.
func New(o Options) (*Client, error) {
	base, err := address(o.API)
	if err != nil {
		return nil, fmt.Errorf("cannot use GitHub's API address: %w", err)
	}
	if err := o.Scope.validate(); err != nil {
		return nil, fmt.Errorf("cannot register a runner: %w", err)
	}
	if o.Credential == nil {
		return nil, errors.New("cannot talk to GitHub: no credential")
	}
	c := &Client{
		base: base, scope: o.Scope, transport: o.Transport, log: o.Logger, minted: o.Minted,
		userAgent: cmp.Or(o.UserAgent, "runner-init"),
		timeout:   cmp.Or(o.AttemptTimeout, 15*time.Second), shield: cmp.Or(o.Shield, 3*time.Second),
		retryBase: cmp.Or(o.RetryBase, time.Second), retryCap: cmp.Or(o.RetryCap, 30*time.Second),
		answered: o.Answered, retried: o.Retried, chance: o.Chance,
	}
	if c.chance == nil {
		c.chance = upTo
	}
	if c.answered == nil {
		c.answered = func(string, string, int) {}
	}
	if c.retried == nil {
		c.retried = func(Reason) {}
	}
	if c.log == nil {
		c.log = slog.New(slog.DiscardHandler)
	}
	if c.minted == nil {
		c.minted = func(string) {}
	}
	if c.transport == nil {
		if c.transport, err = newTransport(o.CA); err != nil {
			return nil, err
		}
	}
	c.authorizer = o.Credential.bind(c)
	return c, nil
}

// lull is how long a connection may lie idle. Calls come in bursts with minutes or hours between them: whatever is still open
// then is dead as often as not, and would wake up a runner without a job when its other end closes it.
const lull = time.Second

// newTransport is net/http's, with more authorities to trust. There is no way to trust everybody.
func newTransport(ca []byte) (*http.Transport, error) {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.OnProxyConnectResponse = askedProxy
	transport.IdleConnTimeout = lull
	if len(ca) == 0 {
		return transport, nil
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(ca) {
		return nil, errors.New("cannot trust the given authorities: there is no certificate in PEM among them")
	}
	transport.TLSClientConfig = &tls.Config{RootCAs: pool}
	return transport, nil
}

// address reads the API's address and ends its path with a slash, which relative paths need. A name and password in it
// are refused, and not repeated.
func address(api string) (*url.URL, error) {
	u, err := url.Parse(api)
	if err != nil {
		return nil, errors.New("it is not a URL")
	}
	if u.User != nil {
		return nil, fmt.Errorf("%q holds a user name or password", u.Redacted())
	}
	if u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" {
		return nil, fmt.Errorf("%q is not of the form https://HOST/PATH", api)
	}
	u.Path = strings.TrimRight(u.Path, "/") + "/"
	return u, nil
}

// Ready makes the credential ready for the next call, which then spares itself that time: an App's token is made, if
// there is none that is fresh.
func (c *Client) Ready(ctx context.Context) error {
	_, err := c.authorizer.authorize(ctx, c.transport)
	return err
}

// request is one call: out receives the answer's JSON, in is sent as JSON; both may be nil.
type request struct {
	op, method string
	path       string     // below the scope
	root       string     // below the API, in place of path
	as         authorizer // nil: the client's
	in, out    any
}

// do carries a request through, with as many attempts as it takes. The trial is returned with and without an error.
//
// Each call has a go-github client of its own, because that type remembers a rate limit and then fails later calls
// without asking GitHub. The calls that v56 of it lacks, such as an enterprise's, and those that it has are made alike.
func (c *Client) do(ctx context.Context, r request) (*trial, error) {
	t := &trial{client: c, op: r.op, authorizer: r.as}
	if t.authorizer == nil {
		t.authorizer = c.authorizer
	}
	t.once = &attempt{next: c.transport, home: c.base, authorizer: t.authorizer, timeout: c.timeout, shield: c.shield, answered: c.note}
	gh := github.NewClient(&http.Client{Transport: t.transport(), CheckRedirect: stay})
	gh.BaseURL, gh.UserAgent = c.base, c.userAgent
	if r.root == "" {
		r.root = c.scope.Path() + r.path
	}
	req, err := gh.NewRequest(r.method, r.root, r.in)
	if err != nil {
		return t, &Error{Op: r.op, Reason: Invalid, cause: err}
	}
	answer, err := gh.Do(ctx, req, r.out)
	if err != nil {
		return t, t.failure(ctx, err)
	}
	t.next = answer.NextPage
	return t, nil
}

// stay leaves redirects to the attempts' own client, see follow.
func stay(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
