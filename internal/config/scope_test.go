package config_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/runner-init/runner-init/internal/config"
)

func TestScope(t *testing.T) {
	tests := []struct{ environ, want, url string }{
		{"RUNNER_REPO=acme/widgets", "repository acme/widgets", "https://github.com/acme/widgets"},
		{"RUNNER_REPO=acme/widgets.git", "repository acme/widgets", "https://github.com/acme/widgets"},
		{"REPO=acme/widgets", "repository acme/widgets", "https://github.com/acme/widgets"},
		{"REPO_URL=https://github.com/acme/widgets", "repository acme/widgets", "https://github.com/acme/widgets"},
		{"REPO_URL=https://www.GitHub.com/acme/widgets.git/", "repository acme/widgets", "https://github.com/acme/widgets"},
		{"REPO_URL=http://git.acme.example:8443/acme/widgets GITHUB_API_URL=http://localhost/", "repository acme/widgets", "http://git.acme.example:8443/acme/widgets"},
		{"GITHUB_REPOSITORY=acme/widgets", "repository acme/widgets", "https://github.com/acme/widgets"},
		{"GITHUB_OWNER=acme GITHUB_REPOSITORY=acme/widgets", "repository acme/widgets", "https://github.com/acme/widgets"},
		{"GITHUB_OWNER=Acme GITHUB_REPOSITORY=acme/widgets", "repository acme/widgets", "https://github.com/acme/widgets"},
		{"GITHUB_OWNER=Acme GITHUB_REPOSITORY=widgets", "repository Acme/widgets", "https://github.com/Acme/widgets"},
		{"RUNNER_ORG=acme RUNNER_REPO=widgets", "repository acme/widgets", "https://github.com/acme/widgets"},
		{"GITHUB_OWNER=acme", "organization acme", "https://github.com/acme"},
		{"RUNNER_ORG=acme", "organization acme", "https://github.com/acme"},
		{"ORG=acme RUNNER_SCOPE=Organization", "organization acme", "https://github.com/acme"},
		{"ORG_NAME=acme ORG_RUNNER=true", "organization acme", "https://github.com/acme"},
		{"ENTERPRISE_NAME=acme-inc RUNNER_SCOPE=ent", "enterprise acme-inc", "https://github.com/enterprises/acme-inc"},
		{"RUNNER_ENTERPRISE=acme-inc", "enterprise acme-inc", "https://github.com/enterprises/acme-inc"},
		{"RUNNER_SCOPE=repository RUNNER_REPO=acme/widgets", "repository acme/widgets", "https://github.com/acme/widgets"},
		{"RUNNER_REPO=git@github.com:acme/widgets.git", "repository acme/widgets", "https://github.com/acme/widgets"},
		{"RUNNER_REPO=ssh://git@acme.ghe.com/acme/widgets.git", "repository acme/widgets", "https://acme.ghe.com/acme/widgets"},
		{"RUNNER_REPO=ssh://git@git.acme.example:2222/acme/widgets", "repository acme/widgets", "https://git.acme.example/acme/widgets"},
		{"RUNNER_REPO=github.com/acme/widgets.git", "repository acme/widgets", "https://github.com/acme/widgets"},
		{"REPO_URL=https://github.com/acme", "organization acme", "https://github.com/acme"},
		{"REPO_URL=https://github.com/acme/ RUNNER_ORG=Acme", "organization acme", "https://github.com/acme"},
		{"REPO_URL=https://github.com/enterprises/acme-inc", "enterprise acme-inc", "https://github.com/enterprises/acme-inc"},
		{"RUNNER_ORG=https://acme.ghe.com/acme", "organization acme", "https://acme.ghe.com/acme"},
		{"RUNNER_ORG=https://github.com/orgs/acme", "organization acme", "https://github.com/acme"},
		{"ORG=https://github.com/organizations/acme/", "organization acme", "https://github.com/acme"},
		{"RUNNER_ENTERPRISE=https://git.acme.example/enterprises/acme-inc", "enterprise acme-inc", "https://git.acme.example/enterprises/acme-inc"},
		{"RUNNER_REPO=acme/widgets/", "repository acme/widgets", "https://github.com/acme/widgets"},
		{"RUNNER_REPO=https://github.com//acme/widgets//", "repository acme/widgets", "https://github.com/acme/widgets"},
		{"RUNNER_REPO=HTTPS://GITHUB.COM:443/Acme/Widgets", "repository Acme/Widgets", "https://github.com/Acme/Widgets"},
		{"RUNNER_REPO=git@host:o/r.git", "repository o/r", "https://host/o/r"},
		{"RUNNER_REPO=git@github.com:/acme/widgets.git", "repository acme/widgets", "https://github.com/acme/widgets"},
		{"RUNNER_REPO=github.com:acme/widgets", "repository acme/widgets", "https://github.com/acme/widgets"},
		{"RUNNER_REPO=git.acme.example:8443/acme/widgets", "repository acme/widgets", "https://git.acme.example:8443/acme/widgets"},
		{"RUNNER_REPO=ssh://git@ssh.github.com:443/acme/widgets.git", "repository acme/widgets", "https://github.com/acme/widgets"},
		{"RUNNER_REPO=ssh://git@host:22/o/r/", "repository o/r", "https://host/o/r"},
		{"RUNNER_REPO=ssh://git@[fd00::1]:22/o/r", "repository o/r", "https://[fd00::1]/o/r"},
		{"RUNNER_REPO=git@[fd00::1]:o/r.git", "repository o/r", "https://[fd00::1]/o/r"},
		{"RUNNER_REPO=https://[FD00::1]:8443/o/r", "repository o/r", "https://[fd00::1]:8443/o/r"},
		{"RUNNER_REPO=https://git.acme.example./o/r", "repository o/r", "https://git.acme.example/o/r"},
		{"RUNNER_REPO=https://xn--bcher-kva.example/o/r", "repository o/r", "https://xn--bcher-kva.example/o/r"},
		{"REPO_URL=https://github.com/enterprises/acme-inc/", "enterprise acme-inc", "https://github.com/enterprises/acme-inc"},
		{"RUNNER_REPO=git@git.acme.example:o/r GITHUB_SERVER_URL=https://git.acme.example:8443", "repository o/r", "https://git.acme.example:8443/o/r"},
	}
	for _, test := range tests {
		c := load(t, append(strings.Fields(test.environ), "GITHUB_TOKEN="+pat)...)
		if got := c.Scope.String(); got != test.want {
			t.Errorf("%s: got %s, want %s", test.environ, got, test.want)
		}
		if got := c.Scope.URL(c.ServerURL); got != test.url {
			t.Errorf("%s: got %s, want %s", test.environ, got, test.url)
		}
		if got := setting(t, c, "RUNNER_SCOPE").Value; got != string(c.Scope.Kind) {
			t.Errorf("%s: the report says %q", test.environ, got)
		}
	}
}

