package config

import (
	"fmt"
	"io"
	"log/slog"
)

const redacted = "[redacted]"

// Secret is a value that prints as [redacted], or as nothing when it is empty, whatever prints it: fmt with any verb,
// slog, encoding/json, templates, what walks through values by reflection, and whatever else asks for text. Reveal is the one way to the value itself.
type Secret struct {
	// A function, because nobody can look into one: fmt calls no method of a value inside somebody's unexported field, and
	// what dumps values by reflection follows every pointer. Of a function both see an address.
	value func() string
}

func secretOf(value string) Secret { return Secret{func() string { return value }} }

// Reveal returns the value. Each call is a place to look at when secrets are reviewed.
func (s Secret) Reveal() string {
	if s.value == nil {
		return ""
	}
	return s.value()
}

// Empty reports whether there is no value.
func (s Secret) Empty() bool { return s.Reveal() == "" }

// String is [redacted], or empty.
func (s Secret) String() string {
	if s.Empty() {
		return ""
	}
	return redacted
}

// GoString is what String is.
func (s Secret) GoString() string { return s.String() }

// Format prints what String is, for every verb and flag.
func (s Secret) Format(state fmt.State, _ rune) { _, _ = io.WriteString(state, s.String()) }

// LogValue is what String is.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText is what String is; encoding/json and encoding/xml use it.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText takes the value.
func (s *Secret) UnmarshalText(text []byte) error {
	*s = secretOf(string(text))
	return nil
}
