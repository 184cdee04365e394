package main

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/runner-init/runner-init/internal/config"
	"github.com/runner-init/runner-init/internal/runner"
	"github.com/runner-init/runner-init/internal/sim/github"
	"github.com/runner-init/runner-init/lifecycle"
	"github.com/runner-init/runner-init/registration"
	"github.com/runner-init/runner-init/signals"
)

// member is a registrar of a fleet, in a process with all the others: by virtual time, and without a runner.
func member(t *testing.T, hub *github.Server, credential registration.Credential, environ ...string) *registrar {
	t.Helper()
	c, err := config.Load(append([]string{"RUNNER_REPO=acme/widgets", "GITHUB_TOKEN=" + testPAT}, environ...))
	if err != nil {
		t.Fatal(err)
	}
	client, err := registration.New(registration.Options{
		API: "https://api.test", Credential: credential, Transport: github.RoundTripper(hub),
		Scope: registration.Scope{Kind: registration.Repository, Owner: "acme", Repo: "widgets"},
	})
	if err != nil {
		t.Fatal(err)
	}
	return &registrar{
		config: c, client: client, runner: &runner.Runner{Root: t.TempDir()}, journal: journal{&signals.Parent{}}, // which notes nothing
		log: slog.New(slog.DiscardHandler), working: func() bool { return false },
	}
}

// newAppKey is the key of an App: the half that GitHub has, and the other one in PEM. Nobody shall break it, and it signs
// four times as fast as one of real length.
func newAppKey(t *testing.T) (*rsa.PublicKey, string) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	return &key.PublicKey, string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}))
}

// Two hundred runners that are started together, spread over a few minutes: none meets a rate limit, and all are gone in
// the end.
func TestFleetIsSpread(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub := github.New(github.Options{RateLimits: true})
		hub.AddPAT(testPAT, github.Classic("repo"))
		pat, _ := registration.NewPAT(testPAT)
		var fleet []*registrar
		for range 200 {
			fleet = append(fleet, member(t, hub, pat, "RUNNER_START_JITTER=4m", "RUNNER_START_TIMEOUT=5m"))
		}
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
		defer cancel()
		var all sync.WaitGroup
		for _, r := range fleet {
			all.Go(func() {
				if err := r.Authenticate(ctx); err != nil {
					t.Error(err)
				}
				if err := r.Register(ctx); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if n := len(hub.Runners()); n != 200 {
			t.Errorf("%d registrations", n)
		}
		for _, e := range hub.Journal() {
			if e.Status != http.StatusCreated {
				t.Errorf("%s %s %d", e.Method, e.Path, e.Status)
			}
		}
		time.Sleep(time.Hour)
		for _, r := range fleet {
			all.Go(func() {
				if v := r.Deregister(t.Context()); v != lifecycle.Gone {
					t.Errorf("deregistered: %v", v)
				}
			})
		}
		all.Wait()
		if left := hub.Runners(); len(left) != 0 {
			t.Errorf("%d are left", len(left))
		}
	})
}

// A runner of ten hours is deregistered by an App whose first token died nine hours before. The new one is made while the
// runner cleans up after its job.
func TestDeregistrationAfterTenHours(t *testing.T) {
	key, text := newAppKey(t)
	for name, registers := range map[string]string{"jit": "auto", "token": "token"} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				hub := github.New(github.Options{})
				hub.AddApp(github.App{ID: 77, Name: "bot", Key: key})
				hub.Install(github.Installation{Account: "orgs/acme", Permissions: []string{"administration:write"}})
				app, err := registration.NewApp(registration.AppSettings{ID: "77", Key: text})
				if err != nil {
					t.Fatal(err)
				}
				r := member(t, hub, app, "RUNNER_REGISTRATION="+registers)
				if err := r.Authenticate(t.Context()); err != nil {
					t.Fatal(err)
				}
				if registers == "token" { // what the runner's configure would have done
					r.hold("n", hub.AddRunner(scope, "n", false))
				} else if err := r.Register(t.Context()); err != nil {
					t.Fatal(err)
				}
				time.Sleep(10 * time.Hour)
				before := len(hub.Journal())
				r.freshen()
				if v := r.Deregister(t.Context()); v != lifecycle.Gone || len(hub.Runners()) != 0 {
					t.Errorf("got %v, left %+v", v, hub.Runners())
				}
				var calls strings.Builder
				for _, e := range hub.Journal()[before:] {
					calls.WriteString(fmt.Sprint(e.Method, " ", e.Status, ", "))
				}
				if want := "POST 201, DELETE 204, "; calls.String() != want {
					t.Errorf("got calls %s, want %s", calls.String(), want)
				}
			})
		})
	}
}

