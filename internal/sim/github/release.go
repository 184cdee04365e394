package github

import (
	"net/http"
	"slices"
	"time"
)

// release is one of the official runner.
type release struct {
	version   string
	published time.Time
}

// Release makes a version, "2.336.0", the newest release of the official runner.
func (s *Server) Release(version string, published time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.releases = append(s.releases, release{version, published})
}

// latestRelease answers GET /repos/actions/runner/releases/latest.
func (s *Server) latestRelease(c *call) answer {
	return s.shown(c, len(s.releases)-1)
}

// taggedRelease answers GET /repos/actions/runner/releases/tags/{tag}.
func (s *Server) taggedRelease(c *call) answer {
	return s.shown(c, slices.IndexFunc(s.releases, func(r release) bool { return "v"+r.version == c.r.PathValue("tag") }))
}

// shown shows a release to everybody, but to a token that nobody knows.
func (s *Server) shown(c *call, i int) answer {
	scheme, token := c.authorization()
	switch {
	case scheme != "none" && s.pats[token] == nil:
		return refuse(http.StatusUnauthorized, "Bad credentials")
	case i < 0:
		return notFound()
	}
	base := baseURL(c.r)
	at, tag, published := base+"/repos/actions/runner/releases", "v"+s.releases[i].version, s.releases[i].published.UTC().Format(time.RFC3339)
	return reply(http.StatusOK, map[string]any{
		"id": 1 + i, "node_id": "x", "tag_name": tag, "name": tag, "target_commitish": "main", "draft": false, "prerelease": false,
		"url": at + "/1", "html_url": at + "/tag/" + tag, "assets_url": at + "/1/assets", "upload_url": at + "/1/assets{?name,label}",
		"tarball_url": at + "/tarball/" + tag, "zipball_url": at + "/zipball/" + tag, "assets": []any{},
		"created_at": published, "published_at": published, "author": accountJSON(base, newScope("users/actions"), "User"),
	})
}

// rateLimit answers GET /rate_limit, which costs nothing and takes no credential.
func (s *Server) rateLimit(*call) answer {
	core := map[string]any{
		"limit": 5000, "used": min(5000, s.requests), "remaining": max(0, 5000-s.requests),
		"reset": s.options.Now().Truncate(time.Hour).Add(time.Hour).Unix(),
	}
	return reply(http.StatusOK, map[string]any{"resources": map[string]any{"core": core, "search": core}, "rate": core})
}
