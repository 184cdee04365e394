package config_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/runner-init/runner-init/internal/config"
)

func TestServer(t *testing.T) {
	tests := []struct{ environ, server, api string }{
		{"", "https://github.com", "https://api.github.com"},
		{"GITHUB_SERVER_URL=https://github.com/", "https://github.com", "https://api.github.com"},
		{"GITHUB_URL=https://www.github.com", "https://github.com", "https://api.github.com"},
		{"GITHUB_HOST=github.com", "https://github.com", "https://api.github.com"},
		{"GITHUB_HOST=Acme.ghe.com", "https://acme.ghe.com", "https://api.acme.ghe.com"},
		{"GITHUB_HOST=github.com:443", "https://github.com", "https://api.github.com"},
		{"GITHUB_HOST=[fd00::1]:8443", "https://[fd00::1]:8443", "https://[fd00::1]:8443/api/v3"},
		{"GITHUB_HOST=git.acme.example", "https://git.acme.example", "https://git.acme.example/api/v3"},
		{"GITHUB_SERVER_URL=http://127.0.0.1:8080/", "http://127.0.0.1:8080", "http://127.0.0.1:8080/api/v3"},
		{"GITHUB_SERVER_URL=http://github.localhost:3000", "http://github.localhost:3000", "http://api.github.localhost:3000"},
		{"GITHUB_API_URL=http://127.0.0.1:8080/", "https://github.com", "http://127.0.0.1:8080"},
		{"GITHUB_API_URL=https://git.acme.example/api/v3/", "https://git.acme.example", "https://git.acme.example/api/v3"},
		{"GITHUB_API_URL=https://api.acme.ghe.com", "https://acme.ghe.com", "https://api.acme.ghe.com"},
		{"GITHUB_API_URL=https://api.github.com", "https://github.com", "https://api.github.com"},
		{"GITHUB_SERVER_URL=https://git.acme.example GITHUB_API_URL=https://proxy.example/github", "https://git.acme.example", "https://proxy.example/github"},
		{"GITHUB_API_HOST=git.acme.example GITHUB_API_PATH=/api/v3/", "https://git.acme.example", "https://git.acme.example/api/v3"},
		{"GITHUB_API_HOST=api.github.com GITHUB_API_PATH=/", "https://github.com", "https://api.github.com"},
		{"RUNNER_REPO=https://git.acme.example/acme/widgets", "https://git.acme.example", "https://git.acme.example/api/v3"},
		{"RUNNER_REPO=https://acme.ghe.com/acme/widgets", "https://acme.ghe.com", "https://api.acme.ghe.com"},
		{"RUNNER_REPO=https://git.acme.example/acme/widgets GITHUB_HOST=git.acme.example", "https://git.acme.example", "https://git.acme.example/api/v3"},
	}
	for _, test := range tests {
		environ := append(strings.Fields(test.environ), minimal[0])
		if !strings.HasPrefix(test.environ, "RUNNER_REPO=") {
			environ = append(environ, minimal[1])
		}
		c := load(t, environ...)
		if c.ServerURL != test.server || c.APIURL != test.api {
			t.Errorf("%s:\ngot  %s %s\nwant %s %s", test.environ, c.ServerURL, c.APIURL, test.server, test.api)
		}
	}
}

func TestServerProblems(t *testing.T) {
	for environ, want := range map[string]string{
		"GITHUB_URL=https://github.com/acme":                                  `cannot use GITHUB_URL: "https://github.com/acme" is more than a server`,
		"GITHUB_SERVER_URL=ftp://github.com":                                  `cannot use GITHUB_SERVER_URL: "ftp://github.com" is neither http nor https`,
		"GITHUB_SERVER_URL=http://github.com":                                 `cannot use GITHUB_SERVER_URL: "http://github.com" would send the token unencrypted`,
		"GITHUB_API_URL=http://api.github.com":                                `cannot use GITHUB_API_URL: "http://api.github.com" would send the token unencrypted`,
		"GITHUB_API_URL=https://api.github.com?x=1":                           `cannot use GITHUB_API_URL: "https://api.github.com?x=1" is more than an address`,
		"GITHUB_API_URL=https://:443":                                         `cannot use GITHUB_API_URL: "https://:443" is not a URL`,
		"GITHUB_API_URL=https://me@api.github.com":                            `cannot use GITHUB_API_URL: it holds a user name or a password`,
		"GITHUB_HOST=github.com RUNNER_REPO=https://git.acme.example/acme/wd": `cannot use GITHUB_HOST and RUNNER_REPO: one is on "github.com", the other on "git.acme.example"`,
		"GITHUB_SERVER_URL=https://api.github.com":                            `cannot use GITHUB_SERVER_URL: "https://api.github.com" is an address of GitHub's API`,
		"GITHUB_HOST=api.acme.ghe.com":                                        `cannot use GITHUB_HOST: "https://api.acme.ghe.com" is an address of GitHub's API`,
		"GITHUB_API_URL=https://github.com":                                   `cannot use GITHUB_API_URL: "https://github.com" is not the address of GitHub's API`,
		"GITHUB_API_HOST=acme.ghe.com":                                        `cannot use GITHUB_API_HOST: "https://acme.ghe.com" is not the address of GitHub's API`,
		"GITHUB_SERVER_URL=https://$HOST":                                     `cannot use GITHUB_SERVER_URL: "https://$HOST" has no such host or port`,
		"GITHUB_SERVER_URL=https://git.acme.example:0":                        `cannot use GITHUB_SERVER_URL: "https://git.acme.example:0" has no such host or port`,
	} {
		if got := oneProblem(t, append(strings.Fields(environ), minimal...)...); got != want {
			t.Errorf("%s:\ngot  %s\nwant %s", environ, got, want)
		}
	}
}

func TestUnencryptedServer(t *testing.T) {
	c, err := config.Load(append(slices.Clone(minimal), "GITHUB_HOST=http://git.acme.example"))
	if err != nil || len(c.Warnings()) != 1 || !strings.Contains(c.Warnings()[0], "in the clear") {
		t.Errorf("got %q, %v", c.Warnings(), err)
	}
}
