package registration

import (
	"context"
	"crypto/rsa"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// App is a GitHub App. It signs a JWT for every request of its own, finds its installation, and asks there for a token
// that has the one permission the runners of the scope take, for the scope's repository alone. Make one with NewApp.
type App struct {
	shy
	settings *AppSettings
	key      sealed[*rsa.PrivateKey]
}

var _ Credential = App{}

// AppSettings describe a GitHub App. ID and Key are required.
type AppSettings struct {
	ID           string // the App's ID or its client ID
	Installation int64  // 0: found by the owner of the scope
	Login        string // whose installation to find, if not that of the scope's owner
	Key          string // the private key: PEM, or base64 of it, PKCS#1 or PKCS#8
}

// NewApp reads the key. Its errors do not repeat it.
func NewApp(s AppSettings) (App, error) {
	if s.ID = strings.TrimSpace(s.ID); s.ID == "" {
		return App{}, errors.New("cannot use the GitHub App: it has no ID")
	}
	key, err := parseKey(s.Key)
	if err != nil {
		return App{}, fmt.Errorf("cannot use the private key of the GitHub App: %w", err)
	}
	s.Key = ""
	return App{settings: &s, key: seal(key)}, nil
}

func (a App) bind(c *Client) authorizer {
	if a.settings == nil {
		return PAT{} // authorizes nothing
	}
	return &installation{
		client: c, settings: *a.settings, jwt: &signer{id: a.settings.ID, key: a.key, signed: c.minted},
		turn: make(chan struct{}, 1), id: a.settings.Installation,
	}
}

// signer makes the JWTs with which the App itself asks:
// https://docs.github.com/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-json-web-token-jwt-for-a-github-app
type signer struct {
	id     string
	key    sealed[*rsa.PrivateKey]
	signed func(string)

	mu   sync.Mutex
	skew time.Duration // what GitHub's clock is ahead of ours, as far as it matters
}

const (
	// backdate keeps a JWT from being of the future where our clock is fast.
	backdate = time.Minute
	// lifetime of a JWT from its backdated birth; GitHub takes 10 minutes from now at most.
	lifetime = 10 * time.Minute
	// tolerable is how much our clock and GitHub's may differ before a 401 is blamed on it. The Date of an answer is in
	// whole seconds, and as old as the answer.
	tolerable = 20 * time.Second
)

// sign makes a JWT of the moment by GitHub's clock. The issuer may be a client ID just as well.
func (s *signer) sign() (string, error) {
	s.mu.Lock()
	born := time.Now().Add(s.skew - backdate).Truncate(time.Second)
	s.mu.Unlock()
	return jwt.NewWithClaims(jwt.SigningMethodRS256, jwt.RegisteredClaims{
		Issuer: s.id, IssuedAt: jwt.NewNumericDate(born), ExpiresAt: jwt.NewNumericDate(born.Add(lifetime)),
	}).SignedString(s.key())
}

func (s *signer) authorize(_ context.Context, next http.RoundTripper) (http.RoundTripper, error) {
	token, err := s.sign()
	if err != nil {
		return nil, fmt.Errorf("cannot sign as the GitHub App: %w", err)
	}
	s.signed(token)
	return bearer{next, seal(token)}, nil
}

// refused looks at GitHub's clock: a JWT from the future, or one that has expired, is only our clock's fault, and is
// made again by GitHub's time.
func (s *signer) refused(resp *http.Response) bool {
	date, err := http.ParseTime(resp.Header.Get("Date"))
	if err != nil {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	ahead := time.Until(date)
	if (ahead - s.skew).Abs() < tolerable {
		return false
	}
	s.skew = ahead
	return true
}

func (s *signer) words() words { return appWords }