// One environment may serve runners of several places: RUNNER_SCOPE says which.
func TestScopeChooses(t *testing.T) {
	shared := []string{"GITHUB_TOKEN=" + pat, "REPO_URL=https://github.com/acme/widgets", "ORG_NAME=acme", "ENTERPRISE_NAME=acme-inc"}
	for _, kind := range []config.Kind{config.Repository, config.Organization, config.Enterprise} {
		c, err := config.Load(append(shared, "RUNNER_SCOPE="+string(kind)))
		if err != nil || c.Scope.Kind != kind {
			t.Errorf("%s: got %v, %v", kind, c.Scope, err)
		}
		if len(c.Warnings()) != 2 {
			t.Errorf("%s: what is not used is not remarked on: %q", kind, c.Warnings())
		}
	}
	c, err := config.Load([]string{"GITHUB_TOKEN=" + pat, "GITHUB_OWNER=acme", "GITHUB_REPOSITORY=widgets", "RUNNER_SCOPE=org"})
	if err != nil || c.Scope.String() != "organization acme" {
		t.Errorf("an owner's organization: got %v, %v", c.Scope, err)
	}
}

func TestScopeProblems(t *testing.T) {
	tests := []struct {
		environ string
		names   []string
		want    string
	}{
		{"", nil, "there is no place to register at"},
		{"RUNNER_ORG=acme RUNNER_REPO=acme/widgets", []string{"RUNNER_REPO", "RUNNER_ORG"}, "a runner is registered at one place"},
		{"ORG=acme ENTERPRISE_NAME=acme-inc", []string{"ORG", "ENTERPRISE_NAME"}, "a runner is registered at one place"},
		{"RUNNER_SCOPE=org REPO=acme/widgets", []string{"RUNNER_SCOPE"}, "the scope is the organization, but RUNNER_ORG is not set"},
		{"RUNNER_SCOPE=repo ORG=acme", []string{"RUNNER_SCOPE"}, "the scope is the repository, but RUNNER_REPO is not set"},
		{"GITHUB_OWNER=acme GITHUB_REPOSITORY=other/widgets", []string{"GITHUB_OWNER", "GITHUB_REPOSITORY"}, `the owner is "acme" in one and "other" in the other`},
		{"GITHUB_REPOSITORY=widgets", []string{"GITHUB_REPOSITORY"}, `"widgets" does not say whose repository it is`},
		{"RUNNER_REPO=a/b/c", []string{"RUNNER_REPO"}, `"a/b/c" is not a repository`},
		{"RUNNER_REPO=enterprises/acme", []string{"RUNNER_REPO"}, `"enterprises/acme" is not a repository: nobody is called so`},
		{"RUNNER_REPO=acme/..", []string{"RUNNER_REPO"}, `"acme/.." is not a repository`},
		{"RUNNER_REPO=git@github.com:acme/..", []string{"RUNNER_REPO"}, `"git@github.com:acme/.." is not the address of a repository, an organization or an enterprise`},
		{"RUNNER_REPO=git@github.com", []string{"RUNNER_REPO"}, `"git@github.com" is not a repository`},
		{"REPO_URL=https://github.com/acme/widgets/settings/actions", []string{"REPO_URL"}, `"https://github.com/acme/widgets/settings/actions" is not the address of a repository, an organization or an enterprise`},
		{"REPO_URL=https://github.com", []string{"REPO_URL"}, `"https://github.com" is not the address of a repository, an organization or an enterprise`},
		{"REPO_URL=https://github.com/acme/..", []string{"REPO_URL"}, `"https://github.com/acme/.." is not the address of a repository, an organization or an enterprise`},
		{"REPO_URL=https://github.com/acme RUNNER_ORG=other", []string{"REPO_URL"}, `"https://github.com/acme" is the address of an organization`},
		{"REPO_URL=https://github.com/acme RUNNER_SCOPE=repo", []string{"RUNNER_SCOPE"}, "the scope is the repository, but RUNNER_REPO is not set"},
		{"RUNNER_ORG=https://github.com/acme/widgets", []string{"RUNNER_ORG"}, `"https://github.com/acme/widgets" is the address of a repository`},
		{"RUNNER_ENTERPRISE=https://github.com/acme", []string{"RUNNER_ENTERPRISE"}, `"https://github.com/acme" is the address of an organization`},
		{"REPO_URL=https://github.com/acme/wid%2Fgets", []string{"REPO_URL"}, `"https://github.com/acme/wid%2Fgets" is not the address of a repository, an organization or an enterprise`},
		{"REPO_URL=ftp://github.com/acme/widgets", []string{"REPO_URL"}, `"ftp://github.com/acme/widgets" is neither http nor https`},
		{"REPO_URL=ssh://me:" + canary + "@github.com/acme/widgets", []string{"REPO_URL"}, "it holds a user name or a password"},
		{"REPO_URL=http://github.com/acme/widgets", []string{"REPO_URL"}, `"http://github.com/acme/widgets" would send the token unencrypted`},
		{"REPO_URL=https://me:" + canary + "@github.com/acme/widgets", []string{"REPO_URL"}, "it holds a user name or a password"},
		{"REPO_URL=me:" + canary + "@github.com:acme/widgets", []string{"REPO_URL"}, "it holds a user name or a password"},
		{"REPO_URL=git+ssh://me:" + canary + "@github.com/acme/widgets", []string{"REPO_URL"}, "it holds a user name or a password"},
		{"REPO_URL=https://github.com/enterprises", []string{"REPO_URL"}, `"https://github.com/enterprises" is not the address of a repository, an organization or an enterprise`},
		{"REPO_URL=https://github.com/orgs/", []string{"REPO_URL"}, `"https://github.com/orgs/" is not the address of a repository, an organization or an enterprise`},
		{"REPO_URL=https://github.com/settings/actions", []string{"REPO_URL"}, `"https://github.com/settings/actions" is not the address of a repository, an organization or an enterprise`},
		{"REPO_URL=https://github.com/acme//widgets", []string{"REPO_URL"}, `"https://github.com/acme//widgets" is not the address of a repository, an organization or an enterprise`},
		{"REPO_URL=https://github.com/acme/widgets?tab=readme", []string{"REPO_URL"}, `"https://github.com/acme/widgets?tab=readme" is more than an address`},
		{"REPO_URL=https://api.github.com/repos/acme/widgets", []string{"REPO_URL"}, `"https://api.github.com/repos/acme/widgets" is an address of GitHub's API`},
		{"REPO_URL=api.acme.ghe.com/acme/widgets", []string{"REPO_URL"}, `"https://api.acme.ghe.com/acme/widgets" is an address of GitHub's API`},
		{"REPO_URL=https://gist.github.com/acme/widgets", []string{"REPO_URL"}, `there are no runners at "https://gist.github.com/acme/widgets"`},
		{"REPO_URL=https://gìthub.com/acme/widgets", []string{"REPO_URL"}, `"https://gìthub.com/acme/widgets" has letters in its host that are not ASCII`},
		{"REPO_URL=https://github.com:99999/acme/widgets", []string{"REPO_URL"}, `"https://github.com:99999/acme/widgets" has no such host or port`},
		{"REPO_URL=https://github.com:/acme/widgets", []string{"REPO_URL"}, `"https://github.com:/acme/widgets" has no such host or port`},
		{"REPO_URL=https://git..example/acme/widgets", []string{"REPO_URL"}, `"https://git..example/acme/widgets" has no such host or port`},
		{"REPO_URL=https:github.com/acme/widgets", []string{"REPO_URL"}, `"https:github.com/acme/widgets" is not the address of a repository, an organization or an enterprise`},
		{"REPO_URL=https://git.acme.example/api/v3/acme/widgets", []string{"REPO_URL"}, `"https://git.acme.example/api/v3/acme/widgets" is not the address of a repository, an organization or an enterprise`},
		{"REPO_URL=git@github.com:22/acme/widgets", []string{"REPO_URL"}, `"git@github.com:22/acme/widgets" is not the address of a repository, an organization or an enterprise`},
		{"RUNNER_ORG=acme/widgets", []string{"RUNNER_ORG"}, `"acme/widgets" is not the name of an organization`},
		{"RUNNER_ENTERPRISE=..", []string{"RUNNER_ENTERPRISE"}, `".." is not the name of an enterprise`},
	}
	for _, test := range tests {
		found := problems(t, append(strings.Fields(test.environ), "GITHUB_TOKEN="+pat)...)
		if len(found) != 1 || found[0].Message != test.want || !slices.Equal(found[0].Variables, test.names) {
			t.Errorf("%s:\ngot  %+v\nwant %q %s", test.environ, found, test.names, test.want)
		}
	}
}

