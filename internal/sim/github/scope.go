package github

import (
	"net/http"
	"net/url"
	"strings"
)

// scope is what a runner belongs to, in the words of GitHub's paths: "repos/acme/widgets", "orgs/acme" or
// "enterprises/acme". Names are lower case: GitHub does not tell them apart by case.
type scope string

func newScope(text string) scope { return scope(strings.ToLower(strings.Trim(text, "/"))) }

// kind is "repos", "orgs" or "enterprises".
func (sc scope) kind() string {
	kind, _, _ := strings.Cut(string(sc), "/")
	return kind
}

// owner is the first name after the kind.
func (sc scope) owner() string {
	return strings.Split(string(sc)+"/", "/")[1]
}

// serves says whether a runner of this scope may run a job of the other: its own, those of the repositories of its
// organization, and for an enterprise everything, because the simulation does not know whom an enterprise owns.
func (sc scope) serves(job scope) bool {
	switch {
	case sc == job, sc.kind() == "enterprises":
		return true
	case sc.kind() == "orgs":
		return job.kind() == "repos" && sc.owner() == job.owner()
	}
	return false
}

// scopeOfPath reads the scope out of the wildcards of a route.
func scopeOfPath(r *http.Request) scope {
	switch {
	case r.PathValue("repo") != "":
		return newScope("repos/" + r.PathValue("owner") + "/" + r.PathValue("repo"))
	case r.PathValue("org") != "":
		return newScope("orgs/" + r.PathValue("org"))
	}
	return newScope("enterprises/" + r.PathValue("enterprise"))
}

// scopeOfURL reads the scope out of the address that a runner was configured with: one name is an organization, two
// are a repository unless the first is "enterprises" (actions/runner ConfigurationManager.cs).
func scopeOfURL(raw string) (scope, bool) {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" {
		return "", false
	}
	path := strings.Trim(u.Path, "/")
	names := strings.Split(path, "/")
	switch {
	case path == "":
		return "", false
	case len(names) == 1:
		return newScope("orgs/" + path), true
	case len(names) == 2 && strings.EqualFold(names[0], "enterprises"):
		return newScope(path), true
	case len(names) == 2:
		return newScope("repos/" + path), true
	}
	return "", false
}

// baseURL is this server as the caller addressed it, without a slash at the end.
func baseURL(r *http.Request) string {
	if r.TLS != nil {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}
