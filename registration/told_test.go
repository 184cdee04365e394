package registration

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/runner-init/runner-init/internal/sim/github"
)

// Whoever masks what is printed is told of each token before it leaves us: of the JWTs that we sign, and of what GitHub
// hands out.
func TestTokensAreToldBeforeTheyAreUsed(t *testing.T) {
	server := github.New(github.Options{})
	bot(server)
	server.Install(atAcme)
	app, err := NewApp(AppSettings{ID: "77", Key: appPEM()})
	if err != nil {
		t.Fatal(err)
	}
	var told, used []string
	next := github.RoundTripper(server)
	client := newClient(t, roundTrip(func(r *http.Request) (*http.Response, error) {
		token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
		if used = append(used, token); !slices.Contains(told, token) {
			t.Errorf("%s %s has a token that nobody was told of", r.Method, r.URL.Path)
		}
		return next.RoundTrip(r)
	}), func(o *Options) {
		o.Credential, o.Scope, o.Minted = app, acme, func(token string) { told = append(told, token) }
	})
	made, err := client.RegistrationToken(t.Context())
	if err != nil || !slices.Contains(told, made) || len(used) < 3 { // the installation is found, its token made and used
		t.Errorf("got %v, told of %d, used %d", err, len(told), len(used))
	}
}
