package registration

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

// certified is a certificate that signs itself, and the same in PEM.
func certified(t *testing.T, from, to time.Time, names ...string) (tls.Certificate, []byte) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "for tests"}, NotBefore: from, NotAfter: to,
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	for _, name := range names {
		if ip := net.ParseIP(name); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, name)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

// Each reason for which a certificate is not trusted has a remedy of its own, and none is tried again.
func TestUntrusted(t *testing.T) {
	now := time.Now()
	day := 24 * time.Hour
	for name, c := range map[string]struct {
		from, to time.Time
		names    string
		known    bool
		says     string
	}{
		"trusted":    {now.Add(-day), now.Add(day), "127.0.0.1", true, ""},
		"unknown":    {now.Add(-day), now.Add(day), "127.0.0.1", false, "name its file in RUNNER_CA_FILE"},
		"expired":    {now.Add(-2 * day), now.Add(-day), "127.0.0.1", true, "ended at " + instant(now.Add(-day))},
		"not yet":    {now.Add(day), now.Add(2 * day), "127.0.0.1", true, "set the clock of the host"},
		"wrong host": {now.Add(-day), now.Add(day), "proxy.test 10.0.0.1", true, "has a certificate for proxy.test, 10.0.0.1: check the address"},
		"nobody's":   {now.Add(-day), now.Add(day), "", true, "has a certificate for nobody"},
	} {
		t.Run(name, func(t *testing.T) {
			cert, authority := certified(t, c.from, c.to, strings.Fields(c.names)...)
			at := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("{}")) }))
			at.TLS = &tls.Config{Certificates: []tls.Certificate{cert}}
			at.Config.ErrorLog = log.New(io.Discard, "", 0)
			at.StartTLS()
			defer at.Close()
			client := newClient(t, nil, func(o *Options) {
				if o.API = at.URL; c.known {
					o.CA = authority
				}
			})
			_, err := client.Reach(t.Context())
			if c.says == "" {
				checkReason(t, err, "")
				return
			}
			if e := failure(t, err); e.Reason != Unreachable || e.Attempts != 1 || !strings.Contains(e.Hint, c.says) {
				t.Errorf("got %v after %d attempts\nhint: %s", err, e.Attempts, e.Hint)
			}
		})
	}
}

// What keeps us from speaking TLS at all.
func TestNoTLS(t *testing.T) {
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		status := http.StatusForbidden
		if r.Host == "secret.test:443" {
			status = http.StatusProxyAuthRequired
		}
		w.WriteHeader(status)
	}))
	defer proxy.Close()
	through, err := url.Parse(proxy.URL)
	if err != nil {
		t.Fatal(err)
	}
	for api, says := range map[string]string{
		strings.Replace(plain.URL, "http:", "https:", 1): "speaks plain HTTP",
		"https://secret.test":                            "HTTPS_PROXY=http://USER:PASSWORD@HOST:PORT",
		"https://shut.test":                              "have it allow the host",
	} {
		transport, err := newTransport(nil)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(api, ".test") {
			transport.Proxy = http.ProxyURL(through)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		_, err = newClient(t, transport, func(o *Options) { o.API = api }).Reach(ctx)
		cancel()
		if e := failure(t, err); e.Reason != Unreachable || !strings.Contains(e.Hint, says) {
			t.Errorf("%s: got %v\nhint: %s", api, err, e.Hint)
		}
	}
}
