package config

import (
	"net/url"
	"slices"
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
	if holdsPassword(value) {
		return place{}, errUserInfo
	}
	if address, ok := webAddress(value); ok {
		u, err := parseServer(address)
		if err != nil {
			return place{}, err
		}
		return parseAddress(value, u)
	}
	if kind != Repository {
		return place{Scope: Scope{Kind: kind, Owner: value}}, nil // checked where it is chosen
	}
	return parseRepo(strings.TrimRight(value, "/"), owner)
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
	case len(parts) == 2 && slices.Contains(ownPages, strings.ToLower(parts[0])):
		return place{}, refuse(whatIsAPlace, "%q is not a repository: nobody is called so", value)
	case len(parts) == 2:
		return place{Scope: Scope{Repository, parts[0], name}}, nil
	case len(parts) > 2:
		return place{}, refuse(hint, "%q is not a repository", value)
	case owner == "":
		return place{}, refuse(hint+"; or set GITHUB_OWNER as well", "%q does not say whose repository it is", value)
	}
	return place{Scope: Scope{Repository, owner, name}, bare: true}, nil
}

// webAddress makes an address of the web of the others: git@host:owner/name.git, host:owner/name.git and
// ssh://git@host:22/owner/name.git, as git clones from, and host/owner/name. Names of owners have no dot, so a first part
// with one is a host.
func webAddress(value string) (address string, ok bool) {
	if rest, ssh := strings.CutPrefix(value, "ssh://"); ssh {
		u, err := url.Parse("ssh://" + rest)
		if err != nil || u.Hostname() == "" || u.Path == "" {
			return "", false
		}
		return "https://" + inBrackets(u.Hostname()) + u.EscapedPath(), true // the port is ssh's
	}
	if strings.Contains(value, "://") {
		return value, true
	}
	user, rest, ofUser := strings.Cut(value, "@")
	if !ofUser || !isName(user) {
		rest = value
	}
	host, path, _ := strings.Cut(rest, "/")
	if name, first, colon := cutHost(host); colon && (ofUser || !isNumber(first)) {
		host, path = name, strings.TrimPrefix(rest[len(name)+1:], "/")
	} else if ofUser || !strings.Contains(strings.Trim(host, "."), ".") {
		return "", false
	}
	if host == "" || path == "" {
		return "", false
	}
	return "https://" + host + "/" + path, true
}

// cutHost cuts at the colon that ends a host, which may be an address in brackets with colons of its own.
func cutHost(s string) (host, rest string, ok bool) {
	end := strings.Index(s, "]") + 1
	name, rest, ok := strings.Cut(s[end:], ":")
	return s[:end] + name, rest, ok
}

func inBrackets(host string) string {
	if strings.Contains(host, ":") {
		return "[" + host + "]"
	}
	return host
}

func isNumber(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

// holdsPassword reports whether an address has a password before its first @. It is refused without being repeated.
func holdsPassword(value string) bool {
	if _, rest, ok := strings.Cut(value, "://"); ok {
		value = rest
	}
	user, _, ok := strings.Cut(value, "@")
	return ok && strings.Contains(user, ":")
}

// parseAddress reads the path of an address on GitHub.
func parseAddress(value string, u *url.URL) (place, error) {
	parts := strings.Split(strings.Trim(u.EscapedPath(), "/"), "/")
	p := place{server: (&url.URL{Scheme: u.Scheme, Host: u.Host}).String()}
	switch own := slices.Contains(ownPages, strings.ToLower(parts[0])); {
	case len(parts) == 1 && !own:
		p.Scope = Scope{Kind: Organization, Owner: parts[0]}
	case len(parts) == 2 && parts[0] == "enterprises":
		p.Scope = Scope{Kind: Enterprise, Owner: parts[1]}
	case len(parts) == 2 && (parts[0] == "orgs" || parts[0] == "organizations"):
		p.Scope = Scope{Kind: Organization, Owner: parts[1]}
	case len(parts) == 2 && !own:
		p.Scope = Scope{Repository, parts[0], strings.TrimSuffix(parts[1], ".git")}
	}
	if !p.valid() {
		return place{}, refuse(whatIsAPlace, "%q is not the address of a repository, an organization or an enterprise", value)
	}
	return p, nil
}

// ownPages are pages of GitHub's own, which no owner is called after.
var ownPages = []string{"enterprises", "orgs", "organizations", "settings", "users", "apps", "api"}
