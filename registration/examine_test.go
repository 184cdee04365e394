package registration

import (
	"context"
	"crypto/tls"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"testing/synctest"
	"time"

	"github.com/runner-init/runner-init/internal/sim/github"
)

func TestExamine(t *testing.T) { examinations(t, plain) }

func TestLatestRunner(t *testing.T) { latestRunner(t, plain) }

// What GitHub tells of each kind of credential, over HTTP, and whether that may register.
func examinations(t *testing.T, around func(*testing.T, http.Handler) http.Handler) {
	end := time.Now().Add(48 * time.Hour).UTC().Truncate(time.Second)
	past := time.Now().Add(-time.Minute)
	none := github.Classic()
	for name, c := range map[string]struct {
		scope  Scope
		pat    *github.Credential // nil: an App
		change func(*AppSettings)
		want   string
		reason Reason // of the examination
		may    Reason
	}{
		"classic":                    {acme, github.Classic("repo", "admin:org"), nil, "classic token [repo admin:org] map[] 0", "", ""},
		"classic, wrong scope":       {acme, github.Classic("gist"), nil, "classic token [gist] map[] 0", Forbidden, ""},
		"classic, no scope":          {widgets, none, nil, "classic token [] map[] 0", Forbidden, ""},
		"classic, expiring":          {widgets, github.Classic("repo").Expiring(end), nil, "classic token [repo] map[] 0", "", ""},
		"expired":                    {widgets, github.Classic("repo").Expiring(past), nil, "fine-grained token [] map[] 0", Unauthorized, ""},
		"fine-grained":               {widgets, github.FineGrained("administration:write").Expiring(end), nil, "fine-grained token [] map[] 0", "", ""},
		"fine-grained that reads":    {acme, github.FineGrained("organization_self_hosted_runners:read"), nil, "fine-grained token [] map[] 0", "", Forbidden},
		"fine-grained, out of sight": {acme, github.FineGrained("organization_self_hosted_runners:write").Only("orgs/other"), nil, "fine-grained token [] map[] 0", NotFound, ""},
		"App":                        {widgets, nil, nil, "GitHub App [] map[administration:write] 5", "", ""},
		"App, not installed":         {Scope{Kind: Organization, Owner: "other"}, nil, nil, "GitHub App [] map[] 0", NotFound, ""},
		"App, another key":           {acme, nil, func(s *AppSettings) { s.Key = otherKey() }, "GitHub App [] map[] 0", Unauthorized, ""},
	} {
		t.Run(name, func(t *testing.T) {
			server := github.New(github.Options{})
			bot(server)
			server.Install(atAcme)
			at := httptest.NewServer(around(t, server))
			defer at.Close()
			client := newClient(t, nil, func(o *Options) { o.API, o.Scope = at.URL, c.scope })
			if c.pat != nil {
				server.AddPAT(canary, c.pat)
			} else {
				if c.change == nil {
					c.change = func(*AppSettings) {}
				}
				client = appClient(t, toHost(at.URL), c.scope, c.change)
			}
			a, err := client.Examine(t.Context())
			if got := fmt.Sprintf("%s %v %v %d", a.Kind, a.Scopes, a.Permissions, a.Installation); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
			checkReason(t, err, c.reason)
			if c.reason == "" {
				checkReason(t, client.MayRegister(t.Context(), a), c.may)
				if a.Limit != 5000 || a.Left < 4000 || a.Reset.IsZero() || a.Ahead.Abs() > 5*time.Second {
					t.Errorf("got %+v", a)
				}
			}
			if want := c.pat != nil && c.reason == "" && (name == "classic, expiring" || name == "fine-grained"); want && !a.Expires.Equal(end) || !want && c.pat != nil && !a.Expires.IsZero() {
				t.Errorf("expires %v, want %v", a.Expires, end)
			}
			if n := len(server.Runners()); n != 0 {
				t.Errorf("%d registrations", n)
			}
		})
	}
}

// Who may not even look is told what a registration takes, and not what looking does.
func TestExamineWithoutPermission(t *testing.T) {
	for _, c := range []struct {
		scope Scope
		says  string
	}{{acme, `give the token the permission "Self-hosted runners: write"`}, {widgets, `give the token the permission "Administration: write"`}} {
		server := github.New(github.Options{})
		server.AddPAT(canary, github.FineGrained("contents:read"))
		client := newClient(t, github.RoundTripper(server), func(o *Options) { o.Scope = c.scope })
		_, err := client.Examine(t.Context())
		if e := failure(t, err); e.Reason != Forbidden || e.Hint != c.says {
			t.Errorf("got %v\nhint: %s", err, e.Hint)
		}
	}
}

func checkReason(t *testing.T, err error, want Reason) {
	t.Helper()
	if want == "" {
		if err != nil {
			t.Errorf("got %v", err)
		}
		return
	}
	if got := failure(t, err).Reason; got != want {
		t.Errorf("got %q, want %q: %v", got, want, err)
	}
}

