package registration

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// canary is the token of the tests; no error, log or print may show it.
const canary = "pat-for-tests-only"

var acme = Scope{Kind: Organization, Owner: "acme"}

// newClient is a Client of the organization acme over a transport of the test's.
func newClient(t *testing.T, transport http.RoundTripper, change ...func(*Options)) *Client {
	t.Helper()
	pat, err := NewPAT(canary)
	if err != nil {
		t.Fatal(err)
	}
	o := Options{API: "https://api.test", Scope: acme, Credential: pat, Transport: transport}
	for _, c := range change {
		c(&o)
	}
	c, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// step is how a script answers one request.
type step func(*http.Request) (*http.Response, error)

// script is a GitHub, in this process, that answers one step after the other and the last one for ever. It notes when
// each request came.
type script struct {
	steps []step

	mu       sync.Mutex
	times    []time.Time
	requests []string // method and path
	bodies   []string
}

func (s *script) RoundTrip(req *http.Request) (*http.Response, error) {
	var body []byte
	if req.Body != nil {
		body, _ = io.ReadAll(req.Body)
		req = req.Clone(req.Context())
		req.Body = io.NopCloser(bytes.NewReader(body))
	}
	s.mu.Lock()
	n := len(s.times)
	s.times = append(s.times, time.Now())
	s.requests = append(s.requests, req.Method+" "+req.URL.Path)
	s.bodies = append(s.bodies, string(body))
	s.mu.Unlock()
	return s.steps[min(n, len(s.steps)-1)](req)
}

// waits are the times between the requests.
func (s *script) waits() (waits []time.Duration) {
	for i := 1; i < len(s.times); i++ {
		waits = append(waits, s.times[i].Sub(s.times[i-1]))
	}
	return waits
}

// answer is a step: a status, a body, and headers as "Name: value".
func answer(status int, body string, headers ...string) step {
	return func(req *http.Request) (*http.Response, error) {
		h := http.Header{}
		for _, line := range headers {
			name, value, _ := strings.Cut(line, ": ")
			h.Add(name, value)
		}
		return &http.Response{
			StatusCode: status, Status: fmt.Sprint(status, " ", http.StatusText(status)), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
			Header: h, Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)), Request: req,
		}, nil
	}
}

// fails is a step: the connection breaks.
func fails(err error) step {
	return func(*http.Request) (*http.Response, error) { return nil, err }
}

// hangs is a step: no answer until the request is cut.
func hangs(req *http.Request) (*http.Response, error) {
	<-req.Context().Done()
	return nil, req.Context().Err()
}

// token is a step: a registration token.
var token = answer(http.StatusCreated, `{"token":"token-for-tests-only","expires_at":"2030-01-01T00:00:00Z"}`)

// failure is the *Error that err must be.
func failure(t *testing.T, err error) *Error {
	t.Helper()
	e, ok := errors.AsType[*Error](err)
	if !ok {
		t.Fatalf("got error %v of type %T, want *Error", err, err)
	}
	return e
}

func TestNewRefuses(t *testing.T) {
	pat, err := NewPAT(canary)
	if err != nil {
		t.Fatal(err)
	}
	for name, o := range map[string]Options{
		"no address":          {Scope: acme, Credential: pat},
		"no scheme":           {API: "api.github.com", Scope: acme, Credential: pat},
		"other scheme":        {API: "ftp://api.github.com", Scope: acme, Credential: pat},
		"query":               {API: "https://api.github.com/?a=b", Scope: acme, Credential: pat},
		"not a URL":           {API: "https://me:" + canary + "@host:bad port", Scope: acme, Credential: pat},
		"password in address": {API: "https://me:" + canary + "@api.github.com", Scope: acme, Credential: pat},
		"no scope":            {API: "https://api.github.com", Credential: pat},
		"no credential":       {API: "https://api.github.com", Scope: acme},
	} {
		_, err := New(o)
		if err == nil {
			t.Errorf("%s: accepted", name)
		} else if strings.Contains(err.Error(), canary) {
			t.Errorf("%s: the error shows the password: %v", name, err)
		}
	}
}

func TestAddressOfAnyAPI(t *testing.T) {
	for api, want := range map[string]string{
		"https://api.github.com":      "https://api.github.com/orgs/acme/actions/runners/registration-token",
		"https://api.github.com/":     "https://api.github.com/orgs/acme/actions/runners/registration-token",
		"https://ghes.example/api/v3": "https://ghes.example/api/v3/orgs/acme/actions/runners/registration-token",
		"http://127.0.0.1:8080":       "http://127.0.0.1:8080/orgs/acme/actions/runners/registration-token",
	} {
		var got string
		github := &script{steps: []step{func(req *http.Request) (*http.Response, error) {
			got = req.URL.String()
			return token(req)
		}}}
		c := newClient(t, github, func(o *Options) { o.API = api })
		if _, err := c.RegistrationToken(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got != want {
			t.Errorf("API %q: got request to %s, want %s", api, got, want)
		}
	}
}

// Whatever goes wrong, and however it is printed, the token stays out of sight.
func TestTokenStaysSecret(t *testing.T) {
	echo := `{"message":"denied"}`
	for name, first := range map[string]step{
		"401": answer(401, echo), "403": answer(403, echo), "404": answer(404, echo), "422": answer(422, echo),
		"301": answer(301, echo, "Location: https://elsewhere.test/"), "500": answer(500, echo), "429": answer(429, echo),
		"broken": fails(errors.New("connection reset")), "garbage": answer(201, "<html>"), "empty": answer(201, "{}"),
		"wrong type": answer(201, `{"token":5}`), "hang": hangs,
	} {
		t.Run(name, func(t *testing.T) {
			var log bytes.Buffer
			c := newClient(t, &script{steps: []step{first}}, quick, func(o *Options) {
				o.Logger = slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
			})
			ctx, cancel := contextFor(t, 30*time.Millisecond)
			defer cancel()
			_, err := c.RegistrationToken(ctx)
			e := failure(t, err)
			shown := []any{err, *e, e.Hint, c}
			for _, cause := range e.Unwrap() {
				shown = append(shown, cause)
			}
			for _, v := range shown {
				fmt.Fprintf(&log, "%v %+v %#v\n", v, v, v)
			}
			if strings.Contains(log.String(), canary) {
				t.Errorf("the token shows in %s", &log)
			}
		})
	}
}

// quick makes the client impatient, for tests by the wall clock.
func quick(o *Options) {
	o.AttemptTimeout, o.Shield = 20*time.Millisecond, 20*time.Millisecond
	o.RetryBase, o.RetryCap = time.Millisecond, time.Millisecond
}
