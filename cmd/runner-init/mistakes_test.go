package main

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/runner-init/runner-init/internal/doctor"
	"github.com/runner-init/runner-init/internal/need"
	"github.com/runner-init/runner-init/internal/sim/github"
)

// mistake is a permission that a user got wrong: what GitHub knows, what we are told, and what we say.
type mistake struct {
	arrange func(*hub)
	environ []string
	says    string
}

// testKeys are an App's and another's, in PEM.
var testKeys = sync.OnceValues(func() (keys [2]*rsa.PrivateKey, text [2]string) {
	for i := range keys {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			panic(err)
		}
		keys[i] = key
		text[i] = string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}))
	}
	return keys, text
})

func knows(c *github.Credential) func(*hub) { return func(h *hub) { h.AddPAT(testPAT, c) } }

func installed(i *github.Installation) func(*hub) {
	return func(h *hub) {
		keys, _ := testKeys()
		h.AddApp(github.App{ID: 77, Name: "bot", Key: &keys[0].PublicKey})
		if i != nil {
			h.Install(*i)
		}
	}
}

// Every mistake with a permission has a message of its own, which names what to change: the same one in the doctor's
// words and in a run's. Neither leaves a registration, and the doctor does not even ask for one.
func TestMistakes(t *testing.T) {
	_, keys := testKeys()
	grants := []string{"administration:write", "organization_self_hosted_runners:write"}
	pat := func(place string) []string { return []string{"GITHUB_TOKEN=" + testPAT, place} }
	app := func(place, id, key string) []string {
		return []string{"GITHUB_APP_ID=" + id, "GITHUB_APP_PRIVATE_KEY=" + key, place}
	}
	const acme, widgets, corp = "RUNNER_ORG=acme", "RUNNER_REPO=acme/widgets", "RUNNER_ENTERPRISE=corp"
	refused := func(header http.Header) func(*hub) {
		return func(h *hub) { h.Fault(github.Fault{Status: http.StatusForbidden, Header: header}) }
	}
	said := map[string]string{}
	var mu sync.Mutex
	for name, c := range map[string]mistake{
		"an unknown token":               {func(h *hub) { h.RevokePAT(testPAT) }, pat(acme), "the token is mistyped, expired or revoked; make a new one"},
		"a classic token's wrong scope":  {knows(github.Classic("repo")), pat(acme), "the token has only the scopes repo; give it the scope admin:org"},
		"a classic token without scopes": {knows(github.Classic()), pat(widgets), "the token has no scopes; give it the scope repo"},
		"a classic token, enterprise":    {knows(github.Classic("admin:org")), pat(corp), "has only the scopes admin:org; give it the scope manage_runners:enterprise"},
		"who is no admin": {refused(http.Header{"X-Oauth-Scopes": {"repo"}, "X-Accepted-Oauth-Scopes": {"repo"}}), pat(widgets),
			`its user must be an admin of repository "acme/widgets"`},
		"single sign-on": {refused(http.Header{"X-Oauth-Scopes": {"admin:org"}, "X-Github-Sso": {"required; url=https://github.test/sso"}}), pat(acme),
			"authorize the token for the organization's single sign-on: https://github.test/sso"},
		"fine-grained, which reads":        {knows(github.FineGrained("organization_self_hosted_runners:read")), pat(acme), `give the token the permission "Self-hosted runners: write"`},
		"fine-grained, for something else": {knows(github.FineGrained("organization_self_hosted_runners:write")), pat(widgets), `give the token the permission "Administration: write"`},
		"fine-grained, enterprise":         {knows(github.FineGrained("administration:write")), pat(corp), "an enterprise needs a classic token with the scope manage_runners:enterprise; a fine-grained one cannot have it"},
		"the wrong organization":           {knows(github.Classic("admin:org").Only("orgs/other")), pat(acme), `organization "acme" does not exist, or the token cannot see it: check the spelling`},
		"a repository out of sight":        {knows(github.FineGrained("administration:write").Only("repos/acme/gadgets")), pat(widgets), `repository "acme/widgets" does not exist, or the token cannot see it: check the spelling`},
		"an enterprise out of sight":       {knows(github.FineGrained("administration:write").Only("orgs/acme")), pat(corp), `enterprise "corp" does not exist, or the token cannot see it: check the spelling; an enterprise needs a classic token`},
		"an App installed nowhere":         {installed(nil), app(acme, "77", keys[0]), "install the App at acme; it is installed nowhere"},
		"an App installed elsewhere":       {installed(&github.Installation{Account: "orgs/other", Permissions: grants}), app(acme, "77", keys[0]), "install the App at acme, or check the spelling; it is installed at other"},
		"an App that only reads":           {installed(&github.Installation{Account: "orgs/acme", Permissions: []string{"organization_self_hosted_runners:read"}}), app(acme, "77", keys[0]), `give the App the organization permission "Self-hosted runners: write", and let the owner of organization "acme" accept`},
		"an App without the permission":    {installed(&github.Installation{Account: "orgs/acme", Permissions: grants[1:]}), app(widgets, "77", keys[0]), `give the App the repository permission "Administration: write", and let the owner of repository "acme/widgets" accept`},
		"an App without the repository":    {installed(&github.Installation{Account: "orgs/acme", Permissions: grants, Repos: []string{"gadgets"}}), app(widgets, "77", keys[0]), `have the App's installation at acme include the repository "widgets"`},
		"an App that is suspended":         {installed(&github.Installation{Account: "orgs/acme", Permissions: grants, Suspended: true}), app(acme, "77", keys[0]), "the installation may be suspended"},
		"an App of another ID":             {installed(&github.Installation{Account: "orgs/acme", Permissions: grants}), app(acme, "78", keys[0]), `GitHub knows no App "78"`},
		"an App's key that is another's":   {installed(&github.Installation{Account: "orgs/acme", Permissions: grants}), app(acme, "77", keys[1]), "the private key is one of this App's"},
		"an App at an enterprise":          {installed(&github.Installation{Account: "enterprises/corp", Permissions: grants}), app(corp, "77", keys[0]), "GitHub lets no App manage the runners of an enterprise: use a classic token"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHub(t)
			c.arrange(h)
			examined, journal := h.doctor(t, c.environ, 77)
			for _, e := range journal {
				if exchanged := e.Matches("POST", "/access_tokens") || e.Matches("POST", "/registration-token"); e.Method != "GET" && !exchanged {
					t.Errorf("the doctor asked for %s %s", e.Method, e.Route)
				}
			}
			ran := h.run(t, c.environ, 77)
			if !strings.Contains(examined, c.says) || !strings.Contains(ran, c.says) {
				t.Errorf("the doctor says: %s\na run says: %s", examined, ran)
			}
			if examined != ran {
				t.Errorf("not the same\nthe doctor says: %s\na run says: %s", examined, ran)
			}
			mu.Lock()
			defer mu.Unlock()
			if other := said[examined]; other != "" {
				t.Errorf("%q has the same hint: %s", other, examined)
			}
			said[examined] = name
			h.expectEmpty(t)
		})
	}
}

