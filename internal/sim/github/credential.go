package github

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Credential is a personal access token: what it may do and what it may see. Make it with Classic or FineGrained. The
// tokens of installations are credentials too.
type Credential struct {
	kind   string   // "classic", "fine-grained" or "installation"
	grants []string // scopes of a classic one, "permission:level" of the others
	sees   []scope  // nil is everything
	name   string
	token  string

	expires   time.Time     // zero is never
	installed *Installation // whose it is, if it is an installation's
	repos     []string      // to which that is narrowed; nil is all
}

// Classic is a personal access token with OAuth scopes: "repo", "admin:org", "manage_runners:enterprise".
func Classic(scopes ...string) *Credential { return &Credential{kind: "classic", grants: scopes} }

// FineGrained is a personal access token with permissions: "administration:write" for repositories,
// "organization_self_hosted_runners:write" for organizations. GitHub has none for enterprises.
func FineGrained(permissions ...string) *Credential {
	return &Credential{kind: "fine-grained", grants: permissions}
}

// Named gives the credential the name that the journal calls it by.
func (c *Credential) Named(name string) *Credential {
	c.name = name
	return c
}

// Only limits what the credential sees to these scopes ("orgs/acme", "repos/acme/widgets"); everything else is a 404.
func (c *Credential) Only(scopes ...string) *Credential {
	for _, sc := range scopes {
		c.sees = append(c.sees, newScope(sc))
	}
	return c
}

// Expiring limits the life of the credential. GitHub tells the end of it with every answer.
func (c *Credential) Expiring(at time.Time) *Credential {
	c.expires = at
	return c
}

// AddPAT makes GitHub know a personal access token. The same token added again replaces what it may do.
func (s *Server) AddPAT(token string, c *Credential) {
	s.mu.Lock()
	defer s.mu.Unlock()
	known := *c
	known.token = token
	if known.name == "" {
		known.name = fmt.Sprintf("pat-%d", len(s.pats)+1)
	}
	s.pats[token] = &known
	s.secrets = append(s.secrets, token)
}

// RevokePAT makes GitHub answer 401 to the token from now on.
func (s *Server) RevokePAT(token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.pats, token)
}

// need is what a route asks of a credential, by kind of scope: classic scopes of which one suffices, and the
// permission of a fine-grained token ("" where none will do).
type need struct {
	scopes     []string
	permission string
}

func needOf(sc scope) need {
	switch sc.kind() {
	case "repos":
		return need{[]string{"repo"}, "administration"}
	case "orgs":
		return need{[]string{"admin:org"}, "organization_self_hosted_runners"}
	}
	return need{[]string{"manage_runners:enterprise", "admin:enterprise"}, ""}
}

// blind says that the credential is not shown that the scope exists.
func (c *Credential) blind(sc scope) bool {
	if c.installed != nil {
		_, repo, _ := strings.Cut(strings.TrimPrefix(string(sc), "repos/"), "/")
		narrowed := c.repos != nil && !slices.ContainsFunc(c.repos, func(r string) bool { return strings.EqualFold(r, repo) })
		return !c.installed.includes(sc) || sc.kind() == "repos" && narrowed
	}
	return c.sees != nil && !slices.Contains(c.sees, sc)
}

// allows says whether the credential may do it; a permission's write level includes read.
func (c *Credential) allows(n need, write bool) bool {
	if c.kind == "classic" {
		return slices.ContainsFunc(n.scopes, func(scope string) bool { return slices.Contains(c.grants, scope) })
	}
	return n.permission != "" && (slices.Contains(c.grants, n.permission+":write") ||
		!write && slices.Contains(c.grants, n.permission+":read"))
}

// authorize finds the PAT of a REST call and decides whether it may; ok is false when a is the refusal. The caller
// holds mu.
func (s *Server) authorize(c *call, sc scope, write bool) (a answer, ok bool) {
	scheme, token := c.authorization()
	pat := s.pats[token]
	if scheme == "none" {
		return refuse(http.StatusUnauthorized, "Requires authentication"), false
	}
	if pat == nil || scheme == "remoteauth" || !pat.expires.IsZero() && !s.options.Now().Before(pat.expires) {
		c.entry.Credential = "unknown"
		return refuse(http.StatusUnauthorized, "Bad credentials"), false
	}
	c.entry.Credential = pat.kind + " " + pat.name
	n := needOf(sc)
	c.accepts(pat, n, write)
	if pat.blind(sc) {
		return notFound(), false
	}
	if !pat.allows(n, write) {
		return pat.forbidden(sc), false
	}
	return answer{}, true
}

// accepts puts on the answer what GitHub tells every caller about its token and what the route wants.
func (c *call) accepts(pat *Credential, n need, write bool) {
	if pat.kind != kindInstallation && !pat.expires.IsZero() {
		c.header.Set("GitHub-Authentication-Token-Expiration", pat.expires.UTC().Format("2006-01-02 15:04:05 MST"))
	}
	if pat.kind == "classic" {
		c.header.Set("X-OAuth-Scopes", strings.Join(pat.grants, ", "))
		c.header.Set("X-Accepted-OAuth-Scopes", strings.Join(n.scopes, ", "))
		return
	}
	level := "read"
	if write {
		level = "write"
	}
	if n.permission != "" {
		c.header.Set("X-Accepted-GitHub-Permissions", n.permission+"="+level)
	}
}

func (c *Credential) forbidden(sc scope) answer {
	switch {
	case c.kind == kindInstallation:
		return refuse(http.StatusForbidden, "Resource not accessible by integration")
	case c.kind == "fine-grained":
		return refuse(http.StatusForbidden, "Resource not accessible by personal access token")
	case sc.kind() == "repos":
		return refuse(http.StatusForbidden, "Must have admin rights to Repository.")
	}
	return refuse(http.StatusForbidden, "Must have admin rights to %s.", sc.owner())
}
