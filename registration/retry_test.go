package registration

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptrace"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// contextFor is a context that ends after d.
func contextFor(t *testing.T, d time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(t.Context(), d)
}

// refused is a step: there is nobody to connect to.
func refused(req *http.Request) (*http.Response, error) {
	httptrace.ContextClientTrace(req.Context()).GetConn(req.URL.Host)
	return nil, &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
}

// The wait before the second request lies within these bounds, by what the first was answered.
func TestWaits(t *testing.T) {
	limited := `{"message":"You have exceeded a secondary rate limit."}`
	for _, c := range []struct {
		name        string
		first       step
		least, most time.Duration
	}{
		{"connection refused", refused, 0, time.Second},
		{"connection broken", fails(errors.New("EOF")), 0, time.Second},
		{"500", answer(500, ""), 0, time.Second},
		{"502", answer(502, "<html>"), 0, time.Second},
		{"503 with Retry-After", answer(503, "", "Retry-After: 7"), 7 * time.Second, 9 * time.Second},
		{"garbage", answer(201, "<html>welcome to the hotel"), 0, time.Second},
		{"hang", hangs, 15 * time.Second, 16 * time.Second},
		{"429 with Retry-After", answer(429, "", "Retry-After: 40"), 40 * time.Second, 50 * time.Second},
		{"429 with a date", answer(429, "", "Retry-After: Sat, 01 Jan 2000 00:00:40 GMT"), 40 * time.Second, 50 * time.Second},
		{"429 alone", answer(429, ""), time.Minute, 75 * time.Second},
		{"429 with a wait of nothing", answer(429, "", "Retry-After: 0"), time.Minute, 75 * time.Second},
		{"secondary limit with Retry-After", answer(403, limited, "Retry-After: 90"), 90 * time.Second, 2 * time.Minute},
		{"secondary limit alone", answer(403, limited), time.Minute, 75 * time.Second},
		{"403 with Retry-After", answer(403, "", "Retry-After: 20"), 20 * time.Second, 25 * time.Second},
		{"secondary limit by its documentation", answer(403, `{"documentation_url":"https://docs.github.com/x#about-secondary-rate-limits"}`), time.Minute, 75 * time.Second},
		// The clock of a synctest bubble starts at 946684800.
		{"primary limit", answer(403, "", "X-RateLimit-Remaining: 0", "X-RateLimit-Reset: 946686600"), 30 * time.Minute, 30*time.Minute + 30*time.Second},
		{"primary limit as 429", answer(429, "", "X-RateLimit-Remaining: 0", "X-RateLimit-Reset: 946686600"), 30 * time.Minute, 30*time.Minute + 30*time.Second},
		{"primary limit, our clock an hour slow", answer(403, "", "X-RateLimit-Remaining: 0", "X-RateLimit-Reset: 946688460", "Date: Sat, 01 Jan 2000 01:00:00 GMT"),
			time.Minute, 75 * time.Second},
		{"primary limit reset long ago", answer(403, "", "X-RateLimit-Remaining: 0", "X-RateLimit-Reset: 1"), time.Minute, 75 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				github := &script{steps: []step{c.first, token}}
				got, err := newClient(t, github).RegistrationToken(t.Context())
				if err != nil || got != "token-for-tests-only" {
					t.Fatalf("got %q, %v", got, err)
				}
				if waits := github.waits(); len(waits) != 1 || waits[0] < c.least || waits[0] > c.most {
					t.Errorf("got waits %v, want one of %v to %v", waits, c.least, c.most)
				}
			})
		})
	}
}

func TestWaitsGrow(t *testing.T) {
	for name, c := range map[string]struct {
		answer      step
		first, last time.Duration // the most that the first and the tenth wait may be
		least       time.Duration
	}{
		"failing":   {answer(502, ""), time.Second, 30 * time.Second, 0},
		"throttled": {answer(429, ""), 75 * time.Second, 20 * time.Minute, time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				github := &script{}
				for range 10 {
					github.steps = append(github.steps, c.answer)
				}
				github.steps = append(github.steps, token)
				if _, err := newClient(t, github).RegistrationToken(t.Context()); err != nil {
					t.Fatal(err)
				}
				waits := github.waits()
				if len(waits) != 10 || waits[0] > c.first {
					t.Fatalf("got waits %v", waits)
				}
				for _, w := range waits {
					if w < c.least || w > c.last {
						t.Errorf("got waits %v, want each from %v to %v", waits, c.least, c.last)
					}
				}
				if total := github.times[10].Sub(github.times[0]); total <= 10*c.first {
					t.Errorf("ten attempts took %v: the waits do not grow", total)
				}
			})
		})
	}
}

