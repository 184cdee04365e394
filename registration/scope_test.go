package registration

import (
	"net/url"
	"strings"
	"testing"
)

func TestScope(t *testing.T) {
	for _, c := range []struct {
		scope      Scope
		path, said string
	}{
		{Scope{Kind: Repository, Owner: "acme", Repo: "widgets.go"}, "repos/acme/widgets.go", `repository "acme/widgets.go"`},
		{Scope{Kind: Organization, Owner: "acme"}, "orgs/acme", `organization "acme"`},
		{Scope{Kind: Enterprise, Owner: "acme-corp"}, "enterprises/acme-corp", `enterprise "acme-corp"`},
	} {
		if err := c.scope.validate(); err != nil {
			t.Errorf("%+v: %v", c.scope, err)
		}
		if got := c.scope.Path(); got != c.path {
			t.Errorf("%+v: got path %q, want %q", c.scope, got, c.path)
		}
		if got := c.scope.String(); got != c.said {
			t.Errorf("%+v: got %s, want %s", c.scope, got, c.said)
		}
	}
}

func TestScopeRefuses(t *testing.T) {
	for _, s := range []Scope{
		{},
		{Owner: "acme"},
		{Kind: Organization},
		{Kind: Organization, Owner: ".."},
		{Kind: Organization, Owner: "acme/widgets"},
		{Kind: Organization, Owner: "acme?x"},
		{Kind: Organization, Owner: "acme", Repo: "widgets"},
		{Kind: Repository, Owner: "acme"},
		{Kind: Repository, Owner: "acme", Repo: ".."},
		{Kind: Repository, Owner: "acme", Repo: "a b"},
		{Kind: Enterprise, Owner: "acme", Repo: "widgets"},
	} {
		if s.validate() == nil {
			t.Errorf("%+v is accepted, its path is %q", s, s.Path())
		}
	}
}

func TestDefaultLabels(t *testing.T) {
	for goarch, want := range map[string]string{"amd64": "X64", "arm64": "ARM64", "arm": "ARM", "386": "X86"} {
		if got := architecture(goarch); got != want {
			t.Errorf("%s: got label %q, want %q", goarch, got, want)
		}
	}
	if got := DefaultLabels(); len(got) != 3 || got[0] != "self-hosted" || got[1] != "Linux" {
		t.Errorf("got default labels %q", got)
	}
}

// A scope that is accepted stays the same place in the address of a request.
func FuzzScope(f *testing.F) {
	f.Add("repository", "acme", "widgets.go")
	f.Add("organization", "..", "")
	f.Add("enterprise", "a/b?c#d", "%2f")
	f.Fuzz(func(t *testing.T, kind, owner, repo string) {
		s := Scope{Kind(kind), owner, repo}
		if s.validate() != nil {
			return
		}
		u, err := url.Parse("https://api.test/" + s.Path() + "/actions/runners")
		if err != nil || u.Path != "/"+s.Path()+"/actions/runners" || u.JoinPath().Path != u.Path || u.RawQuery != "" || strings.Count(s.Path(), "/") > 2 {
			t.Errorf("%+v is asked for at %v, %v", s, u, err)
		}
	})
}
