package registration

import (
	"crypto/tls"
	"errors"
	"strings"
	"testing"
)

// An error says what was attempted, the status, GitHub's words and the request id; its hint names what is missing.
func TestErrorsAndHints(t *testing.T) {
	for _, c := range []struct {
		name         string
		scope        Scope
		answer       step
		reason       Reason
		text, hinted string
	}{
		{"bad token", acme, answer(401, `{"message":"Bad credentials"}`, "X-GitHub-Request-Id: AB12"), Unauthorized,
			`cannot create a registration token for organization "acme": GitHub answered 401 Unauthorized: Bad credentials (request id AB12)`, "expired"},
		{"classic without scope", acme, answer(403, `{"message":"Must have admin rights"}`, "X-OAuth-Scopes: repo, workflow", "X-Accepted-OAuth-Scopes: admin:org"), Forbidden,
			`GitHub answered 403 Forbidden: Must have admin rights`, "has only the scopes repo, workflow; give it the scope admin:org"},
		{"classic without any scope", widgets, answer(403, `{}`, "X-OAuth-Scopes: "), Forbidden,
			`for repository "acme/widgets": GitHub answered 403 Forbidden`, "has no scopes; give it the scope repo"},
		{"classic of a user who is no admin", widgets, answer(403, `{}`, "X-OAuth-Scopes: repo", "X-Accepted-OAuth-Scopes: repo"), Forbidden,
			`403`, `its user must be an admin of repository "acme/widgets"`},
		{"fine-grained without permission", acme,
			answer(403, `{"message":"Resource not accessible by personal access token"}`, "X-Accepted-GitHub-Permissions: organization_self_hosted_runners=write"), Forbidden,
			`Resource not accessible by personal access token`, `give the token the permission "Self-hosted runners: write"`},
		{"fine-grained, two ways", widgets, answer(403, `{}`, "X-Accepted-GitHub-Permissions: administration=write,metadata=read; other=write"), Forbidden,
			`403`, `the permission "Administration: write" and "metadata: read", or "other: write"`},
		{"single sign-on", acme, answer(403, `{}`, "X-GitHub-SSO: required; url=https://github.com/orgs/acme/sso?x=y"), Forbidden,
			`403`, "authorize the token for the organization's single sign-on: https://github.com/orgs/acme/sso?x=y"},
		{"forbidden without headers, repository", widgets, answer(403, `{}`), Forbidden, `403`, `"Administration: write"`},
		{"forbidden without headers, organization", acme, answer(403, `{}`), Forbidden, `403`, `"Self-hosted runners: write"`},
		{"forbidden without headers, enterprise", corp, answer(403, `{}`), Forbidden, `403`, "manage_runners:enterprise"},
		{"unknown organization", acme, answer(404, `{"message":"Not Found"}`), NotFound,
			`404 Not Found: Not Found`, `organization "acme" does not exist, or the token cannot see it`},
		{"name taken", acme, answer(409, `{"message":"Already exists"}`), Conflict, `409 Conflict: Already exists`, "another runner has this name"},
		{"validation", acme, answer(422, `{"message":"Invalid","errors":["too many\n labels",{"field":"name","code":"invalid"}]}`), Invalid,
			`422 Unprocessable Entity: Invalid: too many labels: name invalid`, ""},
		{"moved", acme, answer(301, ``, "Location: https://new.test/x"), Moved, `301 Moved Permanently`, `"https://new.test/x"`},
		{"page of a proxy", acme, answer(407, `<html>`), Unreachable, `the proxy answered 407 Proxy Authentication Required`, "the proxy wants to know who asks"},
		{"nonsense", acme, answer(201, `{"token":7}`), Invalid, `GitHub's answer makes no sense`, ""},
		{"no token", acme, answer(201, `{}`), Invalid, `GitHub's answer holds no token`, ""},
		{"certificate", acme, fails(&tls.CertificateVerificationError{Err: errors.New("unknown authority")}), Unreachable,
			`GitHub unreachable: tls: failed to verify certificate: unknown authority`, "certificate of api.test is not trusted here"},
	} {
		t.Run(c.name, func(t *testing.T) {
			github := &script{steps: []step{c.answer}}
			client := newClient(t, github, func(o *Options) { o.Scope = c.scope })
			_, err := client.RegistrationToken(t.Context())
			e := failure(t, err)
			if e.Reason != c.reason {
				t.Errorf("got reason %q, want %q", e.Reason, c.reason)
			}
			if !strings.Contains(err.Error(), c.text) {
				t.Errorf("got error %s\nwant in it %s", err, c.text)
			}
			if !strings.Contains(e.Hint, c.hinted) || c.hinted == "" && e.Hint != "" {
				t.Errorf("got hint %q\nwant in it %q", e.Hint, c.hinted)
			}
			if n := len(github.requests); n != 1 {
				t.Errorf("%d requests were sent, want 1: this is not worth another attempt", n)
			}
		})
	}
}

func TestLongMessageIsBounded(t *testing.T) {
	body := `{"message":"` + strings.Repeat("ö ", 5000) + `"}`
	_, err := newClient(t, &script{steps: []step{answer(422, body)}}).RegistrationToken(t.Context())
	if e := failure(t, err); len([]rune(e.Message)) > maxMessage+1 {
		t.Errorf("the message has %d characters", len([]rune(e.Message)))
	}
}

func TestCredentialThatFails(t *testing.T) {
	github := &script{steps: []step{token}}
	c := newClient(t, github, func(o *Options) { o.Credential = PAT{} })
	_, err := c.RegistrationToken(t.Context())
	if e := failure(t, err); e.Reason != Unauthorized || len(github.requests) != 0 {
		t.Errorf("got %v after %d requests, want unauthorized after none", err, len(github.requests))
	}
}
