package registration

import (
	"fmt"
	"strings"
)

// Kind is the sort of place a runner is registered at.
type Kind string

// The places GitHub lets a runner be registered at.
const (
	Repository   Kind = "repository"
	Organization Kind = "organization"
	Enterprise   Kind = "enterprise"
)

// Scope is the place a runner is registered at: a repository (Owner and Repo), an organization or an enterprise (Owner
// alone, which is the enterprise's slug).
type Scope struct {
	Kind  Kind
	Owner string
	Repo  string
}

// Path is the scope's part of the path of GitHub's REST API, without a slash at either end: "repos/acme/widgets",
// "orgs/acme", "enterprises/acme".
func (s Scope) Path() string {
	switch s.Kind {
	case Repository:
		return "repos/" + s.Owner + "/" + s.Repo
	case Organization:
		return "orgs/" + s.Owner
	default:
		return "enterprises/" + s.Owner
	}
}

// String is the scope as errors say it: organization "acme".
func (s Scope) String() string { return fmt.Sprintf("%s %q", s.Kind, s.name()) }

func (s Scope) name() string {
	if s.Kind == Repository {
		return s.Owner + "/" + s.Repo
	}
	return s.Owner
}

// validate refuses what would not come out of Path as the same place: the parts go into a URL as they are, and a part
// that is ".." would leave the scope.
func (s Scope) validate() error {
	parts := []string{s.Owner}
	switch s.Kind {
	case Repository:
		parts = append(parts, s.Repo)
	case Organization, Enterprise:
		if s.Repo != "" {
			return fmt.Errorf("an %s has no repository %q", s.Kind, s.Repo)
		}
	default:
		return fmt.Errorf("%q is not a repository, an organization or an enterprise", string(s.Kind))
	}
	for _, part := range parts {
		if part == "" || part == "." || part == ".." || strings.Trim(part, nameLetters) != "" {
			return fmt.Errorf("%q is not the name of a %s", s.name(), s.Kind)
		}
	}
	return nil
}

// nameLetters are the letters of GitHub's names of owners, repositories and enterprises.
const nameLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_."
