package registration

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
)

// Credential is what proves to GitHub who asks. It is asked once for every call of a Client, so one that makes
// short-lived tokens can hand out a fresh one each time.
type Credential interface {
	// Authorization returns the value of the Authorization header. Its error must not hold the secret.
	Authorization(ctx context.Context) (string, error)
}

// PAT is a personal access token, classic or fine-grained; GitHub tells the two apart, we never look at its form. It
// prints as [redacted] whatever the verb, also from inside another value. Make one with NewPAT.
type PAT struct {
	// A pointer, because fmt prints the fields of a value it may not call methods on, which is every value inside an
	// unexported field; of a pointer in there it prints the address alone.
	token *string
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
	return PAT{token: new(token)}, nil
}

// Authorization is the token as a bearer token, which GitHub accepts of every kind of token.
func (p PAT) Authorization(context.Context) (string, error) {
	if p.token == nil {
		return "", errors.New("cannot use the personal access token: it is empty")
	}
	return "Bearer " + *p.token, nil
}

const redacted = "[redacted]"

// String is [redacted].
func (p PAT) String() string { return redacted }

// GoString is [redacted].
func (p PAT) GoString() string { return redacted }

// Format prints [redacted] for every verb.
func (p PAT) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, redacted) }

// LogValue is [redacted].
func (p PAT) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText is [redacted], so that neither JSON nor YAML shows the token.
func (p PAT) MarshalText() ([]byte, error) { return []byte(redacted), nil }
