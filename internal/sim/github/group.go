package github

import (
	"net/http"
	"slices"
	"strconv"
)

// Group is a runner group. Every scope has the group "Default" with the id 1.
type Group struct {
	ID      int64
	Name    string
	Default bool
}

// AddGroup adds runner groups to a scope ("orgs/acme") and returns the id of the last.
func (s *Server) AddGroup(owner string, names ...string) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	sc := newScope(owner)
	groups := s.groupsOf(sc)
	for _, name := range names {
		groups = append(groups, Group{ID: groups[len(groups)-1].ID + 1, Name: name})
	}
	s.groups[sc] = groups
	return groups[len(groups)-1].ID
}

// groupsOf returns the groups of a scope. The caller holds mu.
func (s *Server) groupsOf(sc scope) []Group {
	if groups := s.groups[sc]; groups != nil {
		return groups
	}
	return []Group{{ID: 1, Name: "Default", Default: true}}
}

func (s *Server) hasGroup(sc scope, id int64) bool {
	return slices.ContainsFunc(s.groupsOf(sc), func(g Group) bool { return g.ID == id })
}

// listGroups answers GET …/actions/runner-groups, for a PAT and for the runner's own configure. A repository has no
// groups of its own to list: a PAT gets 404 there, a runner the default one.
func (s *Server) listGroups(c *call) answer {
	sc := scopeOfPath(c.r)
	if scheme, _ := c.authorization(); scheme == "remoteauth" {
		if token := s.remoteAuth(c); token == nil || token.scope != sc {
			return notFound()
		}
	} else if refusal, ok := s.authorize(c, sc, false); !ok {
		return refusal
	} else if sc.kind() == "repos" {
		return notFound()
	}
	groups := s.groupsOf(sc)
	from, to := c.page(len(groups))
	listed := []any{}
	for _, g := range groups[from:to] {
		listed = append(listed, groupJSON(baseURL(c.r), sc, g))
	}
	return c.paged(reply(http.StatusOK, map[string]any{"total_count": len(groups), "runner_groups": listed}), to, len(groups))
}

func groupJSON(base string, sc scope, g Group) map[string]any {
	shown := map[string]any{
		"id": g.ID, "name": g.Name, "visibility": "all", "default": g.Default,
		"runners_url":                base + "/" + string(sc) + "/actions/runner-groups/" + strconv.FormatInt(g.ID, 10) + "/runners",
		"allows_public_repositories": false,
		"is_hosted":                  false,
	}
	if sc.kind() != "enterprises" {
		shown["inherited"] = false
	}
	return shown
}
