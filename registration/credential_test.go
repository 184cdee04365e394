package registration

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
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
