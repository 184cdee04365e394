package registration

import (
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/runner-init/runner-init/internal/sim/github"
)

// A server with a certificate of an authority of its own is trusted if that authority is, and never otherwise.
func TestCA(t *testing.T) {
	server := github.New(github.Options{})
	server.AddPAT(canary, github.Classic("admin:org"))
	at := httptest.NewTLSServer(server)
	defer at.Close()
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: at.Certificate().Raw})
	for name, c := range map[string]struct {
		ca   []byte
		says string
	}{
		"trusted": {ca, ""}, "not trusted": {nil, "the certificate of 127.0.0.1"},
	} {
		client := newClient(t, nil, func(o *Options) { o.API, o.CA = at.URL, c.ca })
		_, err := client.RegistrationToken(t.Context())
		switch {
		case c.says == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case c.says != "" && !strings.Contains(failure(t, err).Hint, c.says):
			t.Errorf("%s: got %v, hint %q", name, err, failure(t, err).Hint)
		}
	}
	pat, _ := NewPAT(canary)
	if _, err := New(Options{API: at.URL, Scope: acme, Credential: pat, CA: []byte("no certificate")}); err == nil {
		t.Error("no certificate is taken for one")
	}
}

// A redirect to another host gets no credential, whichever kind it is, and is not followed.
func TestRedirectsGetNoCredential(t *testing.T) {
	var got []string
	thief := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		got = append(got, r.Header.Get("Authorization"))
	}))
	defer thief.Close()
	server := github.New(github.Options{})
	bot(server)
	server.Install(atAcme)
	at := httptest.NewServer(server)
	defer at.Close()
	for route, status := range map[string]int{"/orgs/{org}/installation": 302, mintRoute: 307, "/…/actions/runners/registration-token": 308} {
		server.ClearFaults()
		server.Fault(github.Fault{Route: route, Status: status, Header: http.Header{"Location": {thief.URL + "/x"}}})
		app, err := NewApp(AppSettings{ID: "77", Key: appPEM()})
		if err != nil {
			t.Fatal(err)
		}
		client := newClient(t, nil, func(o *Options) { o.API, o.Credential = at.URL, app })
		_, err = client.RegistrationToken(t.Context())
		if e := failure(t, err); e.Reason != Moved || len(got) != 0 {
			t.Errorf("%s: got %v, and the other host %q", route, err, got)
		}
	}
}
