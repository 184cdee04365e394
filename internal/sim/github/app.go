package github

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// App is a GitHub App as its owner registered it. The public half of its key is all that GitHub keeps.
type App struct {
	ID       int64
	ClientID string
	Name     string
	Key      *rsa.PublicKey
}

// Installation is an App at an account.
type Installation struct {
	ID          int64
	Account     string   // "orgs/acme", "users/me" or "enterprises/corp"
	Permissions []string // "administration:write", "organization_self_hosted_runners:write"
	Repos       []string // names of the repositories that it includes; nil is all
	Suspended   bool

	app *App
}

// AddApp makes GitHub know an App.
func (s *Server) AddApp(a App) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.apps = append(s.apps, &a)
}

// Install installs the last App that was added, and returns the installation's id.
func (s *Server) Install(i Installation) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	i.app = s.apps[len(s.apps)-1]
	if i.ID == 0 {
		i.ID = int64(1000 + len(s.installations))
	}
	s.installations = append(s.installations, &i)
	return i.ID
}

// RevokeInstallationTokens makes GitHub answer 401 to every installation token that it has handed out.
func (s *Server) RevokeInstallationTokens() {
	s.mu.Lock()
	defer s.mu.Unlock()
	maps.DeleteFunc(s.pats, func(_ string, c *Credential) bool { return c.kind == kindInstallation })
}

const (
	kindApp          = "app" // a JWT, in the journal
	kindInstallation = "installation"
	// installationLife is how long GitHub's installation tokens live.
	installationLife = time.Hour
)

