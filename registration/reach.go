package registration

import (
	"context"
	"crypto/tls"
	"errors"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync"
	"time"
)

// Reached is how a server was reached.
type Reached struct {
	Address        string // of the server, or of the proxy
	TLS            string // TLS 1.3; empty without TLS
	Issuer         string // of the server's certificate
	CertificateEnd time.Time
	Clock
}

// Reach asks the API for an answer, whatever it is, without a credential.
func (c *Client) Reach(ctx context.Context) (Reached, error) {
	var mu sync.Mutex // a connection may still be made after its request was given up
	var r Reached
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(got httptrace.GotConnInfo) {
			mu.Lock()
			defer mu.Unlock()
			r.Address = got.Conn.RemoteAddr().String()
		},
		TLSHandshakeDone: func(state tls.ConnectionState, err error) {
			mu.Lock()
			defer mu.Unlock()
			if err == nil && len(state.PeerCertificates) > 0 {
				cert := state.PeerCertificates[0]
				r.TLS, r.Issuer, r.CertificateEnd = tls.VersionName(state.Version), cert.Issuer.String(), cert.NotAfter
			}
		},
	})
	t, err := c.do(ctx, request{op: "reach " + c.base.Host, method: http.MethodGet, root: "rate_limit", as: anonymous{}})
	if e, ok := errors.AsType[*Error](err); ok && e.Status >= 400 && e.Status <= 499 {
		err = nil // an answer
	}
	mu.Lock()
	defer mu.Unlock()
	r.Clock = t.clock()
	return r, err
}

// Proxy is the host of the proxy that requests go through, empty if there is none. The error does not repeat the
// proxy's address, which may hold a password.
func (c *Client) Proxy() (string, error) {
	transport, ok := c.transport.(*http.Transport)
	if !ok || transport.Proxy == nil {
		return "", nil
	}
	proxy, err := transport.Proxy(&http.Request{URL: c.base})
	if err == nil && proxy == nil {
		return "", nil
	}
	// What is no URL is taken for one without its scheme, and http:// becomes its host.
	if err != nil || proxy.Hostname() == "" || strings.HasSuffix(proxy.Host, ":") {
		return "", errors.New("the proxy's address is not a URL")
	}
	return proxy.Host, nil
}

// Anonymous is the credential of who has none: enough to reach GitHub, and to see what everybody sees.
type Anonymous struct{}

var _ Credential = Anonymous{}

func (Anonymous) bind(*Client) authorizer { return anonymous{} }

// anonymous puts nothing on requests.
type anonymous struct{}

func (anonymous) authorize(_ context.Context, next http.RoundTripper) (http.RoundTripper, error) {
	return next, nil
}

func (anonymous) refused(*http.Response) bool { return false }

func (anonymous) words() words { return tokenWords }
