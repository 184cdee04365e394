package config_test

import (
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
		{"REPO_URL=ssh://me:" + canary + "@github.com/acme/widgets", []string{"REPO_URL"}, `"ssh://[redacted]@github.com/acme/widgets" is neither http nor https`},
		{"REPO_URL=http://github.com/acme/widgets", []string{"REPO_URL"}, `"http://github.com/acme/widgets" would send the token unencrypted`},
		{"REPO_URL=https://me:" + canary + "@github.com/acme/widgets", []string{"REPO_URL"}, "it holds a user name or a password"},
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