// What an address is read as reads as the same again, and is the address of what it says.
func FuzzAddress(f *testing.F) {
	for _, seed := range []string{
		"acme/widgets", "https://github.com/acme/widgets.git/", "git@host:o/r.git", "ssh://git@[::1]:22/o/r", "https://[fe80::1%25eth0]:1/o/r", "git@[::1]:o/r",
		"https://github.com/enterprises/e/", "http://h./orgs/o", "a.b:c/d", "https://www.github.com:443/o/r?x#y", "ssh.github.com:443/o/r", "https://a@b@c/o/r", "https:github.com/o/r",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		read := func(value string) (config.Config, error) {
			return config.Load([]string{"GITHUB_TOKEN=" + pat, "RUNNER_REPO=" + value})
		}
		first, err := read(value)
		if err != nil || first.Scope.Kind == "" {
			return
		}
		address := first.Scope.URL(first.ServerURL)
		u, err := url.Parse(address)
		if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || address != u.String() {
			t.Fatalf("%q is read as %q: %v", value, address, err)
		}
		if api, err := url.Parse(first.APIURL); err != nil || !strings.HasSuffix(api.Hostname(), u.Hostname()) {
			t.Fatalf("%q has its API at %q: %v", value, first.APIURL, err)
		}
		second, err := read(address)
		if err != nil || second.Scope != first.Scope || second.ServerURL != first.ServerURL || second.APIURL != first.APIURL {
			t.Fatalf("%q is read as %v, and its address %q as %v, %v", value, first.Scope, address, second.Scope, err)
		}
	})
}
