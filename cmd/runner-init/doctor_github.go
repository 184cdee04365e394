package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/runner-init/runner-init/internal/doctor"
	"github.com/runner-init/runner-init/lifecycle"
	"github.com/runner-init/runner-init/registration"
)

// Limits below which a remark is worth it.
const (
	soonExpired = 7 * 24 * time.Hour
	lowRate     = 100
	wrongClock  = 30 * time.Second
	untrusted   = 14 * 24 * time.Hour // before the end of a certificate
)

func (p *patient) checkProxy() []doctor.Finding {
	if p.client == nil {
		return one(doctor.Skip, "with a ready JIT configuration nothing is asked of GitHub's API")
	}
	proxy, err := p.client.Proxy()
	if err != nil {
		return []doctor.Finding{{
			Status: doctor.Fail, Text: "cannot use the proxy: " + err.Error(), Code: int(lifecycle.Unreachable),
			Hint: "look at HTTPS_PROXY and HTTP_PROXY: http://host:port",
		}}
	}
	if p.proxy = proxy; proxy == "" {
		return one(doctor.OK, "none for %s", p.config.APIURL)
	}
	return one(doctor.OK, "%s for %s", proxy, p.config.APIURL)
}

// checkNames resolves the one name that we need: the API's, or the proxy's, which resolves the other.
func (p *patient) checkNames(ctx context.Context) []doctor.Finding {
	host := p.proxy
	if api, err := url.Parse(p.config.APIURL); err == nil && host == "" {
		host = api.Host
	}
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.Trim(host, "[]")
	if _, err := netip.ParseAddr(host); err == nil {
		return one(doctor.OK, "%s is an address", host)
	}
	addresses, err := net.DefaultResolver.LookupHost(ctx, host)
	if err != nil {
		return []doctor.Finding{{
			Status: doctor.Fail, Text: fmt.Sprintf("cannot resolve %s: %v", host, err), Code: int(lifecycle.Unreachable),
			Hint: "check the spelling, and the nameserver in /etc/resolv.conf",
		}}
	}
	return one(doctor.OK, "%s is %s", host, strings.Join(addresses[:min(len(addresses), 4)], ", "))
}

// checkConnection goes all the way to the API, certificates included.
func (p *patient) checkConnection(ctx context.Context) []doctor.Finding {
	reached, err := p.client.Reach(ctx)
	p.reached = reached
	switch left := time.Until(reached.CertificateEnd); {
	case err != nil:
		return failed(err)
	case reached.TLS == "":
		return one(doctor.OK, "%s answers, without TLS", p.config.APIURL)
	case left < untrusted:
		return one(doctor.Warn, "%s answers, but its certificate ends in %s", p.config.APIURL, span(left))
	}
	return one(doctor.OK, "%s answers, by %s; its certificate is trusted, and of %s", p.config.APIURL, reached.TLS, reached.Issuer)
}

// checkCredential makes the harmless call. Whether it was allowed is the next question.
func (p *patient) checkCredential(ctx context.Context) []doctor.Finding {
	if !p.config.API() {
		return one(doctor.Skip, "a ready registration token; only a registration tells whether it is valid")
	}
	access, err := p.client.Examine(ctx)
	p.access = access
	if err != nil && !p.known(err) {
		return failed(err)
	}
	p.refusal = err
	return one(doctor.OK, "%s%s", access.Kind, p.powers())
}

// known says whether GitHub knows the credential in spite of its refusal.
func (p *patient) known(refusal error) bool {
	e, answered := errors.AsType[*registration.Error](refusal)
	made := p.access.Kind != registration.AppAccess || p.access.Permissions != nil
	return answered && made && p.access.Kind != "" && (e.Reason == registration.Forbidden || e.Reason == registration.NotFound)
}

// powers are what GitHub says that the credential may do.
func (p *patient) powers() string {
	switch a := p.access; {
	case a.Kind == registration.ClassicToken && len(a.Scopes) == 0:
		return " without scopes"
	case a.Kind == registration.ClassicToken:
		return " with the scopes " + strings.Join(a.Scopes, ", ")
	case a.Kind == registration.AppAccess:
		var all []string
		for _, name := range slices.Sorted(maps.Keys(a.Permissions)) {
			all = append(all, name+": "+a.Permissions[name])
		}
		return fmt.Sprintf(", installation %d; its token has %s", a.Installation, strings.Join(all, ", "))
	case a.Accepted != "":
		return "; GitHub does not show what it may do, and to list runners takes " + a.Accepted
	}
	return ""
}

// checkExpiry goes by GitHub's clock.
func (p *patient) checkExpiry() []doctor.Finding {
	a := p.access
	left := a.Expires.Sub(a.Date)
	switch {
	case a.Kind == registration.AppAccess:
		return one(doctor.OK, "an App's token is made anew when it is needed")
	case a.Expires.IsZero():
		return one(doctor.OK, "GitHub names none")
	case left < soonExpired:
		return hinted(one(doctor.Warn, "%s, in %s", a.Expires.UTC().Format(time.RFC3339), span(left)), "make a new token in time, or use a GitHub App")
	}
	return one(doctor.OK, "%s, in %s", a.Expires.UTC().Format(time.RFC3339), span(left))
}

func (p *patient) checkClock() []doctor.Finding {
	switch ahead := p.reached.Ahead; {
	case p.reached.Date.IsZero():
		return one(doctor.Skip, "GitHub's answer names no time")
	case ahead.Abs() > wrongClock:
		word := "slow"
		if ahead < 0 {
			word = "fast"
		}
		return hinted(one(doctor.Warn, "%s %s by GitHub's clock", span(ahead.Abs()), word), "set the clock of the host: certificates and the runner's own tokens depend on it")
	}
	return one(doctor.OK, "less than %s off GitHub's", wrongClock)
}

func (p *patient) checkRate() []doctor.Finding {
	switch a := p.access; {
	case a.Limit == 0:
		return one(doctor.OK, "the server names none")
	case a.Left < lowRate:
		return hinted(one(doctor.Warn, "%d of %d requests left until %s", a.Left, a.Limit, a.Reset.UTC().Format(time.TimeOnly+" MST")), "all that use this credential share it; give runners one of their own, an App's has its own limit")
	default:
		return one(doctor.OK, "%d of %d requests left until %s", a.Left, a.Limit, a.Reset.UTC().Format(time.TimeOnly+" MST"))
	}
}

// checkPermission: may it register at the scope?
func (p *patient) checkPermission(ctx context.Context) []doctor.Finding {
	err := p.refusal
	if err == nil {
		err = p.client.MayRegister(ctx, p.access)
	}
	if err != nil {
		return failed(err)
	}
	return one(doctor.OK, "may register runners at %s", p.config.Scope)
}

func (p *patient) checkGroup(ctx context.Context) []doctor.Finding {
	id, err := p.client.Group(ctx, p.config.Group)
	switch {
	case err != nil:
		return failed(err)
	case p.config.Group == "":
		return one(doctor.OK, "the default one")
	}
	return one(doctor.OK, "%q, id %d", p.config.Group, id)
}

// span is a length of time for people: in days where there are some.
func span(d time.Duration) string {
	const day = 24 * time.Hour
	if d < 2*day {
		return d.Round(time.Second).String()
	}
	return fmt.Sprintf("%d days", int(d/day))
}
