package registration

import (
	"bytes"
	"cmp"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/runner-init/runner-init/internal/sim/github"
)

func TestNewPAT(t *testing.T) {
	for _, given := range []string{canary, canary + "\n", "  " + canary + "\r\n"} {
		pat, err := NewPAT(given)
		if err != nil {
			t.Errorf("%q: %v", given, err)
			continue
		}
		if got, err := authorization(t, pat); got != "Bearer "+canary || err != nil {
			t.Errorf("%q: got header %q, %v", given, got, err)
		}
	}
	for _, given := range []string{"", " \n", canary + "\n" + canary, canary + "\x00", "tokén-" + canary} {
		_, err := NewPAT(given)
		if err == nil {
			t.Errorf("%q is accepted", given)
		} else if strings.Contains(err.Error(), canary) {
			t.Errorf("the error shows the token: %v", err)
		}
	}
	if _, err := authorization(t, PAT{}); err == nil {
		t.Error("the zero PAT authorizes")
	}
}

// authorization is the header that a credential puts on a request.
func authorization(t *testing.T, c authorizer) (header string, err error) {
	note := func(req *http.Request) (*http.Response, error) {
		header = req.Header.Get("Authorization")
		return answer(200, "")(req)
	}
	next, err := c.authorize(t.Context(), &script{steps: []step{note}})
	if err == nil {
		_, err = next.RoundTrip(httptest.NewRequest(http.MethodGet, "https://api.test/", nil))
	}
	return header, err
}

func TestPATPrintsRedacted(t *testing.T) {
	pat, err := NewPAT(canary)
	if err != nil {
		t.Fatal(err)
	}
	hidden := struct{ inside Credential }{pat} // fmt may not call methods on this one
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		for _, v := range []any{pat, &pat, hidden, &hidden, []PAT{pat}, map[string]Credential{"a": pat}} {
			fmt.Fprintf(&out, verb+"\n", v)
		}
	}
	log := slog.New(slog.NewJSONHandler(&out, nil))
	log.Info("m", "pat", pat, "inside", hidden)
	slog.New(slog.NewTextHandler(&out, nil)).Info("m", "pat", pat, "inside", hidden)
	if err := json.NewEncoder(&out).Encode([]any{pat, hidden}); err != nil {
		t.Fatal(err)
	}
	shown := out.String()
	if strings.Contains(shown, canary) || strings.Contains(shown, fmt.Sprintf("%x", canary)) {
		t.Errorf("the token shows in %s", shown)
	}
	if got := fmt.Sprintf("%v %s %#v %d", pat, pat, pat, pat); got != "[redacted] [redacted] [redacted] [redacted]" {
		t.Errorf("got %s", got)
	}
}

// What dumps values by reflection, as debuggers and some loggers do, finds no credential either, nor a token made with one.
func TestCredentialIsOutOfReach(t *testing.T) {
	pat, err := NewPAT(canary)
	if err != nil {
		t.Fatal(err)
	}
	app, err := NewApp(AppSettings{ID: "77", Key: appPEM()})
	if err != nil {
		t.Fatal(err)
	}
	server := github.New(github.Options{})
	bot(server)
	server.Install(atAcme)
	var minted []string
	client := appClient(t, github.RoundTripper(server), acme)
	client.minted = func(token string) { minted = append(minted, token) }
	if err := client.Ready(t.Context()); err != nil || len(minted) == 0 {
		t.Fatal(err, minted)
	}
	for name, v := range map[string]any{
		"PAT": pat, "bound PAT": pat.bind(nil), "sender": bearer{nil, pat.token}, "App": app, "installed App": client.authorizer,
	} {
		seen := map[uintptr]bool{}
		if found := dumped(reflect.ValueOf(v), seen, append(minted, canary)); found != "" {
			t.Errorf("%s: a dump shows %s", name, found)
		}
		printed := fmt.Sprintf("%+v %#v", v, v)
		for _, secret := range append(minted, canary) {
			if strings.Contains(printed, secret) {
				t.Errorf("%s: it prints as %s", name, printed)
			}
		}
	}
}

// dumped says what of the secrets, or of a private key, reflection comes to from a value; not by way of a client, which has
// the simulated GitHub behind it.
func dumped(v reflect.Value, seen map[uintptr]bool, secrets []string) (found string) {
	switch v.Kind() {
	case reflect.Pointer:
		if v.Type() == reflect.TypeFor[*Client]() || seen[v.Pointer()] {
			return ""
		}
		seen[v.Pointer()] = true
		return dumped(v.Elem(), seen, secrets)
	case reflect.Interface:
		return dumped(v.Elem(), seen, secrets)
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[rsa.PrivateKey]() {
			return "a private key"
		}
		for _, field := range v.Fields() {
			found = cmp.Or(found, dumped(field, seen, secrets))
		}
	case reflect.String:
		if slices.ContainsFunc(secrets, func(s string) bool { return strings.Contains(v.String(), s) }) {
			return "a token"
		}
	}
	return found
}
