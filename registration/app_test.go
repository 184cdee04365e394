package registration

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/runner-init/runner-init/internal/sim/github"
)

// appKey is the private key of the tests' App.
var appKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

func appPEM() string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(appKey())}))
}

// bot is an App that GitHub knows, not yet installed anywhere.
func bot(s *github.Server) {
	s.AddApp(github.App{ID: 77, ClientID: "Iv23-client-id", Name: "bot", Key: &appKey().PublicKey})
}

// appClient is a client of a scope with the App's credential.
func appClient(t *testing.T, transport http.RoundTripper, scope Scope, change ...func(*AppSettings)) *Client {
	t.Helper()
	settings := AppSettings{ID: "77", Key: appPEM()}
	for _, c := range change {
		c(&settings)
	}
	app, err := NewApp(settings)
	if err != nil {
		t.Fatal(err)
	}
	return newClient(t, transport, func(o *Options) { o.Credential, o.Scope = app, scope })
}

var (
	widgets = Scope{Kind: Repository, Owner: "acme", Repo: "widgets"}
	corp    = Scope{Kind: Enterprise, Owner: "corp"}

	atAcme    = github.Installation{ID: 5, Account: "orgs/acme", Permissions: []string{"administration:write", "organization_self_hosted_runners:write"}}
	mintRoute = "/app/installations/{installation_id}/access_tokens"
)

// asked are the requests of a GitHub's journal as "METHOD route status".
func asked(s *github.Server) (requests []string) {
	for _, e := range s.Journal() {
		requests = append(requests, fmt.Sprintf("%s %s %d", e.Method, e.Route, e.Status))
	}
	return requests
}

// The App finds its installation, however that can be found, and asks for a token once.
func TestAppFindsItsInstallation(t *testing.T) {
	crowd := func(s *github.Server, before int, account string) {
		for n := range before {
			s.Install(github.Installation{Account: fmt.Sprintf("orgs/other-%d", n)})
		}
		i := atAcme
		i.Account = account
		s.Install(i)
	}
	for name, c := range map[string]struct {
		scope  Scope
		at     string
		change func(*AppSettings)
		absent bool // the server has no endpoint for the direct look
		before int
		want   []string // the requests before the token's
	}{
		"of a repository":   {scope: widgets, at: "users/acme", want: []string{"GET /repos/{owner}/{repo}/installation 200"}},
		"of an account":     {scope: acme, at: "orgs/acme", want: []string{"GET /orgs/{org}/installation 200"}},
		"by its client ID":  {scope: acme, at: "orgs/ACME", change: func(s *AppSettings) { s.ID = "Iv23-client-id" }, want: []string{"GET /orgs/{org}/installation 200"}},
		"given":             {scope: acme, at: "orgs/acme", change: func(s *AppSettings) { s.Installation = 5 }},
		"on the third page": {scope: acme, at: "orgs/Acme", absent: true, before: 250, want: []string{"GET /orgs/{org}/installation 404", "GET /app/installations 200", "GET /app/installations 200", "GET /app/installations 200"}},
		"of a login":        {scope: acme, at: "orgs/acme", change: func(s *AppSettings) { s.Login = "ACME" }, want: []string{"GET /orgs/{org}/installation 200"}},
	} {
		t.Run(name, func(t *testing.T) {
			server := github.New(github.Options{})
			bot(server)
			crowd(server, c.before, c.at)
			if c.absent {
				server.Fault(github.Fault{Route: "/orgs/{org}/installation", Status: 404})
			}
			if c.change == nil {
				c.change = func(*AppSettings) {}
			}
			client := appClient(t, github.RoundTripper(server), c.scope, c.change)
			for range 2 {
				if _, err := client.RegistrationToken(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			got, want := asked(server), append(c.want, "POST "+mintRoute+" 201")
			if strings.Join(got[:len(got)-2], "\n") != strings.Join(want, "\n") {
				t.Errorf("got requests %q, want %q and two more", got, want)
			}
		})
	}
}

// A token is asked for with the one permission that is needed, for the one repository.
func TestAppTokenIsNarrow(t *testing.T) {
	for scope, want := range map[Scope]string{
		widgets: `{"repositories":["widgets"],"permissions":{"administration":"write"}}`,
		acme:    `{"permissions":{"organization_self_hosted_runners":"write"}}`,
		corp:    `{}`,
	} {
		s := &script{steps: []step{answer(201, `{"token":"installation-token"}`), token}}
		client := appClient(t, s, scope, func(s *AppSettings) { s.Installation = 5 })
		if _, err := client.RegistrationToken(t.Context()); err != nil || strings.TrimSpace(s.bodies[0]) != want {
			t.Errorf("%v: asked %s, %v, want %s", scope, s.bodies[0], err, want)
		}
	}
}

// Where our clock and GitHub's differ, GitHub's Date is believed, once, and remembered.
func TestClockSkew(t *testing.T) {
	for name, c := range map[string]struct {
		ahead time.Duration
		first string // what the first JWT is answered
	}{
		"none": {0, "201"}, "a minute fast": {-50 * time.Second, "201"}, "minutes slow": {8 * time.Minute, "201"},
		"an hour slow": {time.Hour, "401"}, "two minutes fast": {-2 * time.Minute, "401"}, "a year fast": {-365 * 24 * time.Hour, "401"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := github.New(github.Options{Now: func() time.Time { return time.Now().Add(c.ahead) }})
				bot(server)
				server.Install(atAcme)
				client := appClient(t, github.RoundTripper(server), acme, func(s *AppSettings) { s.Installation = 5 })
				begun := time.Now()
				if _, err := client.RegistrationToken(t.Context()); err != nil {
					t.Fatal(err)
				}
				got := asked(server)
				if want := map[string]int{"201": 2, "401": 3}[c.first]; len(got) != want || !strings.HasSuffix(got[0], c.first) || time.Since(begun) != 0 {
					t.Errorf("got %q in %v", got, time.Since(begun))
				}
				time.Sleep(2 * fresh)
				before := len(server.Journal())
				if _, err := client.RegistrationToken(t.Context()); err != nil || len(server.Journal()) != before+2 {
					t.Errorf("the second time: %v after %d requests", err, len(server.Journal())-before)
				}
			})
		})
	}
}

