package registration

import (
	"encoding/pem"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/runner-init/runner-init/internal/sim/github"
)

// A server with a certificate of an authority of its own is trusted if that authority is, and never otherwise.
func TestCA(t *testing.T) {
	server := github.New(github.Options{})
	server.AddPAT(canary, github.Classic("admin:org"))
	at := httptest.NewTLSServer(server)
	defer at.Close()
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: at.Certificate().Raw})
	for name, c := range map[string]struct {
		ca   []byte
		says string
	}{
		"trusted": {ca, ""}, "not trusted": {nil, "the certificate of 127.0.0.1"},
	} {
		client := newClient(t, nil, func(o *Options) { o.API, o.CA = at.URL, c.ca })
		_, err := client.RegistrationToken(t.Context())
		switch {
		case c.says == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case c.says != "" && !strings.Contains(failure(t, err).Hint, c.says):
			t.Errorf("%s: got %v, hint %q", name, err, failure(t, err).Hint)
		}
	}
	pat, _ := NewPAT(canary)
	if _, err := New(Options{API: at.URL, Scope: acme, Credential: pat, CA: []byte("no certificate")}); err == nil {
		t.Error("no certificate is taken for one")
	}
}

// A redirect to another host gets no credential, whichever kind it is, and is not followed.
func TestRedirectsGetNoCredential(t *testing.T) {
	var got []string
	thief := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		got = append(got, r.Header.Get("Authorization"))
	}))
	defer thief.Close()
	server := github.New(github.Options{})
	bot(server)
	server.Install(atAcme)
	at := httptest.NewServer(server)
	defer at.Close()
	for route, status := range map[string]int{"/orgs/{org}/installation": 302, mintRoute: 307, "/…/actions/runners/registration-token": 308} {
		server.ClearFaults()
		server.Fault(github.Fault{Route: route, Status: status, Header: http.Header{"Location": {thief.URL + "/x"}}})
		app, err := NewApp(AppSettings{ID: "77", Key: appPEM()})
		if err != nil {
			t.Fatal(err)
		}
		client := newClient(t, nil, func(o *Options) { o.API, o.Credential = at.URL, app })
		_, err = client.RegistrationToken(t.Context())
		if e := failure(t, err); e.Reason != Moved || len(got) != 0 {
			t.Errorf("%s: got %v, and the other host %q", route, err, got)
		}
	}
}

// A proxy, or a firewall, that lets nothing through is told from GitHub, in words that help; and a request that it kept
// has left nothing behind.
func TestBarred(t *testing.T) {
	for name, c := range map[string]struct {
		api       string
		status    int // 0: the connection is cut
		says      string
		hint      string
		forbidden bool // trying again does not help
	}{
		"a password, TLS": {"https://api.test", 407, "the proxy answered 407 Proxy Authentication Required", "the proxy wants to know who asks", true},
		"a password":      {"http://api.test", 407, "the proxy answered 407 Proxy Authentication Required", "the proxy wants to know who asks", true},
		"not this host":   {"https://api.test", 403, "the proxy answered 403 Forbidden", "does not let us through; have it allow the host", true},
		"out of order":    {"https://api.test", 503, "the proxy answered 503 Service Unavailable", "does not let us through; have it allow the host", false},
		"cut":             {"https://api.test", 0, "GitHub unreachable: ", "check that api.test can be reached from here: DNS, firewall, proxy", false},
	} {
		t.Run(name, func(t *testing.T) {
			var asked atomic.Int32
			proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				asked.Add(1)
				if c.status == 0 {
					panic(http.ErrAbortHandler)
				}
				w.WriteHeader(c.status)
			}))
			defer proxy.Close()
			address, _ := url.Parse(proxy.URL)
			address.User = url.UserPassword("me", canary)
			transport, err := newTransport(nil)
			if err != nil {
				t.Fatal(err)
			}
			transport.Proxy = http.ProxyURL(address)
			client := newClient(t, transport, quick, func(o *Options) { o.API = c.api })
			ctx, cancel := contextFor(t, 100*time.Millisecond)
			defer cancel()
			_, _, err = client.JIT(ctx, wanted)
			e := failure(t, err)
			if e.Reason != Unreachable || e.Uncertain || !strings.Contains(err.Error(), c.says) || !strings.Contains(e.Hint, c.hint) {
				t.Errorf("got %v, uncertain %v, hint %q", err, e.Uncertain, e.Hint)
			}
			if c.forbidden != (asked.Load() == 1) {
				t.Errorf("the proxy was asked %d times", asked.Load())
			}
			if strings.Contains(err.Error()+e.Hint, canary) {
				t.Errorf("the proxy's password shows in %v", err)
			}
		})
	}
}

// A connection does not outlast the calls that follow one another: a runner that idles has none that could wake it up.
func TestConnectionsAreClosed(t *testing.T) {
	server := github.New(github.Options{})
	server.AddPAT(canary, github.Classic("admin:org"))
	closed := make(chan struct{})
	at := httptest.NewUnstartedServer(server)
	at.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateClosed {
			close(closed)
		}
	}
	at.Start()
	defer at.Close()
	if _, err := newClient(t, nil, func(o *Options) { o.API = at.URL }).RegistrationToken(t.Context()); err != nil {
		t.Fatal(err)
	}
	select {
	case <-closed:
	case <-time.After(30 * time.Second):
		t.Error("the connection is still open after 30 s")
	}
}
