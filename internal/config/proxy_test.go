package config_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/runner-init/runner-init/internal/config"
)

func TestProxies(t *testing.T) {
	for _, good := range []string{
		"HTTPS_PROXY=http://proxy:3128", "https_proxy=proxy:3128", "HTTP_PROXY=proxy", "http_proxy=10.0.0.1", "HTTPS_PROXY=[fd00::1]:3128",
		"HTTPS_PROXY=http://[fe80::1%25eth0]:3128/", "HTTPS_PROXY=https://me:p%40ss@proxy.example:443/", "HTTPS_PROXY=socks5://proxy:1080", "HTTPS_PROXY=socks5h://proxy",
		"HTTPS_PROXY=me:" + canary + "@proxy:3128", "HTTPS_PROXY=http://bücher.example:80", "HTTPS_PROXY=",
		"NO_PROXY=*", "NO_PROXY=localhost, .example.com ,*.example.org,10.0.0.0/8,10.1.2.3,host:8080,fd00::/8,fd00::1,[fd00::1]:80,,under_score", "no_proxy=169.254.170.2,", "NO_PROXY=",
	} {
		load(t, append([]string{good}, minimal...)...)
	}
}

// What net/http and the runner would ignore without a word.
func TestProxyProblems(t *testing.T) {
	for environ, want := range map[string]string{
		"HTTPS_PROXY=http://":                              "it is not the address of a proxy",
		"https_proxy=http://:3128":                         "it is not the address of a proxy",
		"HTTP_PROXY=:3128":                                 "it is not the address of a proxy",
		"http_proxy=http://proxy:":                         "it is not the address of a proxy",
		"HTTPS_PROXY=http:proxy:3128":                      "it is not the address of a proxy",
		"HTTPS_PROXY=http:/proxy:3128":                     "it is not the address of a proxy",
		"HTTPS_PROXY=http://proxy:http":                    "it is not the address of a proxy",
		"HTTPS_PROXY=http://proxy:0":                       "it is not the address of a proxy",
		"HTTPS_PROXY=http://proxy:65536":                   "it is not the address of a proxy",
		"HTTPS_PROXY=http://me:" + canary + "@proxy:x":     "it is not the address of a proxy",
		"HTTPS_PROXY=http://me:" + canary + "%zz@proxy":    "it is not the address of a proxy",
		"HTTPS_PROXY=me:" + canary + "/@proxy:3128":        "it is not the address of a proxy",
		"HTTPS_PROXY=${PROXY}":                             "it is not the address of a proxy",
		"HTTPS_PROXY=http://a,b":                           "it is not the address of a proxy",
		"HTTPS_PROXY=\"http://proxy:3128\"":                "it is not the address of a proxy",
		"HTTPS_PROXY= http://proxy:3128":                   "it holds white space",
		"HTTPS_PROXY=http://proxy:3128\n":                  "it holds white space",
		"HTTPS_PROXY=http://me:" + canary + " @proxy:3128": "it holds white space",
		"HTTPS_PROXY=ftp://me:" + canary + "@proxy:3128":   `"ftp" is not a kind of proxy that we know`,
		"HTTPS_PROXY=http://me:" + canary + "@proxy/x":     "there is more than a host and a port",
		"HTTPS_PROXY=http://proxy/?token=" + canary:        "there is more than a host and a port",
		"NO_PROXY=http://host":                             `"http://host" is neither a host nor a range of addresses`,
		"NO_PROXY=localhost;.example.com":                  `"localhost;.example.com" is neither a host nor a range of addresses`,
		"no_proxy=localhost .example.com":                  `"localhost .example.com" is neither a host nor a range of addresses`,
		"NO_PROXY=10.0.0.0/33":                             `"10.0.0.0/33" is neither a host nor a range of addresses`,
		"NO_PROXY=ok,host:99999":                           `"host:99999" is neither a host nor a range of addresses`,
		"NO_PROXY=:8080":                                   `":8080" is neither a host nor a range of addresses`,
		"NO_PROXY=host:":                                   `"host:" is neither a host nor a range of addresses`,
		"NO_PROXY=.":                                       `"." is neither a host nor a range of addresses`,
		"NO_PROXY=host/path":                               `"host/path" is neither a host nor a range of addresses`,
		"NO_PROXY=me:" + canary + "@host":                  "one of its hosts holds a user name or a password",
	} {
		name, _, _ := strings.Cut(environ, "=")
		found := problems(t, append([]string{environ}, minimal...)...)
		if len(found) != 1 || found[0].Message != want || !slices.Equal(found[0].Variables, []string{name}) {
			t.Errorf("%q:\ngot  %+v\nwant %s", environ, found, want)
		}
		for _, p := range found {
			if strings.Contains(p.Error()+p.Hint, canary) || strings.Contains(p.Hint, "redacted") {
				t.Errorf("%q: the password shows in %+v", environ, p)
			}
		}
	}
}

func TestProxyWarnings(t *testing.T) {
	for want, environ := range map[string][]string{
		"we go by the first, the runner by the second": {"HTTPS_PROXY=http://me:" + canary + "@a:1", "https_proxy=http://b:1"},
		`"10.*" exempts nothing`:                       {"NO_PROXY=10.*"},
		`"[fd00::1]" exempts nothing`:                  {"no_proxy=[fd00::1]"},
	} {
		c, err := config.Load(append(environ, minimal...))
		if w := c.Warnings(); err != nil || len(w) != 1 || !strings.Contains(w[0], want) || strings.Contains(w[0], canary) {
			t.Errorf("%q: got %q, %v", environ, w, err)
		}
	}
}
