package github

import (
	"net/http"
	"time"
)

// Release makes a version, "2.336.0", the newest release of the official runner.
func (s *Server) Release(version string, published time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.version, s.published = version, published
}

// latestRelease answers GET /repos/actions/runner/releases/latest to everybody, but to a token that nobody knows.
func (s *Server) latestRelease(c *call) answer {
	scheme, token := c.authorization()
	switch {
	case scheme != "none" && s.pats[token] == nil:
		return refuse(http.StatusUnauthorized, "Bad credentials")
	case s.version == "":
		return notFound()
	}
	base := baseURL(c.r)
	at, tag, published := base+"/repos/actions/runner/releases", "v"+s.version, s.published.UTC().Format(time.RFC3339)
	return reply(http.StatusOK, map[string]any{
		"id": 1, "node_id": "x", "tag_name": tag, "name": tag, "target_commitish": "main", "draft": false, "prerelease": false,
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
