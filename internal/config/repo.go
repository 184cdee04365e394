package config

import (
	"net/url"
	"strings"
)

// repo is a repository as it was named.
type repo struct {
	owner, name string
	server      string // that its URL names
	bare        bool   // named without an owner
}

// parseRepo reads owner/name, the URL of a repository, or a bare name, which belongs to owner.
func parseRepo(value, owner string) (repo, error) {
	const hint = "use owner/name, or https://github.com/owner/name"
	switch {
	case value == "":
		return repo{}, nil
	case strings.Contains(value, "://"):
		return parseRepoURL(value)
	}
	parts := strings.Split(value, "/")
	for _, part := range parts {
		if !isName(part) {
			return repo{}, refuse(hint, "%q is not a repository", value)
		}
	}
	name := strings.TrimSuffix(parts[len(parts)-1], ".git")
	switch {
	case len(parts) == 2:
		return repo{owner: parts[0], name: name}, nil
	case len(parts) > 2:
		return repo{}, refuse(hint, "%q is not a repository", value)
	case owner == "":
		return repo{}, refuse(hint+"; or set GITHUB_OWNER as well", "%q does not say whose repository it is", value)
	}
	return repo{owner: owner, name: name, bare: true}, nil
}

func parseRepoURL(value string) (repo, error) {
	u, err := parseURL(value)
	if err != nil {
		return repo{}, err
	}
	parts := strings.Split(strings.Trim(u.Path, "/"), "/")
	if len(parts) != 2 {
		hint := "use https://github.com/owner/name"
		if len(parts) == 1 && isName(parts[0]) {
			hint = "an organization is named in RUNNER_ORG"
		}
		return repo{}, refuse(hint, "%q is not the URL of a repository", value)
	}
	return repo{
		owner: parts[0], name: strings.TrimSuffix(parts[1], ".git"),
		server: (&url.URL{Scheme: u.Scheme, Host: u.Host}).String(),
	}, nil
}
