package config

import (
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// proxyVariables are read by net/http, which goes by the first of two spellings, and by the runner, which goes by the
// second (actions/runner, RunnerWebProxy.cs). Both ignore what they cannot understand.
var proxyVariables = [][2]string{{"HTTP_PROXY", "http_proxy"}, {"HTTPS_PROXY", "https_proxy"}, {"NO_PROXY", "no_proxy"}}

// checkProxies refuses what would be ignored, and then not be asked through the proxy that somebody counts on. An address
// is not repeated: it may hold a password.
func (r *reading) checkProxies() {
	for _, pair := range proxyVariables {
		for _, name := range pair {
			check := checkProxy
			if strings.EqualFold(name, "NO_PROXY") {
				check = r.checkExempt
			}
			if value := r.environ[name]; value != "" {
				if err := check(name, value); err != nil {
					r.problem(err, name)
				}
			}
		}
		if ours, theirs := r.environ[pair[0]], r.environ[pair[1]]; ours != "" && theirs != "" && ours != theirs {
			r.warn("%s and %s differ: we go by the first, the runner by the second", pair[0], pair[1])
		}
	}
}

func checkProxy(_, value string) error {
	const hint = "use http://host:port; in a password before the host, %40 stands for the at sign and %3A for a colon"
	address := value
	if !strings.Contains(address, "://") {
		address = "http://" + address
	}
	u, err := url.Parse(address)
	switch {
	case strings.ContainsFunc(value, unicode.IsSpace):
		return refuse(hint, "it holds white space")
	case err != nil || !isHost(u.Hostname()) || !isPort(u.Port()) || strings.HasSuffix(u.Host, ":"):
		return refuse(hint, "it is not the address of a proxy")
	case !slices.Contains([]string{"http", "https", "socks5", "socks5h"}, u.Scheme):
		return refuse(hint, "%q is not a kind of proxy that we know", u.Scheme)
	case strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "":
		return refuse(hint, "there is more than a host and a port")
	}
	return nil
}

// checkExempt checks the list of hosts that are asked without the proxy.
func (r *reading) checkExempt(name, value string) error {
	const hint = "separate hosts by commas, without http:// and paths: localhost,.example.com,10.0.0.0/8,host:8080"
	for entry := range strings.SplitSeq(value, ",") {
		entry = strings.TrimSpace(entry)
		host, port, err := net.SplitHostPort(entry)
		if err != nil {
			host = strings.TrimSuffix(strings.TrimPrefix(entry, "["), "]")
		}
		_, notRange := netip.ParsePrefix(entry)
		switch {
		case entry == "" || entry == "*" || notRange == nil:
		case strings.ContainsRune(entry, '@'):
			return refuse(hint, "one of its hosts holds a user name or a password")
		case !isPort(port) || err == nil && port == "" || !isHost(strings.TrimPrefix(strings.ReplaceAll(host, "*", "x"), ".")):
			return refuse(hint, "%q is neither a host nor a range of addresses", entry)
		case strings.Contains(strings.TrimPrefix(host, "*."), "*") || err != nil && strings.HasPrefix(entry, "["):
			r.warn("%s: %q exempts nothing; use .example.com for the hosts of a domain, 10.0.0.0/8 for a range of addresses, and no brackets without a port", name, entry)
		}
	}
	return nil
}

// isHost reports whether a URL's host, without its port, can be one: an address, or a name of letters, digits, dashes,
// dots and underscores, in whatever script.
func isHost(host string) bool {
	if _, err := netip.ParseAddr(host); err == nil {
		return true
	}
	host = strings.TrimSuffix(host, ".")
	if slices.Contains(strings.Split(host, "."), "") {
		return false
	}
	return !strings.ContainsFunc(host, func(c rune) bool {
		return !unicode.IsLetter(c) && !unicode.IsDigit(c) && !unicode.IsMark(c) && !strings.ContainsRune("-._", c)
	})
}

// isPort reports whether a port can be one; none can.
func isPort(port string) bool {
	n, err := strconv.ParseUint(port, 10, 16)
	return port == "" || err == nil && n > 0
}
