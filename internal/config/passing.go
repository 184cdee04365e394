package config

import (
	"path"
	"slices"
	"strings"
)

// onlyPrefix makes a list of additions the complete list.
const onlyPrefix = "only:"

// Passing says which variables reach the job although they would be held back. The zero Passing names none.
type Passing struct {
	// Only makes the patterns the complete list of what reaches the job.
	Only bool
	// Patterns are names, or patterns in the form of path.Match.
	Patterns []string
}

// UnmarshalText reads a list of names and patterns, separated by commas, perhaps after "only:".
func (p *Passing) UnmarshalText(text []byte) error {
	rest, only := strings.CutPrefix(string(text), onlyPrefix)
	patterns := list(rest)
	for _, pattern := range patterns {
		if _, err := path.Match(pattern, ""); err != nil || strings.ContainsAny(pattern, "= /:") {
			return refuse("list names, or patterns with * and ?, separated by commas", "%q is not the name of a variable, nor a pattern", pattern)
		}
	}
	*p = Passing{Only: only, Patterns: patterns}
	return nil
}

// String is the list as it is written into the environment.
func (p Passing) String() string {
	patterns := strings.Join(p.Patterns, ",")
	if p.Only {
		return onlyPrefix + patterns
	}
	return patterns
}

// names reports whether a variable is named by the list.
func (p Passing) names(name string) bool {
	return slices.ContainsFunc(p.Patterns, func(pattern string) bool {
		matched, err := path.Match(pattern, name)
		return err == nil && matched
	})
}