// toHost sends requests for whatever host to a test's server.
func toHost(server string) http.RoundTripper {
	u, err := url.Parse(server)
	if err != nil {
		panic(err)
	}
	return roundTrip(func(r *http.Request) (*http.Response, error) {
		r = r.Clone(r.Context())
		r.URL.Scheme, r.URL.Host = u.Scheme, u.Host
		return http.DefaultTransport.RoundTrip(r)
	})
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// GitHub writes the end of a token's life in two ways.
func TestExpiry(t *testing.T) {
	want := time.Date(2026, 12, 24, 18, 0, 0, 0, time.UTC)
	for text, known := range map[string]bool{"2026-12-24 18:00:00 UTC": true, "2026-12-24 19:00:00 +0100": true, "": false, "soon": false} {
		if got := expiry(text); known && !got.Equal(want) || !known && !got.IsZero() {
			t.Errorf("%q: got %v", text, got)
		}
	}
}

func latestRunner(t *testing.T, around func(*testing.T, http.Handler) http.Handler) {
	server := github.New(github.Options{})
	server.AddPAT(canary, github.Classic())
	held := around(t, server)
	client := newClient(t, github.RoundTripper(held))
	_, err := client.LatestRunner(t.Context())
	if e := failure(t, err); e.Reason != NotFound || e.Hint != "" {
		t.Errorf("got %v, hint %q", err, e.Hint)
	}
	published := time.Date(2026, 8, 1, 12, 0, 0, 0, time.UTC)
	server.Release("2.400.1", published)
	for name, c := range map[string]*Client{
		"token": client, "nobody": newClient(t, github.RoundTripper(held), func(o *Options) { o.Credential = Anonymous{} }),
	} {
		if got, err := c.LatestRunner(t.Context()); err != nil || got.Version != "2.400.1" || !got.Published.Equal(published) {
			t.Errorf("%s: got %+v, %v", name, got, err)
		}
	}
	server.Release("2.401.0", published.Add(time.Hour))
	if got, err := client.RunnerRelease(t.Context(), "2.400.1"); err != nil || got.Version != "2.400.1" || !got.Published.Equal(published) {
		t.Errorf("got %+v, %v", got, err)
	}
	_, err = client.RunnerRelease(t.Context(), "2.400.2")
	checkReason(t, err, NotFound)
	if _, err := newClient(t, &script{steps: []step{answer(200, "{}")}}).LatestRunner(t.Context()); err == nil {
		t.Error("an answer without a version is taken for one")
	}
}

// Reach tells how GitHub was reached, and shows it no credential.
func TestReach(t *testing.T) {
	server := github.New(github.Options{Now: func() time.Time { return time.Now().Add(time.Hour) }})
	at := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "" {
			t.Error("the credential was shown")
		}
		server.ServeHTTP(w, r)
	}))
	defer at.Close()
	client := newClient(t, at.Client().Transport, func(o *Options) { o.API = at.URL })
	got, err := client.Reach(t.Context())
	cert := at.Certificate()
	if err != nil || got.TLS != tls.VersionName(tls.VersionTLS13) || got.Issuer != cert.Issuer.String() || !got.CertificateEnd.Equal(cert.NotAfter) ||
		got.Address != at.Listener.Addr().String() || (got.Ahead-time.Hour).Abs() > time.Minute {
		t.Errorf("got %+v, %v", got, err)
	}
}

// Any answer of the server's own is one, and trouble is bounded by the caller's time.
func TestReachAnyAnswer(t *testing.T) {
	for name, c := range map[string]struct {
		answers step
		reason  Reason
		took    time.Duration
	}{
		"200":       {answer(200, "{}"), "", 0},
		"401":       {answer(401, "{}"), "", 0},
		"404":       {answer(404, ""), "", 0},
		"elsewhere": {answer(302, "", "Location: https://login.test/"), Moved, 0},
		"a page":    {answer(200, "<html>"), Unreachable, 10 * time.Second},
		"502":       {answer(502, ""), Unreachable, 10 * time.Second},
		"a hung server": {func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		}, Unreachable, 10 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
				defer cancel()
				begin := time.Now()
				_, err := newClient(t, &script{steps: []step{c.answers}}).Reach(ctx)
				checkReason(t, err, c.reason)
				if took := time.Since(begin); took != c.took {
					t.Errorf("took %v, want %v", took, c.took)
				}
			})
		})
	}
}

// The proxy is named by its host alone.
func TestProxy(t *testing.T) {
	for address, want := range map[string]string{
		"": "", "http://proxy.test:3128": "proxy.test:3128", "http://me:not-for-your-eyes@proxy.test:3128": "proxy.test:3128",
		"http://http://me:not-for-your-eyes@proxy.test": "an error",
	} {
		transport := &http.Transport{Proxy: func(*http.Request) (*url.URL, error) {
			if address == "" {
				return nil, nil
			}
			return url.Parse(address)
		}}
		got, err := newClient(t, transport).Proxy()
		if err != nil {
			got = "an error"
		}
		if got != want {
			t.Errorf("%q: got %q, %v", address, got, err)
		}
	}
}
