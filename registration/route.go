package registration

import (
	"net/http"
	"strings"
)

// note tells who wants to know of an attempt.
func (c *Client) note(req *http.Request, status int) {
	c.answered(req.Method, c.route(req.URL.Path), status)
}

// route is a path of the API as GitHub's documentation has it: with placeholders in place of names and numbers.
func (c *Client) route(path string) string {
	path = "/" + strings.TrimPrefix(path, c.base.Path)
	if below, ours := strings.CutPrefix(path, "/"+c.scope.Path()); ours {
		path = c.scope.template() + below
	}
	elements := strings.Split(path, "/")
	for i, e := range elements {
		if e != "" && strings.Trim(e, "0123456789") == "" {
			elements[i] = "{id}"
		}
	}
	return strings.Join(elements, "/")
}

func (s Scope) template() string {
	switch s.Kind {
	case Repository:
		return "/repos/{owner}/{repo}"
	case Organization:
		return "/orgs/{org}"
	default:
		return "/enterprises/{enterprise}"
	}
}
