package registration

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// hint says what the user can do about a failed call. An answer's headers name what the token has and what the
// endpoint wants; where they do not, GitHub's documentation of the endpoints does.
func (c *Client) hint(w words, e *Error, resp *http.Response) string {
	switch e.Reason {
	case Unauthorized:
		return w.unauthorized
	case Forbidden:
		return c.missing(w, resp)
	case NotFound:
		return fmt.Sprintf("%s does not exist, or %s cannot see it: check the spelling; %s", c.scope, w.who, c.missing(w, resp))
	case Conflict:
		return "another runner has this name; choose a different one, or remove that runner"
	case Moved:
		return fmt.Sprintf("GitHub points to %q; give that address, or the repository's new name", resp.Header.Get("Location"))
	case Throttled:
		return "too many API requests for " + w.who + " or this address; start fewer runners at a time" + w.throttled
	case Unreachable:
		return c.unreachable(e)
	}
	return ""
}

// words are what differs between the kinds of credential in what there is to do.
type words struct {
	who          string // the token
	unauthorized string
	throttled    string
	app          bool
}

var (
	tokenWords = words{
		who: "the token", unauthorized: "the token is mistyped, expired or revoked; make a new one",
		throttled: ", or use a GitHub App, which has a limit of its own",
	}
	appWords = words{
		who: "the GitHub App", app: true,
		unauthorized: "check the App's ID, and that the private key is one of this App's and was not deleted there",
	}
)

// missing says which scope or permission to give the credential.
func (c *Client) missing(w words, resp *http.Response) string {
	if w.app {
		return c.missingInApp()
	}
	if at, ok := strings.CutPrefix(resp.Header.Get("X-GitHub-SSO"), "required; url="); ok {
		return "authorize the token for the organization's single sign-on: " + at
	}
	if has, classic := resp.Header["X-Oauth-Scopes"]; classic {
		return c.missingScope(list(has), list(resp.Header["X-Accepted-Oauth-Scopes"]))
	}
	if accepted := resp.Header.Get("X-Accepted-GitHub-Permissions"); accepted != "" {
		return "give the token " + permissions(accepted)
	}
	return wants(c.scope.Kind)
}

func (c *Client) missingInApp() string {
	if c.scope.Kind == Enterprise {
		return "GitHub lets no App manage the runners of an enterprise: use a classic token with the scope manage_runners:enterprise, or register at an organization"
	}
	return fmt.Sprintf("install the App at %s, and give it the %s", c.scope.Owner, permissionOf(c.scope.Kind))
}

// permissionOf is the permission that an App or a fine-grained token needs, in the words of GitHub's settings pages.
func permissionOf(k Kind) string {
	if k == Repository {
		return `repository permission "Administration: write"`
	}
	return `organization permission "Self-hosted runners: write"`
}

// missingScope explains a classic token: its answers carry the scopes it has and those of which the endpoint wants one.
// https://docs.github.com/apps/oauth-apps/building-oauth-apps/scopes-for-oauth-apps
func (c *Client) missingScope(has, accepted []string) string {
	if len(accepted) == 0 {
		accepted = []string{classicScope(c.scope.Kind)}
	}
	for _, scope := range has {
		if slices.Contains(accepted, scope) {
			return fmt.Sprintf("the token has the scope %s; its user must be an admin of %s, and the token authorized for single sign-on if that is in use", scope, c.scope)
		}
	}
	now := "has no scopes"
	if len(has) > 0 {
		now = "has only the scopes " + strings.Join(has, ", ")
	}
	return fmt.Sprintf("the token %s; give it the scope %s", now, strings.Join(accepted, " or "))
}

// permissions puts the header X-Accepted-GitHub-Permissions into the words of GitHub's settings pages: alternatives are
// separated by semicolons, permissions wanted together by commas, as in "administration=write,metadata=read". A question
// takes less than a registration: who is told to let us read would next be told to let us write.
func permissions(accepted string) string {
	var ways []string
	for way := range strings.SplitSeq(accepted, ";") {
		var all []string
		for one := range strings.SplitSeq(way, ",") {
			name, level, _ := strings.Cut(strings.TrimSpace(one), "=")
			if name == "administration" || name == "organization_self_hosted_runners" {
				level = "write"
			}
			all = append(all, fmt.Sprintf("%q", permissionName(name)+": "+level))
		}
		ways = append(ways, strings.Join(all, " and "))
	}
	return "the permission " + strings.Join(ways, ", or ")
}

func permissionName(name string) string {
	switch name {
	case "administration":
		return "Administration"
	case "organization_self_hosted_runners":
		return "Self-hosted runners"
	}
	return name
}

func classicScope(k Kind) string {
	switch k {
	case Repository:
		return "repo"
	case Organization:
		return "admin:org"
	default:
		return "manage_runners:enterprise"
	}
}

// wants is what the self-hosted runner endpoints want by their documentation.
func wants(k Kind) string {
	switch k {
	case Repository:
		return "a classic token needs the scope repo, a fine-grained one the " + permissionOf(k)
	case Organization:
		return "a classic token needs the scope admin:org, a fine-grained one the " + permissionOf(k)
	default:
		return "an enterprise needs a classic token with the scope manage_runners:enterprise; a fine-grained one cannot have it"
	}
}

// list splits a header of comma separated words.
func list(values []string) []string {
	words := strings.FieldsFunc(strings.Join(values, ","), func(r rune) bool { return r == ',' || r == ' ' })
	return slices.Compact(words)
}
