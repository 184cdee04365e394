package registration

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// slow is a step that answers after d, unless it is cut before.
func slow(d time.Duration, then step) step {
	return func(req *http.Request) (*http.Response, error) {
		select {
		case <-time.After(d):
			return then(req)
		case <-req.Context().Done():
			return nil, req.Context().Err()
		}
	}
}

// The end of the context does not cut a POST in flight at once, and cuts anything else at once.
func TestShield(t *testing.T) {
	register := func(c *Client, ctx context.Context) error {
		_, err := c.RegistrationToken(ctx)
		return err
	}
	look := func(c *Client, ctx context.Context) error {
		_, _, err := c.Get(ctx, 7)
		return err
	}
	remove := func(c *Client, ctx context.Context) error {
		_, err := c.Delete(ctx, 7)
		return err
	}
	for _, c := range []struct {
		name   string
		call   func(*Client, context.Context) error
		answer step
		took   time.Duration // from the cancel
		reason Reason        // empty: a success
	}{
		{"POST answered in the shield", register, slow(4*time.Second, token), 3 * time.Second, ""},
		{"POST answered too late", register, slow(5*time.Second, token), 3 * time.Second, Interrupted},
		{"POST refused in the shield", register, slow(2*time.Second, answer(401, "")), time.Second, Unauthorized},
		{"POST failing in the shield", register, slow(2*time.Second, answer(502, "")), time.Second, Unreachable},
		{"GET", look, slow(2*time.Second, answer(200, "{}")), 0, Interrupted},
		{"DELETE", remove, slow(2*time.Second, answer(204, "")), 0, Interrupted},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				github := &script{steps: []step{c.answer}}
				ctx, cancel := context.WithCancel(t.Context())
				time.AfterFunc(time.Second, cancel)
				begun := time.Now()
				var log bytes.Buffer
				err := c.call(newClient(t, github, func(o *Options) { o.Logger = slog.New(slog.NewTextHandler(&log, nil)) }), ctx)
				if took := time.Since(begun) - time.Second; took != c.took {
					t.Errorf("returned %v after the cancel, want %v", took, c.took)
				}
				if len(github.requests) != 1 {
					t.Errorf("%d requests, want 1: no attempt begins after the end", len(github.requests))
				}
				if log.Len() > 0 {
					t.Errorf("another attempt is announced after the end: %s", &log)
				}
				if c.reason == "" {
					if err != nil {
						t.Errorf("a success in the shield is lost: %v", err)
					}
					return
				}
				if e := failure(t, err); e.Reason != c.reason || !e.Reason.lasting() && !errors.Is(err, context.Canceled) {
					t.Errorf("got reason %q, error %v", e.Reason, err)
				}
			})
		})
	}
}

// A call that was failing before it was cut tells why it was failing.
func TestCutAttemptKeepsTheCause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := contextFor(t, 5*time.Second)
		defer cancel()
		_, _, err := newClient(t, &script{steps: []step{refused, hangs}}).Get(ctx, 7)
		if e := failure(t, err); e.Reason != Unreachable || !strings.Contains(err.Error(), "connection refused") {
			t.Errorf("got reason %q, error %v", e.Reason, err)
		}
	})
}

// Over real connections: an attempt is bounded, its broken connection is not used again, and a stop waits no longer
// than the shield.
func TestHungServer(t *testing.T) {
	var asked atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch asked.Add(1) {
		case 1: // silence
			<-r.Context().Done()
		case 2: // half an answer
			w.Header().Set("Content-Length", "100")
			w.WriteHeader(http.StatusCreated)
			_, _ = io.WriteString(w, `{"token":"to`)
		default:
			w.WriteHeader(http.StatusCreated)
			_, _ = io.WriteString(w, `{"token":"token-for-tests-only"}`)
		}
	}))
	defer server.Close()
	c := newClient(t, nil, quick, func(o *Options) { o.API, o.AttemptTimeout = server.URL, 200*time.Millisecond })
	got, err := c.RegistrationToken(t.Context())
	if got != "token-for-tests-only" || err != nil || asked.Load() != 3 {
		t.Errorf("got %q, %v after %d requests", got, err, asked.Load())
	}
}

