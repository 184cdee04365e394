package config

import (
	"net"
	"net/url"
	"strings"
	"unicode"
)

const (
	serverVariable = "GITHUB_SERVER_URL"
	apiVariable    = "GITHUB_API_URL"

	defaultServer  = "https://github.com"
	enterprisePath = "/api/v3" // of the REST API on a GitHub Enterprise Server
)

// placeServer completes the addresses of GitHub: what the address of the place says of the server, and what the server
// says of the API. It takes the opposite way when only the API is given.
func (r *reading) placeServer(c *Config, named place) {
	c.ServerURL = r.address(serverVariable, c.ServerURL, parseServer)
	c.APIURL = r.address(apiVariable, c.APIURL, parseAPI)
	switch {
	case r.bad[serverVariable] || r.bad[apiVariable]:
		return
	case c.ServerURL != "" && named.server != "" && !sameHost(c.ServerURL, named.server):
		r.clash(refuse("leave "+serverVariable+" out: the other names the server", "one is on %q, the other on %q", hostOf(c.ServerURL), hostOf(named.server)),
			serverVariable, named.variable)
	case c.ServerURL != "":
	case named.server != "":
		c.ServerURL = named.server
		r.origins[serverVariable] = "derived from " + r.name(named.variable)
	case serverOf(c.APIURL) != "":
		c.ServerURL = serverOf(c.APIURL)
		r.origins[serverVariable] = "derived from " + r.name(apiVariable)
	default:
		c.ServerURL = defaultServer
	}
	if c.APIURL == "" {
		c.APIURL = apiOf(c.ServerURL)
		r.origins[apiVariable] = "derived from " + r.name(serverVariable)
	}
	r.warnPlain(c.APIURL)
}

// address checks one URL and returns it without a slash at its end, or nothing if it is refused.
func (r *reading) address(canonical, value string, parse func(string) (*url.URL, error)) string {
	if value == "" {
		return ""
	}
	u, err := parse(value)
	if err == nil && canonical == serverVariable && strings.Trim(u.Path, "/") != "" {
		err = refuse("leave the path out; what to register at is named in RUNNER_REPO or RUNNER_ORG", "%q is more than a server", value)
	}
	if err != nil {
		r.refuse(canonical, err)
		return ""
	}
	return strings.TrimRight(u.String(), "/")
}

// parseURL accepts http and https with a host and a path. Its host is spelt so that two can be compared.
func parseURL(value string) (*url.URL, error) {
	u, err := url.Parse(value)
	switch {
	case err != nil || u.Hostname() == "":
		return nil, refuse("use https://host, or https://host/path", "%q is not a URL", value)
	case u.Scheme != "https" && u.Scheme != "http":
		return nil, refuse("use https", "%q is neither http nor https", value)
	case u.User != nil:
		return nil, errUserInfo
	case u.RawQuery != "" || u.Fragment != "" || u.ForceQuery:
		return nil, refuse("leave out what follows ? or #", "%q is more than an address", value)
	case !isASCII(u.Host):
		return nil, refuse("write the host as the name service knows it: xn--…", "%q has letters in its host that are not ASCII", value)
	case !isHost(u.Hostname()) || !isPort(u.Port()) || strings.HasSuffix(u.Host, ":"):
		return nil, refuse("use https://host, or https://host:port", "%q has no such host or port", value)
	}
	u.Host = normalHost(u)
	host := u.Hostname()
	if u.Scheme == "http" && isHosted(strings.TrimPrefix(host, "api.")) && !isLocal(host) {
		return nil, refuse("use https", "%q would send the token unencrypted", value)
	}
	return u, nil
}

var errUserInfo = refuse("leave them out of the URL; a token belongs into GITHUB_TOKEN", "it holds a user name or a password")

// parseServer is parseURL of an address on a server. Of GitHub's own hosts only one is it.
func parseServer(value string) (*url.URL, error) {
	u, err := parseURL(value)
	if err != nil {
		return nil, err
	}
	host := u.Hostname()
	server, api := strings.CutPrefix(host, "api.")
	switch {
	case api && isHosted(server):
		return nil, refuse("leave api. out, or name the API in "+apiVariable, "%q is an address of GitHub's API", value)
	case strings.HasSuffix(host, ".github.com"):
		return nil, refuse("use https://github.com", "there are no runners at %q", value)
	}
	return u, nil
}

// parseAPI is parseURL of an API. GitHub's own servers have theirs at another host.
func parseAPI(value string) (*url.URL, error) {
	u, err := parseURL(value)
	if err == nil && isHosted(u.Hostname()) && !strings.HasPrefix(u.Host, "api.") && !isLocal(u.Hostname()) {
		return nil, refuse("use "+apiOf(u.Scheme+"://"+u.Host)+", or leave it out", "%q is not the address of GitHub's API", value)
	}
	return u, err
}

// withScheme makes a URL of a bare host.
func withScheme(value string) string {
	if !strings.Contains(value, "://") {
		value = "https://" + value
	}
	return strings.TrimRight(value, "/")
}

// isHosted reports whether a host is GitHub's own, which has its API at a host of its own (actions/runner, UrlUtil.cs).
func isHosted(host string) bool {
	return host == "github.com" || host == "github.localhost" ||
		strings.HasSuffix(host, ".ghe.com") || strings.HasSuffix(host, ".ghe.localhost")
}

// apiOf is the REST API of a server.
func apiOf(server string) string {
	u, err := url.Parse(server)
	switch {
	case err != nil:
		return ""
	case isHosted(u.Hostname()):
		u.Host = "api." + u.Host
		return u.String()
	}
	return server + enterprisePath
}

// serverOf is the server of a REST API, or nothing if the API's address does not tell.
func serverOf(api string) string {
	if server, ok := strings.CutSuffix(api, enterprisePath); ok {
		return server
	}
	u, err := url.Parse(api)
	if err != nil {
		return ""
	}
	host, ok := strings.CutPrefix(u.Host, "api.")
	if !ok || !isHosted(u.Hostname()[len("api."):]) || u.Path != "" {
		return ""
	}
	u.Host = host
	return u.String()
}

func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Host
}

// sameHost says whether the address of a place may be on the server. It may leave out the port.
func sameHost(server, place string) bool {
	host := hostOf(server)
	name, _, _ := cutHost(host)
	return hostOf(place) == host || hostOf(place) == name
}

// warnPlain: a server of one's own may be reached without TLS, but it is worth a word.
func (r *reading) warnPlain(api string) {
	u, err := url.Parse(api)
	if err == nil && u.Scheme == "http" && !isLocal(u.Hostname()) {
		r.warn("%s is not encrypted: the token goes to %s in the clear", r.name(apiVariable), u.Host)
	}
}

func isLocal(host string) bool {
	ip := net.ParseIP(host)
	return ip.IsLoopback() || host == "localhost" || strings.HasSuffix(host, ".localhost")
}

// normalHost is the host, with its port, in the spelling in which two can be compared. Git asks github.com for some
// repositories under other names.
func normalHost(u *url.URL) string {
	host, port := strings.TrimSuffix(strings.ToLower(u.Hostname()), "."), u.Port()
	if host == "www.github.com" || host == "ssh.github.com" {
		host = "github.com"
	}
	if port == "" || u.Scheme == "https" && port == "443" || u.Scheme == "http" && port == "80" {
		return inBrackets(host)
	}
	return net.JoinHostPort(host, port)
}

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(c rune) bool { return c > unicode.MaxASCII })
}
