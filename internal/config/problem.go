package config

import (
	"fmt"
	"strings"

	"github.com/runner-init/runner-init/internal/reference"
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
	// Reference says that it is a reference to a value that came to nothing, and Fault whose fault that is.
	Reference bool            `json:"-"`
	Fault     reference.Fault `json:"-"`
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

// Fault is the gravest of all: what only a change of the configuration mends comes before a refusal, and that before
// what may pass by itself.
func (e *Invalid) Fault() reference.Fault {
	gravest := reference.Unreachable
	for _, p := range e.Problems {
		gravest = min(gravest, p.Fault)
	}
	return gravest
}

// refusal is why one value cannot be used. The parsers return it, so that the hint reaches the Problem.
type refusal struct{ cause, hint string }

func (r refusal) Error() string { return r.cause }

func refuse(hint, format string, args ...any) error {
	return refusal{cause: fmt.Sprintf(format, args...), hint: hint}
}