// A rate limit is respected in the end too, as long as there is time, by every way to remove the runner.
func TestDeregistrationWaitsOutTheRateLimit(t *testing.T) {
	for _, registers := range []string{"auto", "token"} {
		synctest.Test(t, func(t *testing.T) {
			hub := github.New(github.Options{})
			hub.AddPAT(testPAT, github.Classic("repo"))
			pat, _ := registration.NewPAT(testPAT)
			r := member(t, hub, pat, "RUNNER_REGISTRATION="+registers)
			r.hold("n", hub.AddRunner(scope, "n", false))
			hub.Fault(github.Fault{Status: 429, Header: http.Header{"Retry-After": {"30"}}, Times: 1})
			begun := time.Now()
			if v := r.Deregister(t.Context()); v != lifecycle.Gone || len(hub.Journal()) != 2 {
				t.Errorf("%s: got %v after %d requests", registers, v, len(hub.Journal()))
			}
			if took := time.Since(begun); took < 30*time.Second || took > 40*time.Second {
				t.Errorf("%s: it took %v", registers, took)
			}
		})
	}
}

// A configure that was cut off leaves no identity. That the runner has none is no proof then that it has done its job.
func TestNoIdentityIsNoProof(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub := github.New(github.Options{})
		hub.AddPAT(testPAT, github.Classic("repo"))
		pat, _ := registration.NewPAT(testPAT)
		r := member(t, hub, pat, "RUNNER_REGISTRATION=token")
		r.hold("n", 0)
		hub.AddRunner(scope, "n", false)
		hub.Fault(github.Fault{Method: "DELETE", Status: 502})
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if v := r.Deregister(ctx); v != lifecycle.Unknown {
			t.Errorf("got %v, want %v, with %+v left", v, lifecycle.Unknown, hub.Runners())
		}
	})
}

// Names that are taken are given up after a few, each another one.
func TestNamesRunOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub := github.New(github.Options{})
		hub.AddPAT(testPAT, github.Classic("repo"))
		pat, _ := registration.NewPAT(testPAT)
		r := member(t, hub, pat, "RUNNER_NAME=same")
		hub.Fault(github.Fault{Status: 409})
		err := r.Register(t.Context())
		if code, hint := verdict(err); code != lifecycle.Conflicted || hint == "" || len(hub.Journal()) != nameTries || !strings.HasPrefix(r.held.Name, "same-") {
			t.Errorf("got %v: exit code %d after %d requests, the last for %q", err, code, len(hub.Journal()), r.held.Name)
		}
		r = member(t, hub, pat, "RUNNER_NAME=same", "RUNNER_NAME_SUFFIX=never")
		before := len(hub.Journal())
		if code, _ := verdict(r.Register(t.Context())); code != lifecycle.Conflicted || len(hub.Journal()) != before+1 {
			t.Errorf("a name that may not change: exit code %d after %d requests", code, len(hub.Journal())-before)
		}
	})
}

// Runners of one task that start together are called differently: what one of them does about an answer that was lost does
// not touch the registration of another.
func TestSiblingsKeepTheirRegistrations(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub := github.New(github.Options{})
		hub.AddPAT(testPAT, github.Classic("repo"))
		pat, _ := registration.NewPAT(testPAT)
		var all []*registrar
		for range 4 {
			r := member(t, hub, pat)
			r.id = "158d1c8083dd49d6b527399fd6414f5c"
			all = append(all, r)
		}
		if err := all[0].Register(t.Context()); err != nil {
			t.Fatal(err)
		}
		hub.Fault(github.Fault{Method: "POST", Status: 502, Times: 1})
		for _, r := range all[1:] {
			if err := r.Register(t.Context()); err != nil {
				t.Error(err)
			}
		}
		names := map[string]bool{}
		for _, r := range hub.Runners() {
			names[r.Name] = true
		}
		for i, r := range all {
			if !names[r.held.Name] || r.tries != 1 {
				t.Errorf("runner %d, %q, is not registered, or took %d names: %v", i, r.held.Name, r.tries, names)
			}
		}
	})
}

// Every reason of a failed call has its exit code.
func TestReasonsHaveExitCodes(t *testing.T) {
	for reason, want := range map[registration.Reason]lifecycle.Code{
		registration.Unauthorized: 77, registration.Forbidden: 77, registration.NotFound: 77, registration.Refused: 77,
		registration.Conflict: 81, registration.Invalid: 78, registration.Moved: 78,
		registration.Throttled: 69, registration.Unreachable: 69, registration.Interrupted: 69,
	} {
		code, hint := verdict(fmt.Errorf("around: %w", &registration.Error{Reason: reason, Hint: "try"}))
		if code != want || hint != "try" {
			t.Errorf("%s: got %d, %q, want %d", reason, code, hint, want)
		}
	}
}