// program runs runner-init to its end and returns what it printed.
func (h *hub) program(t *testing.T, environ []string, want int, args ...string) (stdout, stderr string) {
	t.Helper()
	root := newRoot(t)
	cmd := exec.CommandContext(t.Context(), need.Program(t, "cmd/runner-init"), args...)
	cmd.Dir = root
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "GITHUB_SERVER_URL=" + h.url, "GITHUB_API_URL=" + h.url, "RUNNER_LOG_FORMAT=json"}, environ...)
	var out, complaints strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &complaints
	if err := cmd.Run(); err != nil {
		if _, ended := errors.AsType[*exec.ExitError](err); !ended {
			t.Fatal(err)
		}
	}
	if got := cmd.ProcessState.ExitCode(); got != want {
		t.Errorf("%q: exit code %d, want %d\n%s%s", args, got, want, out.String(), complaints.String())
	}
	if strings.Contains(out.String()+complaints.String(), testPAT) {
		t.Error("the token was shown")
	}
	return out.String(), complaints.String()
}

// doctor examines, and returns the hint of the first failure and what GitHub was asked.
func (h *hub) doctor(t *testing.T, environ []string, want int) (hint string, asked []github.Entry) {
	t.Helper()
	before := len(h.Journal())
	out, _ := h.program(t, environ, want, "doctor", "--output", "json")
	var told struct{ Checks []doctor.Finding }
	if err := json.Unmarshal([]byte(out), &told); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, f := range told.Checks {
		if f.Status == doctor.Fail {
			return f.Hint, h.Journal()[before:]
		}
	}
	return "", h.Journal()[before:]
}

// run runs, and returns the first hint in the log.
func (h *hub) run(t *testing.T, environ []string, want int) (hint string) {
	t.Helper()
	_, log := h.program(t, environ, want)
	for line := range strings.Lines(log) {
		var record struct{ Hint string }
		if json.Unmarshal([]byte(line), &record) == nil && record.Hint != "" {
			return record.Hint
		}
	}
	return ""
}