func TestStopWhileServerHangs(t *testing.T) {
	asked := make(chan struct{}, 1)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		asked <- struct{}{}
		<-r.Context().Done()
	}))
	defer server.Close()
	c := newClient(t, nil, func(o *Options) { o.API, o.Shield = server.URL, 50*time.Millisecond })
	ctx, cancel := context.WithCancel(t.Context())
	failed := make(chan error, 1)
	go func() {
		_, err := c.RegistrationToken(ctx)
		failed <- err
	}()
	<-asked
	cancel()
	select {
	case err := <-failed:
		if !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	case <-time.After(5 * time.Second):
		t.Error("the call did not end")
	}
}

// pool is a transport with idle connections.
type pool struct {
	step
	closed int
}

func (p *pool) RoundTrip(req *http.Request) (*http.Response, error) { return p.step(req) }
func (p *pool) CloseIdleConnections()                               { p.closed++ }

// One attempt by itself: who gets to see the credential, and what becomes of the connections.
func TestAttempt(t *testing.T) {
	home, _ := url.Parse("https://api.test/")
	pat, _ := NewPAT("x")
	for at, want := range map[string]string{"https://api.test/x": "Bearer x", "https://elsewhere.test/x": "", "http://api.test/x": ""} {
		var got string
		p := &pool{step: func(req *http.Request) (*http.Response, error) {
			got = req.Header.Get("Authorization")
			return token(req)
		}}
		a := &attempt{next: p, home: home, authorizer: pat, timeout: time.Second, answered: func(*http.Request, int) {}}
		resp, err := a.RoundTrip(httptest.NewRequest(http.MethodGet, at, nil))
		if err != nil || got != want || p.closed != 0 {
			t.Errorf("%s: got authorization %q, %v, %d pools closed", at, got, err, p.closed)
		} else if resp.Request.Header.Get("Authorization") != "" {
			t.Errorf("%s: the answer carries the credential back", at)
		}
		p.step = refused
		if _, err := a.RoundTrip(httptest.NewRequest(http.MethodGet, at, nil)); err == nil || p.closed != 1 {
			t.Errorf("%s: got %v, %d pools closed", at, err, p.closed)
		}
	}
}

// The credential goes to the API's own address and nowhere else; a request keeps its method on the way.
func TestRedirects(t *testing.T) {
	for _, c := range []struct {
		name, location string
		status         int
		call           func(*Client) error
		followed       bool
	}{
		{"renamed, POST", "https://api.test/repositories/7/x", 307, post, true},
		{"renamed, GET", "https://api.test/repositories/7/x", 301, get, true},
		{"relative", "/repositories/7/x", 308, post, true},
		{"POST that would become a GET", "https://api.test/x", 301, post, false},
		{"DELETE that would become a GET", "https://api.test/x", 302, remove, false},
		{"other host", "https://elsewhere.test/x", 307, post, false},
		{"other host, GET", "https://elsewhere.test/x", 302, get, false},
		{"subdomain", "https://sub.api.test/x", 307, post, false},
		{"other port", "https://api.test:8443/x", 307, post, false},
		{"in the clear", "http://api.test/x", 307, post, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			var sent []*http.Request
			note := func(then step) step {
				return func(req *http.Request) (*http.Response, error) {
					sent = append(sent, req)
					return then(req)
				}
			}
			github := &script{steps: []step{note(answer(c.status, "", "Location: "+c.location)), note(answer(201, `{"token":"t"}`))}}
			err := c.call(newClient(t, github))
			if !c.followed {
				if e := failure(t, err); e.Reason != Moved || len(sent) != 1 || !strings.Contains(e.Hint, c.location) {
					t.Errorf("got %v, hint %q, after %d requests", err, e.Hint, len(sent))
				}
				return
			}
			if err != nil || len(sent) != 2 {
				t.Fatalf("got %v after %d requests", err, len(sent))
			}
			if last := sent[1]; last.Method != sent[0].Method || last.Header.Get("Authorization") != "Bearer "+canary {
				t.Errorf("the redirected request is %s with authorization %q", last.Method, last.Header.Get("Authorization"))
			}
		})
	}
}

func TestRedirectLoopEnds(t *testing.T) {
	github := &script{steps: []step{answer(307, "", "Location: https://api.test/again")}}
	err := post(newClient(t, github))
	if e := failure(t, err); e.Reason != Moved || len(github.requests) != maxRedirects+1 {
		t.Errorf("got %v after %d requests", err, len(github.requests))
	}
}

func post(c *Client) error {
	_, err := c.RemoveToken(context.Background())
	return err
}

func get(c *Client) error {
	_, _, err := c.Get(context.Background(), 7)
	return err
}

func remove(c *Client) error {
	_, err := c.Delete(context.Background(), 7)
	return err
}
