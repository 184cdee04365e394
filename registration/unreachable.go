package registration

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// unreachable is what to do where no answer came, or one of 5xx.
func (c *Client) unreachable(e *Error) string {
	if untrusted, ok := errors.AsType[*tls.CertificateVerificationError](e.cause); ok {
		return c.untrusted(untrusted)
	}
	if e.Status == http.StatusProxyAuthRequired { // of a proxy without TLS
		return proxyRefusal{e.Status}.hint()
	}
	if e.Status != 0 {
		return "GitHub has trouble; see https://www.githubstatus.com"
	}
	if refusal, ok := errors.AsType[proxyRefusal](e.cause); ok {
		return refusal.hint()
	}
	if failed, ok := errors.AsType[*net.OpError](e.cause); ok && failed.Op == "proxyconnect" {
		return "the proxy that HTTP_PROXY or HTTPS_PROXY names does not answer; NO_PROXY exempts hosts from it"
	}
	if errors.Is(e.cause, http.ErrSchemeMismatch) {
		return fmt.Sprintf("%s speaks plain HTTP: is the address to begin with http://, or the port another one?", c.base.Host)
	}
	return fmt.Sprintf("check that %s can be reached from here: DNS, firewall, proxy", c.base.Host)
}

// untrusted tells apart why a certificate is not trusted: each has a remedy of its own.
func (c *Client) untrusted(e *tls.CertificateVerificationError) string {
	if bad, ok := errors.AsType[x509.CertificateInvalidError](e.Err); ok && bad.Reason == x509.Expired && bad.Cert != nil {
		now := time.Now()
		if now.Before(bad.Cert.NotBefore) {
			return fmt.Sprintf("the certificate of %s is valid from %s on, and the clock here says %s: set the clock of the host",
				c.base.Host, instant(bad.Cert.NotBefore), instant(now))
		}
		return fmt.Sprintf("the certificate of %s ended at %s; have it renewed there, unless the clock here is wrong, which says %s",
			c.base.Host, instant(bad.Cert.NotAfter), instant(now))
	}
	if wrong, ok := errors.AsType[x509.HostnameError](e.Err); ok && wrong.Certificate != nil {
		return fmt.Sprintf("what answers for %s has a certificate for %s: check the address, and whether DNS or a proxy leads somewhere else",
			c.base.Host, namesOf(wrong.Certificate))
	}
	return fmt.Sprintf("the certificate of %s is not trusted here; add its authority to this image's CA certificates, or name its file in RUNNER_CA_FILE", c.base.Host)
}

func instant(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// namesOf are whom a certificate is for.
func namesOf(cert *x509.Certificate) string {
	names := cert.DNSNames
	for _, address := range cert.IPAddresses {
		names = append(names, address.String())
	}
	if len(names) == 0 {
		return "nobody"
	}
	return enumerate(names)
}

// proxyRefusal is a proxy that answers, and does not let us through to a server that is spoken to by TLS.
type proxyRefusal struct{ status int }

func (r proxyRefusal) Error() string {
	return strings.TrimSpace(fmt.Sprintf("the proxy answered %d %s", r.status, http.StatusText(r.status)))
}

func (r proxyRefusal) hint() string {
	if r.status == http.StatusProxyAuthRequired {
		return "the proxy wants to know who asks: HTTPS_PROXY=http://USER:PASSWORD@HOST:PORT"
	}
	return "the proxy that HTTPS_PROXY names does not let us through; have it allow the host, or exempt it by NO_PROXY"
}

func askedProxy(_ context.Context, _ *url.URL, _ *http.Request, answer *http.Response) error {
	if answer.StatusCode != http.StatusOK {
		return proxyRefusal{answer.StatusCode}
	}
	return nil
}
