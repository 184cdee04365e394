package config

import (
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

func (Kind) choices() []Kind { return []Kind{"repo", "org", "enterprise"} }

// UnmarshalText accepts any case, the short forms and the long ones.
func (k *Kind) UnmarshalText(text []byte) error {
	switch strings.ToLower(string(text)) {
	case "repo", "repository":
		*k = Repository
	case "org", "organization":
		*k = Organization
	case "ent", "enterprise":
		*k = Enterprise
	default:
		_, err := choose(string(text), k.choices())
		return err
	}
	return nil
}

// variable is the canonical name of what names such a place.
func (k Kind) variable() string {
	switch k {
	case Repository:
		return "RUNNER_REPO"
	case Organization:
		return "RUNNER_ORG"
	default:
		return "RUNNER_ENTERPRISE"
	}
}

func (k Kind) withArticle() string {
	if k == Repository {
		return "a repository"
	}
	return "an " + string(k)
}

// Scope is a place to register at: a repository (Owner and Repo), an organization or an enterprise (Owner alone, which
// is the enterprise's slug). The zero Scope is none.
type Scope struct {
	Kind  Kind
	Owner string
	Repo  string
}

// String is the scope for people: repository acme/widgets.
func (s Scope) String() string {
	switch s.Kind {
	case "":
		return ""
	case Repository:
		return string(s.Kind) + " " + s.Owner + "/" + s.Repo
	}
	return string(s.Kind) + " " + s.Owner
}

// URL is the scope's address on a server, which is what the runner's configure wants as --url
// (actions/runner, ConfigurationManager.cs).
func (s Scope) URL(server string) string {
	switch s.Kind {
	case Repository:
		return server + "/" + s.Owner + "/" + s.Repo
	case Enterprise:
		return server + "/enterprises/" + s.Owner
	}
	return server + "/" + s.Owner
}

// githubOwner names the organization, or the owner of the repository that another variable names.
const githubOwner = "GITHUB_OWNER"

// placeScope decides where to register, and returns the server that the repository's URL names, if it is one.
func (r *reading) placeScope(c *Config) (server string) {
	repo, err := parseRepo(c.Repo, c.Org)
	if err != nil {
		r.refuse("RUNNER_REPO", err)
	}
	r.checkOwner(c, repo)
	places := map[Kind]Scope{
		Repository:   {Repository, repo.owner, repo.name},
		Organization: {Organization, c.Org, ""},
		Enterprise:   {Enterprise, c.Enterprise, ""},
	}
	kind := r.kind(c, repo)
	if kind == "" {
		return repo.server
	}
	c.Scope = places[kind]
	if c.Kind == "" {
		r.origins["RUNNER_SCOPE"] = "derived from " + r.name(kind.variable())
	}
	c.Kind = kind
	r.checkPlace(c.Scope)
	return repo.server
}

// kind picks one of the places that are named. It returns nothing when there is none, or when a problem was noted.
func (r *reading) kind(c *Config, repo repo) Kind {
	named := r.namedPlaces(c, repo)
	switch {
	case r.bad["RUNNER_SCOPE"] || r.bad["RUNNER_REPO"] || r.bad["RUNNER_ORG"] || r.bad["RUNNER_ENTERPRISE"]:
		return ""
	case c.Kind != "":
		return r.wanted(c, named)
	case len(named) == 1:
		return named[0]
	case len(named) == 0:
		if c.JITConfig.Empty() && !r.bad["RUNNER_JITCONFIG"] {
			r.problem(refuse("set RUNNER_REPO=owner/name or RUNNER_ORG=name", "there is no place to register at"))
		}
		return ""
	}
	var names []string
	for _, k := range named {
		names = append(names, k.variable())
	}
	r.clash(refuse("leave one out, or say which with RUNNER_SCOPE=repo, org or enterprise", "a runner is registered at one place"), names...)
	return ""
}

// wanted is the kind that RUNNER_SCOPE asks for.
func (r *reading) wanted(c *Config, named []Kind) Kind {
	found := false
	for _, k := range named {
		if k == c.Kind {
			found = true
			continue
		}
		r.warn("%s is not used: %s asks for the %s", r.name(k.variable()), r.name("RUNNER_SCOPE"), c.Kind)
	}
	if !found && (c.Kind != Organization || c.Org == "") {
		r.clash(refuse("set "+c.Kind.variable(), "the scope is the %s, but %s is not set", c.Kind, c.Kind.variable()), "RUNNER_SCOPE")
		return ""
	}
	return c.Kind
}

// namedPlaces are the places that are named. An owner that only completes the repository is none.
func (r *reading) namedPlaces(c *Config, repo repo) []Kind {
	var named []Kind
	if c.Repo != "" {
		named = append(named, Repository)
	}
	completes := c.Repo != "" && (repo.bare || r.named["RUNNER_ORG"] == githubOwner)
	if c.Org != "" && !completes {
		named = append(named, Organization)
	}
	if c.Enterprise != "" {
		named = append(named, Enterprise)
	}
	return named
}

// checkOwner compares the two places where the owner can stand.
func (r *reading) checkOwner(c *Config, repo repo) {
	if r.named["RUNNER_ORG"] == githubOwner && repo.owner != "" && !strings.EqualFold(repo.owner, c.Org) {
		r.clash(refuse("leave "+githubOwner+" out: the repository names its owner", "the owner is %q in one and %q in the other", c.Org, repo.owner), "RUNNER_ORG", "RUNNER_REPO")
	}
}

// checkPlace refuses names that GitHub cannot have given.
func (r *reading) checkPlace(s Scope) {
	if !isName(s.Owner) || s.Kind == Repository && !isName(s.Repo) {
		r.refuse(s.Kind.variable(), refuse("it is the name in the address on GitHub: letters, digits, dashes, dots and underscores",
			"%q is not the name of %s", strings.TrimPrefix(s.String(), string(s.Kind)+" "), s.Kind.withArticle()))
	}
}

// isName reports whether GitHub could have such a name. The names go into URLs as they are, and ".." would leave the
// scope.
func isName(s string) bool {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_."
	return s != "" && s != "." && s != ".." && strings.Trim(s, letters) == ""
}
