package github_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/runner-init/runner-init/internal/sim/github"
)

func TestSessionConflict(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHub(t, github.Options{})
		a := h.jit(repo, "one").open()
		again := func() int { return a.as(a.bearer, "POST", a.base+"session", "{}").status }
		if got := again(); got != 409 {
			t.Errorf("second session: %d, want 409", got)
		}
		time.Sleep(4 * time.Minute) // nobody polled
		if got := again(); got != 200 {
			t.Errorf("after four minutes: %d, want 200", got)
		}
		if r, _ := a.poll(t.Context(), "Online"); r.status != 400 || !strings.Contains(r.body, "RunnerSessionInvalid") {
			t.Errorf("poll of the replaced session: %d %s", r.status, r.body)
		}
		if got := a.as(a.bearer, "DELETE", a.base+"session", nil).status; got != 200 {
			t.Errorf("close: %d", got)
		}
		if got := again(); got != 200 {
			t.Errorf("after the close: %d, want 200", got)
		}
	})
}

func TestRunnerFacingRefusals(t *testing.T) {
	h := newHub(t, github.Options{})
	a := h.jit(repo, "one").open()
	run := h.Queue(github.Job{Name: "build", Scope: repo})
	o := a.offered()
	for _, test := range []struct {
		name, bearer, method, path, body string
		status                           int
		says                             string
	}{
		{"foreign token", "Bearer other", "POST", a.base + "session", "{}", 401, ""},
		{"runner nobody knows", a.bearer, "POST", "/broker/77/session", "{}", 404, `"RunnerNotFound"`},
		{"acknowledge of another job", a.bearer, "POST", a.base + "acknowledge", `{"runnerRequestId":"x"}`, 404, `"AcknowledgeJobNotFound"`},
		{"job nobody has", a.bearer, "POST", "/run/x/acquirejob", "{}", 404, `"actions-run-service"`},
		{"foreign token for a job", "Bearer other", "POST", o.Service + "acquirejob", "{}", 401, ""},
		{"acquire", a.bearer, "POST", o.Service + "acquirejob", "{}", 200, `"jobDisplayName":"build"`},
		{"acquire twice", a.bearer, "POST", o.Service + "acquirejob", "{}", 409, "actions-run-service"},
		{"log", a.bearer, "POST", o.Service + "log", "hello\n", 204, ""},
		{"complete with nonsense", a.bearer, "POST", o.Service + "completejob", `{"conclusion":"meh"}`, 422, "meh"},
	} {
		r := h.as(test.bearer, test.method, test.path, test.body)
		if r.status != test.status || !strings.Contains(r.body, test.says) {
			t.Errorf("%s: %d %s, want %d with %s", test.name, r.status, r.body, test.status, test.says)
		}
	}
	if run.Log() != "hello\n" || run.State() != github.Running {
		t.Errorf("log %q, job %s", run.Log(), run.State())
	}
}

// keyed is a runner registered with a key of its own, as configure does it.
type keyed struct {
	*hub
	key      *rsa.PrivateKey
	token    string
	clientID string
	exchange string // path of the token endpoint
}

func newKeyed(t *testing.T, h *hub) *keyed {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return &keyed{hub: h, key: key, token: h.RegistrationToken(repo)}
}

func (k *keyed) register(name, more string) response {
	k.t.Helper()
	public := fmt.Sprintf("<RSAKeyValue><Modulus>%s</Modulus><Exponent>%s</Exponent></RSAKeyValue>",
		base64.StdEncoding.EncodeToString(k.key.N.Bytes()),
		base64.StdEncoding.EncodeToString(big.NewInt(int64(k.key.E)).Bytes()))
	body := fmt.Sprintf(`{"url":"http://github.test/acme/widgets","group_id":1,"name":%q,"version":"2.336.0","ephemeral":true,
		"labels":[{"name":"a","type":"User"}],"public_key":%q%s}`, name, public, more)
	r := k.as("RemoteAuth "+k.token, "POST", "/api/v3/actions/runners/register", body)
	var made struct {
		Authorization struct {
			URL      string `json:"authorization_url"`
			ClientID string `json:"client_id"`
		}
	}
	if r.status == 200 {
		r.into(k.t, &made)
		k.clientID = made.Authorization.ClientID
		k.exchange = strings.TrimPrefix(made.Authorization.URL, "http://github.test")
	}
	return r
}

// assert asks for an access token with an assertion signed so.
func (k *keyed) assert(algorithm string, expires time.Duration, key *rsa.PrivateKey) response {
	k.t.Helper()
	part := func(v any) string {
		text, err := json.Marshal(v)
		if err != nil {
			k.t.Fatal(err)
		}
		return base64.RawURLEncoding.EncodeToString(text)
	}
	signed := part(map[string]string{"alg": algorithm}) + "." +
		part(map[string]any{"sub": k.clientID, "exp": time.Now().Add(expires).Unix()})
	sum := sha256.Sum256([]byte(signed))
	signature, err := rsa.SignPSS(rand.Reader, key, crypto.SHA256, sum[:], nil)
	if algorithm == "RS256" {
		signature, err = rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
	}
	if err != nil {
		k.t.Fatal(err)
	}
	form := url.Values{"client_assertion": {signed + "." + base64.RawURLEncoding.EncodeToString(signature)}}
	return k.as("", "POST", k.exchange, form.Encode())
}

func TestRegisterAndExchange(t *testing.T) {
	h := newHub(t, github.Options{})
	k := newKeyed(t, h)
	if r := k.register("one", ""); r.status != 200 {
		t.Fatalf("register: %d %s", r.status, r.body)
	}
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name, algorithm string
		expires         time.Duration
		key             *rsa.PrivateKey
		status          int
		says            string
	}{
		{"PS256", "PS256", 5 * time.Minute, k.key, 200, "access_token"},
		{"RS256", "RS256", 5 * time.Minute, k.key, 200, "access_token"},
		{"other key", "PS256", 5 * time.Minute, other, 400, "does not verify"},
		{"expired", "PS256", -time.Minute, k.key, 400, "expired"},
		{"clock ahead", "PS256", time.Hour, k.key, 400, "expired"},
	} {
		if r := k.assert(test.algorithm, test.expires, test.key); r.status != test.status || !strings.Contains(r.body, test.says) {
			t.Errorf("%s: %d %s, want %d with %s", test.name, r.status, r.body, test.status, test.says)
		}
	}
	if r := k.register("ONE", ""); r.status != 409 {
		t.Errorf("same name: %d", r.status)
	}
	if r := k.register("one", `,"replace":true,"runner_id":1`); r.status != 200 || h.Runners()[0].ID != 1 || len(h.Runners()) != 1 {
		t.Errorf("replace: %d %s, %+v", r.status, r.body, h.Runners())
	}
	path := "/repos/acme/widgets/actions/runners/1"
	if r := k.as("RemoteAuth wrong", "DELETE", path, nil); r.status != 404 {
		t.Errorf("delete with a wrong token: %d", r.status)
	}
	if r := k.as("RemoteAuth "+k.token, "DELETE", path, nil); r.status != 204 {
		t.Errorf("delete: %d %s", r.status, r.body)
	}
	if r := k.assert("PS256", 5*time.Minute, k.key); r.status != 400 || !strings.Contains(r.body, "invalid_client") {
		t.Errorf("exchange of a deleted runner: %d %s", r.status, r.body)
	}
}