// A rate limit of one call does not fail the next without asking: GitHub decides.
func TestNextCallAsksAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limit := answer(403, "", "X-RateLimit-Remaining: 0", "X-RateLimit-Reset: 946688400")
		github := &script{steps: []step{limit, token}}
		c := newClient(t, github)
		ctx, cancel := contextFor(t, time.Second)
		defer cancel()
		if _, err := c.RegistrationToken(ctx); failure(t, err).Reason != Throttled {
			t.Fatalf("got %v", err)
		}
		if _, err := c.RegistrationToken(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := github.waits(); got[0] != time.Second {
			t.Errorf("the second call was sent after %v, want at once, after 1s", got[0])
		}
	})
}

// When the context ends, the error says what GitHub did last, and is the context's error as well.
func TestGivingUp(t *testing.T) {
	why := errors.New("start deadline")
	for _, c := range []struct {
		name   string
		answer step
		reason Reason
		text   string
	}{
		{"refused", refused, Unreachable, `cannot create a registration token for organization "acme": GitHub unreachable: dial tcp: connect: connection refused; gave up after `},
		{"502", answer(502, "", "X-GitHub-Request-Id: AB12"), Unreachable, `GitHub answered 502 Bad Gateway (request id AB12); gave up after `},
		{"hang", hangs, Unreachable, `GitHub unreachable: no answer in 15s; gave up after `},
		{"throttled", answer(429, ""), Throttled, `GitHub answered 429 Too Many Requests; gave up after 2 attempts: start deadline`},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeoutCause(t.Context(), 2*time.Minute, why)
				defer cancel()
				begun := time.Now()
				_, err := newClient(t, &script{steps: []step{c.answer}}).RegistrationToken(ctx)
				e := failure(t, err)
				if e.Reason != c.reason || !strings.Contains(err.Error(), c.text) || e.Hint == "" {
					t.Errorf("got reason %q, error %v, hint %q", e.Reason, err, e.Hint)
				}
				if !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, why) {
					t.Errorf("%v is not the context's error", err)
				}
				if took := time.Since(begun); took > 2*time.Minute+3*time.Second {
					t.Errorf("gave up after %v", took)
				}
			})
		})
	}
	if e := failureOf(refused, t); !errors.Is(e, syscall.ECONNREFUSED) {
		t.Errorf("%v does not unwrap to its cause", e)
	}
}

func failureOf(s step, t *testing.T) error {
	ctx, cancel := contextFor(t, 20*time.Millisecond)
	defer cancel()
	_, err := newClient(t, &script{steps: []step{s}}, quick).RegistrationToken(ctx)
	return err
}

// The end of the context ends a wait at once, and no attempt begins after it.
func TestCancelEndsWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		github := &script{steps: []step{answer(429, "")}}
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(10*time.Second, cancel)
		begun := time.Now()
		_, err := newClient(t, github).RegistrationToken(ctx)
		if took := time.Since(begun); took != 10*time.Second || !errors.Is(err, context.Canceled) {
			t.Errorf("got %v after %v", err, took)
		}
		if e := failure(t, err); e.Reason != Throttled || len(github.requests) != 1 {
			t.Errorf("got reason %q after %d requests", e.Reason, len(github.requests))
		}
	})
}

func TestCancelledBeforehand(t *testing.T) {
	github := &script{steps: []step{token}}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("stopped"))
	_, err := newClient(t, github).RegistrationToken(ctx)
	if e := failure(t, err); e.Reason != Interrupted || len(github.requests) != 0 || !errors.Is(err, context.Canceled) {
		t.Errorf("got %v after %d requests", err, len(github.requests))
	}
	if want := `cannot create a registration token for organization "acme": interrupted: stopped`; err.Error() != want {
		t.Errorf("got %s, want %s", err, want)
	}
}

// A request that is sent again is sent whole.
func TestBodyIsReplayed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		github := &script{steps: []step{answer(500, ""), refused, answer(http.StatusCreated, `{"runner":{"id":7,"name":"r"},"encoded_jit_config":"e"}`)}}
		r, encoded, err := newClient(t, github).JIT(t.Context(), JITRequest{Name: "r", Labels: []string{"a", "b"}})
		if err != nil || r != (Runner{ID: 7, Name: "r"}) || encoded != "e" {
			t.Fatalf("got %+v, %q, %v", r, encoded, err)
		}
		for _, body := range github.bodies {
			if want := `{"name":"r","runner_group_id":1,"labels":["a","b"]}`; strings.TrimSpace(body) != want {
				t.Errorf("got body %s, want %s", body, want)
			}
		}
		if len(github.bodies) != 3 {
			t.Errorf("%d requests, want 3", len(github.bodies))
		}
	})
}
