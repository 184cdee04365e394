package config

import (
	"net/url"
	"strings"
)

// place is somewhere to register at, as one variable named it.
type place struct {
	Scope
	server   string // that its address names
	variable string // that named it, canonical
	bare     bool   // a repository named without its owner
}

// whatIsAPlace says what could have been meant by what is no place.
const whatIsAPlace = "use https://github.com/owner/name for a repository, https://github.com/name for an organization, https://github.com/enterprises/name for an enterprise; or the bare name"

// readPlaces reads what the three variables name. The address of something else than its variable is for is an error,
// but for RUNNER_REPO, whose aliases are the place for any address in other images.
func (r *reading) readPlaces(c *Config) map[Kind]place {
	places := map[Kind]place{}
	for _, v := range []struct {
		kind  Kind
		value *string
	}{{Organization, &c.Org}, {Enterprise, &c.Enterprise}, {Repository, &c.Repo}} {
		variable := v.kind.variable()
		p, err := parsePlace(*v.value, v.kind, c.Org)
		switch {
		case *v.value == "" || r.bad[variable]:
			continue
		case err == nil && p.Kind != v.kind && (v.kind != Repository || places[p.Kind].Owner != "" && !strings.EqualFold(places[p.Kind].Owner, p.Owner)):
			err = refuse("name it in "+p.Kind.variable(), "%q is the address of %s", *v.value, p.Kind.withArticle())
		}
		if err != nil {
			r.refuse(variable, err)
			continue
		}
		p.variable = variable
		places[p.Kind] = p
		if v.kind != Repository {
			*v.value = p.Owner
		}
	}
	return places
}

// parsePlace reads an address, or a bare name of what the variable is for: owner/name for a repository, or a name alone,
// which belongs to owner.
func parsePlace(value string, kind Kind, owner string) (place, error) {
	if host, path, ok := splitAddress(value); ok {
		return parseAddress(value, host, path)
	}
	if strings.Contains(value, "://") {
		u, err := parseURL(value)
		if err != nil {
			return place{}, err
		}
		return parseAddress(value, (&url.URL{Scheme: u.Scheme, Host: u.Host}).String(), u.EscapedPath())
	}
	if kind != Repository {
		return place{Scope: Scope{Kind: kind, Owner: value}}, nil // checked where it is chosen
	}
	return parseRepo(value, owner)
}

// parseRepo reads owner/name, or a name alone.
func parseRepo(value, owner string) (place, error) {
	const hint = "use owner/name, or https://github.com/owner/name"
	parts := strings.Split(value, "/")
	for _, part := range parts {
		if !isName(part) {
			return place{}, refuse(hint, "%q is not a repository", value)
		}
	}
	name := strings.TrimSuffix(parts[len(parts)-1], ".git")
	switch {
	case len(parts) == 2:
		return place{Scope: Scope{Repository, parts[0], name}}, nil
	case len(parts) > 2:
		return place{}, refuse(hint, "%q is not a repository", value)
	case owner == "":
		return place{}, refuse(hint+"; or set GITHUB_OWNER as well", "%q does not say whose repository it is", value)
	}
	return place{Scope: Scope{Repository, owner, name}, bare: true}, nil
}

// splitAddress splits the addresses that are none of the web: git@host:owner/name.git and ssh://git@host/owner/name.git,
// as git clones from, and host/owner/name. Names of owners have no dot, so a first part with one is a host.
func splitAddress(value string) (server, path string, ok bool) {
	host, path := "", ""
	if rest, ssh := strings.CutPrefix(value, "ssh://"); ssh {
		if _, rest = cutUser(rest); strings.Contains(rest, "@") {
			return "", "", false
		}
		host, path, _ = strings.Cut(rest, "/")
		host, _, _ = strings.Cut(host, ":") // the port is ssh's
	} else if user, rest := cutUser(value); user != "" && !strings.Contains(value, "://") {
		host, path, _ = strings.Cut(rest, ":")
	} else if !strings.Contains(value, "://") {
		host, path, _ = strings.Cut(value, "/")
		if !strings.Contains(strings.Trim(host, "."), ".") {
			return "", "", false
		}
	}
	if host == "" || path == "" || strings.ContainsAny(host, "/?#@") {
		return "", "", false
	}
	return "https://" + normalHost(host), path, true
}

// cutUser cuts what stands before the @ of an address; a password is refused with the address, not used.
func cutUser(value string) (user, rest string) {
	if user, rest, ok := strings.Cut(value, "@"); ok && isName(user) {
		return user, rest
	}
	return "", value
}

// parseAddress reads the path of an address on GitHub.
func parseAddress(value, server, path string) (place, error) {
	parts := strings.Split(strings.Trim(path, "/"), "/")
	p := place{server: server}
	switch {
	case len(parts) == 1:
		p.Scope = Scope{Kind: Organization, Owner: parts[0]}
	case len(parts) == 2 && parts[0] == "enterprises":
		p.Scope = Scope{Kind: Enterprise, Owner: parts[1]}
	case len(parts) == 2 && (parts[0] == "orgs" || parts[0] == "organizations"):
		p.Scope = Scope{Kind: Organization, Owner: parts[1]}
	case len(parts) == 2:
		p.Scope = Scope{Repository, parts[0], strings.TrimSuffix(parts[1], ".git")}
	}
	if !p.valid() {
		return place{}, refuse(whatIsAPlace, "%q is not the address of a repository, an organization or an enterprise", value)
	}
	return p, nil
}