// appOf finds the App that signed the JWT of a request; ok is false when a is the refusal. The caller holds mu.
// https://docs.github.com/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-json-web-token-jwt-for-a-github-app
func (s *Server) appOf(c *call) (app *App, a answer, ok bool) {
	scheme, token := c.authorization()
	parts := strings.Split(token, ".")
	if scheme != "bearer" || len(parts) != 3 {
		return nil, refuse(http.StatusUnauthorized, "A JSON web token could not be decoded"), false
	}
	var claims struct {
		Issuer  string `json:"iss"`
		Issued  int64  `json:"iat"`
		Expires int64  `json:"exp"`
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil || json.Unmarshal(payload, &claims) != nil {
		return nil, refuse(http.StatusUnauthorized, "A JSON web token could not be decoded"), false
	}
	i := slices.IndexFunc(s.apps, func(a *App) bool {
		return claims.Issuer == strconv.FormatInt(a.ID, 10) || a.ClientID != "" && claims.Issuer == a.ClientID
	})
	if i < 0 {
		return nil, refuse(http.StatusNotFound, "Integration not found"), false
	}
	app = s.apps[i]
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	digest := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	now := s.options.Now().Unix()
	switch {
	case err != nil || rsa.VerifyPKCS1v15(app.Key, crypto.SHA256, digest[:], signature) != nil:
		return nil, refuse(http.StatusUnauthorized, "A JSON web token could not be decoded"), false
	case claims.Issued > now:
		return nil, refuse(http.StatusUnauthorized, "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued"), false
	case claims.Expires > now+600:
		return nil, refuse(http.StatusUnauthorized, "'Expiration time' claim ('exp') is too far in the future"), false
	case claims.Expires <= now:
		return nil, refuse(http.StatusUnauthorized, "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires"), false
	}
	c.entry.Credential = kindApp + " " + app.Name
	return app, answer{}, true
}

// findInstallation answers GET {account}/installation. For a repository it is that of the owner, if it includes it.
func (s *Server) findInstallation(c *call) answer {
	app, refusal, ok := s.appOf(c)
	if !ok {
		return refusal
	}
	sc := scopeOfPath(c.r)
	for _, i := range s.installations {
		if i.app == app && i.includes(sc) {
			return reply(http.StatusOK, i.json(baseURL(c.r)))
		}
	}
	return notFound()
}

func (i *Installation) includes(sc scope) bool {
	account := newScope(i.Account)
	if sc.kind() != "repos" {
		return account == sc
	}
	_, repo, _ := strings.Cut(strings.TrimPrefix(string(sc), "repos/"), "/")
	return account.kind() != "enterprises" && account.owner() == sc.owner() && i.has(repo)
}

func (i *Installation) has(repo string) bool {
	return i.Repos == nil || slices.ContainsFunc(i.Repos, func(r string) bool { return strings.EqualFold(r, repo) })
}

// listInstallations answers GET /app/installations.
func (s *Server) listInstallations(c *call) answer {
	app, refusal, ok := s.appOf(c)
	if !ok {
		return refusal
	}
	var own []*Installation
	for _, i := range s.installations {
		if i.app == app {
			own = append(own, i)
		}
	}
	from, to := c.page(len(own))
	listed := []any{}
	for _, i := range own[from:to] {
		listed = append(listed, i.json(baseURL(c.r)))
	}
	return c.paged(reply(http.StatusOK, listed), to, len(own))
}

// mintInstallationToken answers POST /app/installations/{installation_id}/access_tokens. What is asked for narrows the
// token; what was never granted cannot be asked for.
func (s *Server) mintInstallationToken(c *call) answer {
	app, refusal, ok := s.appOf(c)
	if !ok {
		return refusal
	}
	var ask struct {
		Repositories []string          `json:"repositories"`
		Permissions  map[string]string `json:"permissions"`
	}
	if err := c.decode(&ask); err != nil {
		return refuse(http.StatusBadRequest, "Problems parsing JSON")
	}
	id, _ := strconv.ParseInt(c.r.PathValue("installation_id"), 10, 64)
	at := slices.IndexFunc(s.installations, func(i *Installation) bool { return i.app == app && i.ID == id })
	if at < 0 {
		return notFound()
	}
	i := s.installations[at]
	if i.Suspended {
		return refuse(http.StatusForbidden, "This installation has been suspended")
	}
	if slices.ContainsFunc(ask.Repositories, func(r string) bool { return !i.has(r) }) {
		return refuse(http.StatusUnprocessableEntity, "There is at least one repository that does not exist or is not accessible to the parent installation.")
	}
	grants := i.Permissions
	if ask.Permissions != nil {
		grants = nil
		for name, level := range ask.Permissions {
			if !(&Credential{kind: kindInstallation, grants: i.Permissions}).allows(need{permission: name}, level == "write") {
				return refuse(http.StatusUnprocessableEntity, "The permissions requested are not granted to this installation.")
			}
			grants = append(grants, name+":"+level)
		}
	}
	return s.handOut(i, grants, ask.Repositories)
}

// handOut makes an installation token. The caller holds mu.
func (s *Server) handOut(i *Installation, grants, repos []string) answer {
	token, expires := s.secret("installation"), s.options.Now().Add(installationLife)
	slices.Sort(grants)
	s.pats[token] = &Credential{
		kind: kindInstallation, grants: grants, name: i.app.Name, token: token, expires: expires, installed: i, repos: repos,
	}
	return reply(http.StatusCreated, map[string]any{
		"token": token, "expires_at": expires.UTC().Format(time.RFC3339), "permissions": permissions(grants),
		"repository_selection": i.selection(),
	})
}

func (i *Installation) selection() string {
	if i.Repos == nil {
		return "all"
	}
	return "selected"
}

func permissions(grants []string) map[string]string {
	shown := map[string]string{}
	for _, g := range grants {
		name, level, _ := strings.Cut(g, ":")
		shown[name] = level
	}
	return shown
}

func (i *Installation) json(base string) map[string]any {
	self := fmt.Sprintf("%s/app/installations/%d", base, i.ID)
	kind := map[string]string{"orgs": "Organization", "users": "User", "enterprises": "Enterprise"}[newScope(i.Account).kind()]
	return map[string]any{
		"id": i.ID, "app_id": i.app.ID, "app_slug": i.app.Name, "target_id": i.ID, "target_type": kind,
		"single_file_name": nil, "repository_selection": i.selection(), "access_tokens_url": self + "/access_tokens",
		"html_url": self, "repositories_url": base + "/installation/repositories", "events": []string{},
		"account": accountJSON(base, newScope(i.Account), kind), "permissions": permissions(i.Permissions),
		"created_at": "2020-01-01T00:00:00Z", "updated_at": "2020-01-01T00:00:00Z", "suspended_by": nil, "suspended_at": nil,
	}
}

// accountJSON is an account as far as its description wants it; an enterprise has a slug in place of a login.
func accountJSON(base string, account scope, kind string) map[string]any {
	at := base + "/" + string(account)
	if kind == "Enterprise" {
		return map[string]any{
			"id": 1, "node_id": "x", "name": account.owner(), "slug": account.owner(), "html_url": at,
			"created_at": nil, "updated_at": nil, "avatar_url": at,
		}
	}
	shown := map[string]any{"login": account.owner(), "id": 1, "node_id": "x", "gravatar_id": "", "type": kind, "site_admin": false}
	for _, link := range []string{
		"avatar_url", "url", "html_url", "followers_url", "following_url", "gists_url", "starred_url", "subscriptions_url",
		"organizations_url", "repos_url", "events_url", "received_events_url",
	} {
		shown[link] = at
	}
	return shown
}
