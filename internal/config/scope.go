package config

import (
	"slices"
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

// kindNamedBy is the kind that a variable is for, or nothing.
func kindNamedBy(variable string) Kind {
	for _, k := range []Kind{Repository, Organization, Enterprise} {
		if k.variable() == variable {
			return k
		}
	}
	return ""
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

// ownersOnly name the organization, or the owner of the repository that another variable names.
var ownersOnly = []string{"GITHUB_OWNER", "GH_ORG", "ORGANIZATION"}

// ownerNamed reports whether the organization was given under such a name.
func (r *reading) ownerNamed() bool { return slices.Contains(ownersOnly, r.named["RUNNER_ORG"]) }

// placeScope decides where to register, and returns the place whose address names the server, if one does.
func (r *reading) placeScope(c *Config) (named place) {
	places := r.readPlaces(c)
	repo := places[Repository]
	r.checkOwner(c, repo)
	kind := r.kind(c, places)
	if kind == "" {
		return repo
	}
	chosen := places[kind]
	if chosen.variable == "" { // an owner's organization, wanted by RUNNER_SCOPE
		chosen = place{Scope: Scope{Kind: Organization, Owner: c.Org}, variable: Organization.variable()}
	}
	c.Scope = chosen.Scope
	if c.Kind == "" {
		r.origins["RUNNER_SCOPE"] = "derived from " + r.name(chosen.variable)
	}
	c.Kind = kind
	r.checkPlace(chosen)
	if chosen.server == "" {
		return repo
	}
	return chosen
}

// kind picks one of the places that are named. It returns nothing when there is none, or when a problem was noted.
func (r *reading) kind(c *Config, places map[Kind]place) Kind {
	named := r.namedPlaces(places)
	switch {
	case r.bad["RUNNER_SCOPE"] || r.bad["RUNNER_REPO"] || r.bad["RUNNER_ORG"] || r.bad["RUNNER_ENTERPRISE"]:
		return ""
	case c.Kind != "":
		return r.wanted(c, named, places)
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
		names = append(names, places[k].variable)
	}
	r.clash(refuse("leave one out, or say which with RUNNER_SCOPE=repo, org or enterprise", "a runner is registered at one place"), names...)
	return ""
}

// wanted is the kind that RUNNER_SCOPE asks for.
func (r *reading) wanted(c *Config, named []Kind, places map[Kind]place) Kind {
	found := false
	for _, k := range named {
		if k == c.Kind {
			found = true
			continue
		}
		r.warn("%s is not used: %s asks for the %s", r.name(places[k].variable), r.name("RUNNER_SCOPE"), c.Kind)
	}
	if !found && (c.Kind != Organization || c.Org == "") {
		r.clash(refuse("set "+c.Kind.variable(), "the scope is the %s, but %s is not set", c.Kind, c.Kind.variable()), "RUNNER_SCOPE")
		return ""
	}
	return c.Kind
}

// namedPlaces are the places that are named. An owner that only completes the repository is none.
func (r *reading) namedPlaces(places map[Kind]place) []Kind {
	var named []Kind
	repo, isRepo := places[Repository]
	for _, k := range []Kind{Repository, Organization, Enterprise} {
		_, is := places[k]
		completes := k == Organization && isRepo && (repo.bare || r.ownerNamed())
		if is && !completes {
			named = append(named, k)
		}
	}
	return named
}

// checkOwner compares the two places where the owner can stand.
func (r *reading) checkOwner(c *Config, repo place) {
	if r.ownerNamed() && repo.Owner != "" && !strings.EqualFold(repo.Owner, c.Org) {
		r.clash(refuse("leave "+r.name("RUNNER_ORG")+" out: the repository names its owner", "the owner is %q in one and %q in the other", c.Org, repo.Owner), "RUNNER_ORG", "RUNNER_REPO")
	}
}

// checkPlace refuses names that GitHub cannot have given.
func (r *reading) checkPlace(p place) {
	if !p.valid() {
		r.refuse(p.variable, refuse("it is the name in the address on GitHub: letters, digits, dashes, dots and underscores",
			"%q is not the name of %s", strings.TrimPrefix(p.String(), string(p.Kind)+" "), p.Kind.withArticle()))
	}
}

// valid reports whether GitHub could have given the names.
func (s Scope) valid() bool {
	return isName(s.Owner) && (s.Kind != Repository || isName(s.Repo))
}

// isName reports whether GitHub could have such a name. The names go into URLs as they are, and ".." would leave the
// scope.
func isName(s string) bool {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_."
	return s != "" && s != "." && s != ".." && strings.Trim(s, letters) == ""
}