// A runner of ten hours deregisters, although its first token died nine hours ago. What revokes tokens costs one more.
func TestAppCredentialsAreFresh(t *testing.T) {
	for name, revoked := range map[string]bool{"after ten hours": false, "revoked in the middle": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := github.New(github.Options{})
				bot(server)
				server.Install(atAcme)
				client := appClient(t, github.RoundTripper(server), acme)
				r, _, err := client.JIT(t.Context(), wanted)
				if err != nil {
					t.Fatal(err)
				}
				if revoked {
					server.RevokeInstallationTokens()
				} else {
					time.Sleep(10 * time.Hour)
				}
				before := len(server.Journal())
				if verdict, err := client.Delete(t.Context(), r.ID); verdict != Gone || err != nil {
					t.Errorf("got %q, %v", verdict, err)
				}
				got := strings.Join(asked(server)[before:], "\n")
				want := "POST " + mintRoute + " 201\nDELETE /orgs/{org}/actions/runners/{runner_id} 204"
				if revoked {
					want = "DELETE /orgs/{org}/actions/runners/{runner_id} 401\n" + want
				}
				if got != want {
					t.Errorf("got requests\n%s\nwant\n%s", got, want)
				}
			})
		})
	}
}

// A token that GitHub refuses twice is not made a third time.
func TestRenewedOnce(t *testing.T) {
	server := github.New(github.Options{})
	bot(server)
	server.Install(atAcme)
	server.Fault(github.Fault{Route: "/…/actions/runners/registration-token", Status: 401})
	client := appClient(t, github.RoundTripper(server), acme, func(s *AppSettings) { s.Installation = 5 })
	_, err := client.RegistrationToken(t.Context())
	if e := failure(t, err); e.Reason != Unauthorized || len(server.Journal()) != 4 {
		t.Errorf("got %v after %q", err, asked(server))
	}
}

// What GitHub says to an App that wants a token is no word on the runner that the token is for.
func TestRefusedMintingIsNoVerdict(t *testing.T) {
	for _, status := range []int{404, 422} {
		synctest.Test(t, func(t *testing.T) {
			server := github.New(github.Options{})
			bot(server)
			server.Install(atAcme)
			client := appClient(t, github.RoundTripper(server), acme)
			r, _, err := client.JIT(t.Context(), wanted)
			if err != nil {
				t.Fatal(err)
			}
			time.Sleep(10 * time.Hour)
			server.Fault(github.Fault{Route: mintRoute, Status: status})
			if verdict, err := client.Delete(t.Context(), r.ID); err == nil {
				t.Errorf("%d: deleted: %q", status, verdict)
			}
			if _, stands, err := client.Get(t.Context(), r.ID); err == nil {
				t.Errorf("%d: looked up: %v", status, stands)
			}
		})
	}
}

// GitHub's trouble while a token is made is waited out like any other, and is told like any other.
func TestMintingIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := github.New(github.Options{})
		bot(server)
		server.Install(atAcme)
		server.Fault(github.Fault{Route: mintRoute, Status: 502, Times: 2})
		server.Fault(github.Fault{Route: mintRoute, Hang: true, Times: 1})
		client := appClient(t, github.RoundTripper(server), acme)
		if _, err := client.RegistrationToken(t.Context()); err != nil {
			t.Error(err)
		}
		server.RevokeInstallationTokens()
		server.Fault(github.Fault{Route: mintRoute, Status: 503})
		ctx, cancel := contextFor(t, time.Minute)
		defer cancel()
		_, err := client.RegistrationToken(ctx)
		if e := failure(t, err); e.Reason != Unreachable || !strings.Contains(err.Error(), `cannot get a token of the GitHub App for organization "acme": GitHub answered 503`) {
			t.Errorf("got %v", err)
		}
		if took := time.Since(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)); took > 2*time.Minute {
			t.Errorf("it took %v", took)
		}
	})
}

// Several calls at a time share one token.
func TestOneTokenForAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := github.New(github.Options{})
		bot(server)
		server.Install(atAcme)
		client := appClient(t, github.RoundTripper(server), acme)
		server.Fault(github.Fault{Route: mintRoute, Delay: time.Second})
		var calls sync.WaitGroup
		for range 10 {
			calls.Go(func() {
				if _, err := client.RegistrationToken(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		calls.Wait()
		minted := 0
		for _, request := range asked(server) {
			if strings.Contains(request, mintRoute) {
				minted++
			}
		}
		if minted != 1 {
			t.Errorf("%d tokens were made", minted)
		}
	})
}

func TestAppPrintsRedacted(t *testing.T) {
	client := appClient(t, nil, acme)
	app, _ := NewApp(AppSettings{ID: "77", Key: appPEM()})
	shown := fmt.Sprintf("%v %+v %#v %s %v %+v %#v", app, app, app, app, client, client, client.authorizer)
	if d := fmt.Sprint(appKey().D); strings.Contains(shown, d) || !strings.HasPrefix(shown, redacted) {
		t.Errorf("the key shows in %s", shown)
	}
}

// otherKey is a key of another App.
func otherKey() string {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}))
}
