package registration

import (
	"strings"
	"testing"

	"github.com/runner-init/runner-init/internal/sim/github"
)

// mistake is a permission that a user got wrong.
type mistake struct {
	scope  Scope
	pat    *github.Credential   // nil: an App
	at     *github.Installation // nil: installed nowhere
	change func(*AppSettings)
	reason Reason
	says   string // in the error or in its hint
}

// Every mistake with a permission has a message of its own, which names what to change.
func TestPermissionMistakes(t *testing.T) {
	weak := github.Installation{Account: "orgs/acme", Permissions: []string{"organization_self_hosted_runners:read"}}
	partial := github.Installation{Account: "orgs/acme", Permissions: atAcme.Permissions, Repos: []string{"gadgets"}}
	elsewhere := github.Installation{Account: "orgs/other", Permissions: atAcme.Permissions}
	suspended := github.Installation{Account: "orgs/acme", Permissions: atAcme.Permissions, Suspended: true}
	enterprise := github.Installation{Account: "enterprises/corp", Permissions: atAcme.Permissions}
	none := github.Classic().Only() // GitHub does not know it
	said := map[string]string{}
	for name, c := range map[string]mistake{
		"unknown token":                {acme, none, nil, nil, Unauthorized, "mistyped, expired or revoked; make a new one"},
		"classic, wrong scope":         {acme, github.Classic("repo"), nil, nil, Forbidden, "has only the scopes repo; give it the scope admin:org"},
		"classic, no scope":            {widgets, github.Classic(), nil, nil, Forbidden, "has no scopes; give it the scope repo"},
		"classic, enterprise":          {corp, github.Classic("admin:org"), nil, nil, Forbidden, "give it the scope manage_runners:enterprise"},
		"fine-grained, organization":   {acme, github.FineGrained("organization_self_hosted_runners:read"), nil, nil, Forbidden, `give the token the permission "Self-hosted runners: write"`},
		"fine-grained, repository":     {widgets, github.FineGrained("organization_self_hosted_runners:write"), nil, nil, Forbidden, `give the token the permission "Administration: write"`},
		"fine-grained, enterprise":     {corp, github.FineGrained("administration:write"), nil, nil, Forbidden, "an enterprise needs a classic token with the scope manage_runners:enterprise; a fine-grained one cannot"},
		"wrong organization":           {acme, github.Classic("admin:org").Only("orgs/other"), nil, nil, NotFound, `organization "acme" does not exist, or the token cannot see it`},
		"repository out of sight":      {widgets, github.FineGrained("administration:write").Only("repos/acme/gadgets"), nil, nil, NotFound, `repository "acme/widgets" does not exist, or the token cannot see it`},
		"App installed nowhere":        {acme, nil, nil, nil, NotFound, "install the App at acme; it is installed nowhere"},
		"App installed elsewhere":      {acme, nil, &elsewhere, nil, NotFound, "install the App at acme, or check the spelling; it is installed at other"},
		"App without the permission":   {acme, nil, &weak, nil, Forbidden, `give the App the organization permission "Self-hosted runners: write", and let the owner of organization "acme" accept`},
		"App without the repository":   {widgets, nil, &partial, func(s *AppSettings) { s.Installation = 1000 }, Forbidden, `the installation has to include the repository "widgets"`},
		"App, repository left out":     {widgets, nil, &partial, nil, Forbidden, `have the App's installation at acme include the repository "widgets"`},
		"App, no permission, repo":     {widgets, nil, &weak, nil, Forbidden, `give the App the repository permission "Administration: write", and let the owner of repository "acme/widgets" accept the change`},
		"App, wrong installation":      {acme, nil, &atAcme, func(s *AppSettings) { s.Installation = 4711 }, NotFound, `the App "77" has no installation 4711`},
		"App suspended":                {acme, nil, &suspended, nil, Forbidden, "suspended"},
		"App, wrong ID":                {acme, nil, &atAcme, func(s *AppSettings) { s.ID = "78" }, NotFound, `GitHub knows no App "78"`},
		"App, another App's key":       {acme, nil, &atAcme, func(s *AppSettings) { s.Key = otherKey() }, Unauthorized, "check the App's ID, and that the private key is one of this App's"},
		"App at an enterprise":         {corp, nil, &enterprise, nil, Forbidden, "GitHub lets no App manage the runners of an enterprise: use a classic token"},
		"App, installation of another": {acme, nil, &elsewhere, func(s *AppSettings) { s.Login = "other" }, NotFound, `organization "acme" does not exist, or the GitHub App cannot see it`},
	} {
		t.Run(name, func(t *testing.T) {
			server := github.New(github.Options{})
			bot(server)
			if c.at != nil {
				server.Install(*c.at)
			}
			if c.change == nil {
				c.change = func(*AppSettings) {}
			}
			client := appClient(t, github.RoundTripper(server), c.scope, c.change)
			if c.pat != nil {
				client = newClient(t, github.RoundTripper(server), func(o *Options) { o.Scope = c.scope })
			}
			if c.pat != nil && c.pat != none {
				server.AddPAT(canary, c.pat)
			}
			_, _, err := client.JIT(t.Context(), wanted)
			e := failure(t, err)
			if e.Reason != c.reason || !strings.Contains(err.Error()+" "+e.Hint, c.says) {
				t.Errorf("got reason %q: %v\nhint: %s", e.Reason, err, e.Hint)
			}
			if other := said[e.Hint]; other != "" {
				t.Errorf("%q has the same hint: %s", other, e.Hint)
			}
			said[e.Hint] = name
		})
	}
}
