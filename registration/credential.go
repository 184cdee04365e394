package registration

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
)

// Credential is what proves to GitHub who asks: a PAT or an App. It prints as [redacted], whatever prints it.
type Credential interface {
	// bind makes the credential ready for the requests of one client.
	bind(*Client) authorizer
}

// authorizer puts a credential on requests.
type authorizer interface {
	// authorize returns next with the credential on every request. It may ask GitHub for a token first, for as long as
	// ctx lasts.
	authorize(ctx context.Context, next http.RoundTripper) (http.RoundTripper, error)
	// refused is told that GitHub answered 401, and says whether the next attempt will have another credential.
	refused(*http.Response) bool
	// words are what the user has to change.
	words() words
}

// PAT is a personal access token, classic or fine-grained; GitHub tells the two apart, we never look at its form. Make
// one with NewPAT.
type PAT struct {
	shy
	token sealed[string]
}

var _ Credential = PAT{}

// NewPAT takes the token as the user gave it; white space around it, such as a file's last newline, is dropped. A
// token that is empty or cannot stand in an HTTP header is refused, in words that do not repeat it.
func NewPAT(token string) (PAT, error) {
	token = strings.TrimSpace(token)
	if token == "" {
		return PAT{}, errors.New("cannot use the personal access token: it is empty")
	}
	if strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return PAT{}, errors.New("cannot use the personal access token: it holds white space or a character outside ASCII")
	}
	return PAT{token: seal(token)}, nil
}

func (p PAT) bind(*Client) authorizer { return p }

func (p PAT) authorize(_ context.Context, next http.RoundTripper) (http.RoundTripper, error) {
	if p.token == nil {
		return nil, &Error{Op: "use the personal access token", Reason: Unauthorized, Message: "it is empty"}
	}
	return bearer{next, p.token}, nil
}

// refused: there is no other one.
func (PAT) refused(*http.Response) bool { return false }

func (PAT) words() words { return tokenWords }

// bearer sends a token the way that GitHub accepts of every kind of token.
type bearer struct {
	next  http.RoundTripper
	token sealed[string]
}

func (b bearer) RoundTrip(req *http.Request) (*http.Response, error) {
	req.Header.Set("Authorization", "Bearer "+b.token()) // the request is the attempt's own copy
	return b.next.RoundTrip(req)
}

const redacted = "[redacted]"

// sealed is a secret that nobody can look into. It is a function, because fmt calls no method of a value inside somebody's
// unexported field, and what goes by reflection follows every pointer: of a function both see an address.
type sealed[T any] func() T

func seal[T any](secret T) sealed[T] { return func() T { return secret } }

// shy is embedded in what must not be printed.
type shy struct{}

// String is [redacted].
func (shy) String() string { return redacted }

// GoString is [redacted].
func (shy) GoString() string { return redacted }

// Format prints [redacted] for every verb.
func (shy) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, redacted) }

// LogValue is [redacted].
func (shy) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText is [redacted], so that neither JSON nor YAML shows what is inside.
func (shy) MarshalText() ([]byte, error) { return []byte(redacted), nil }
