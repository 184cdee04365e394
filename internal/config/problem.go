package config

import (
	"fmt"
	"strings"
)

// Problem is one thing that is wrong with the configuration. No text in it holds a secret.
type Problem struct {
	// Variables are the environment variables at fault, by the names that the user used. None means that something is
	// missing.
	Variables []string `json:"variables,omitempty"`
	// Message is what is wrong, without the names.
	Message string `json:"message"`
	// Hint is what to do about it.
	Hint string `json:"hint"`
}

// Error is the problem without its hint: cannot use RUNNER_ORG: "a b" is not the name of an organization.
func (p Problem) Error() string {
	if len(p.Variables) == 0 {
		return "cannot use the configuration: " + p.Message
	}
	return fmt.Sprintf("cannot use %s: %s", inWords(p.Variables, "and"), p.Message)
}

// Invalid is the error of Load: everything that is wrong, at once.
type Invalid struct{ Problems []Problem }

// Error lists the problems, one per line, without their hints.
func (e *Invalid) Error() string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		lines[i] = p.Error()
	}
	return strings.Join(lines, "\n")
}

// refusal is why one value cannot be used. The parsers return it, so that the hint reaches the Problem.
type refusal struct{ cause, hint string }

func (r refusal) Error() string { return r.cause }

func refuse(hint, format string, args ...any) error {
	return refusal{cause: fmt.Sprintf(format, args...), hint: hint}
}
