package registration

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/google/go-github/v56/github"
)

// installation is an App at the place where it is installed: its tokens are what runners are managed with.
type installation struct {
	client   *Client
	settings AppSettings
	jwt      *signer

	turn    chan struct{} // holds one: whoever put it there may look at what follows
	id      int64
	without bool           // the scope's repository, which GitHub did not show it for; it is the owner's all the same
	token   sealed[string] // nil: there is none
	minted  time.Time
	expires time.Time
	granted map[string]string // to the token
}

// fresh is how long a token is used before it is made anew. It spares a boot, or a stop, a second request, and trusts
// GitHub's word of an hour for nothing.
const fresh = 5 * time.Minute

// authorize waits its turn, because several goroutines may find that there is no token, and one is enough.
func (i *installation) authorize(ctx context.Context, next http.RoundTripper) (http.RoundTripper, error) {
	select {
	case i.turn <- struct{}{}:
		defer func() { <-i.turn }()
	case <-ctx.Done():
		return nil, fmt.Errorf("%w: %w", errNotBegun, context.Cause(ctx))
	}
	if i.token == nil || time.Since(i.minted).Abs() >= fresh {
		if err := i.mint(ctx); err != nil {
			return nil, err
		}
	}
	return bearer{next, i.token}, nil
}

// refused forgets a token that was revoked, or that died before its time.
func (i *installation) refused(*http.Response) bool {
	select {
	case i.turn <- struct{}{}:
		defer func() { <-i.turn }()
		i.token = nil
	default: // somebody gets a new one already
	}
	return true
}

func (i *installation) words() words { return appWords }

// mint gets a token, and finds the installation first where nobody named it.
func (i *installation) mint(ctx context.Context) (err error) {
	if i.id == 0 {
		if i.id, err = i.find(ctx); err != nil {
			return err
		}
	}
	op := fmt.Sprintf("get a token of the GitHub App for %s", i.client.scope)
	var made github.InstallationToken
	_, err = i.client.do(ctx, request{
		op: op, method: http.MethodPost, root: fmt.Sprintf("app/installations/%d/access_tokens", i.id),
		in: i.wanted(), out: &made, as: i.jwt,
	})
	if err != nil {
		return i.explain(err)
	}
	if made.GetToken() == "" {
		return invalid(op, "GitHub's answer holds no token")
	}
	i.client.minted(made.GetToken())
	i.token, i.minted = seal(made.GetToken()), time.Now()
	i.expires, i.granted = made.GetExpiresAt().Time, granted(made.Permissions)
	return nil
}

// granted is the set of permissions by name, as GitHub wrote it.
func granted(p *github.InstallationPermissions) (named map[string]string) {
	text, err := json.Marshal(p)
	if err == nil {
		err = json.Unmarshal(text, &named)
	}
	if err != nil {
		return nil
	}
	return named
}

// describe completes what is known of the access with what the token's making told.
func (i *installation) describe(ctx context.Context, a *Access) {
	select {
	case i.turn <- struct{}{}:
		defer func() { <-i.turn }()
		a.Installation, a.Expires, a.Permissions = i.id, i.expires, i.granted
	case <-ctx.Done():
	}
}

// wanted is the least that the runners of the scope take. For an enterprise GitHub has no such permission, so the token
// gets what the App has.
func (i *installation) wanted() github.InstallationTokenOptions {
	scope := i.client.scope
	switch scope.Kind {
	case Repository:
		return github.InstallationTokenOptions{
			Repositories: []string{scope.Repo}, Permissions: &github.InstallationPermissions{Administration: new("write")},
		}
	case Organization:
		return github.InstallationTokenOptions{Permissions: &github.InstallationPermissions{OrganizationSelfHostedRunners: new("write")}}
	}
	return github.InstallationTokenOptions{}
}

// explain says what GitHub's refusal of a token means: it names neither the permission nor the repository.
func (i *installation) explain(err error) error {
	e, ok := errors.AsType[*Error](err)
	if !ok {
		return err
	}
	switch e.Status {
	case http.StatusUnprocessableEntity:
		e.Reason, e.Hint = Forbidden, i.ungranted()
	case http.StatusForbidden:
		if e.Reason == Forbidden {
			e.Hint = "the installation may be suspended; look at it in the settings of its owner"
		}
	case http.StatusNotFound:
		e.Hint = fmt.Sprintf("the App %q has no installation %d: check both IDs, or leave the installation's out and it is found", i.settings.ID, i.id)
	}
	return err
}

func (i *installation) ungranted() string {
	scope := i.client.scope
	if i.without {
		return fmt.Sprintf("have the App's installation at %s include the repository %q, and check the spelling", scope.Owner, scope.Repo)
	}
	granted := fmt.Sprintf("give the App the %s, and let the owner of %s accept the change", permissionOf(scope.Kind), scope)
	if named := i.settings.Installation != 0 || i.settings.Login != ""; named && scope.Kind == Repository {
		granted += fmt.Sprintf("; the installation has to include the repository %q", scope.Repo)
	}
	return granted
}

// owner is whose installation is used.
func (i *installation) owner() string {
	if i.settings.Login != "" {
		return i.settings.Login
	}
	return i.client.scope.Owner
}

// find asks for the installation of the scope. Where that is not found it looks through all of them, which also finds
// what a server has no such endpoint for; if there is none, they are what the user wants to know.
func (i *installation) find(ctx context.Context) (int64, error) {
	op := fmt.Sprintf("find the installation of the GitHub App at %q", i.owner())
	if i.settings.Login == "" || strings.EqualFold(i.settings.Login, i.client.scope.Owner) {
		var found github.Installation
		_, err := i.client.do(ctx, request{op: op, method: http.MethodGet, root: i.client.scope.Path() + "/installation", out: &found, as: i.jwt})
		if err == nil && found.GetID() != 0 {
			return found.GetID(), nil
		}
		if err != nil && !is(err, NotFound) {
			return 0, err
		}
	}
	var others []string
	for page := 1; page > 0; {
		query := url.Values{"per_page": {"100"}, "page": {fmt.Sprint(page)}}
		var listed []installed
		t, err := i.client.do(ctx, request{op: op, method: http.MethodGet, root: "app/installations?" + query.Encode(), out: &listed, as: i.jwt})
		if is(err, NotFound) {
			err.(*Error).Hint = fmt.Sprintf("GitHub knows no App %q: check the App's ID, and that this is its server", i.settings.ID)
		}
		if err != nil {
			return 0, err
		}
		for _, one := range listed {
			if strings.EqualFold(one.name(), i.owner()) {
				i.without = i.client.scope.Kind == Repository && strings.EqualFold(i.owner(), i.client.scope.Owner)
				return one.ID, nil
			}
			others = append(others, one.name())
		}
		page = t.following(page)
	}
	return 0, i.missing(op, others)
}

func (i *installation) missing(op string, others []string) error {
	hint := fmt.Sprintf("install the App at %s; it is installed nowhere", i.owner())
	if len(others) > 0 {
		hint = fmt.Sprintf("install the App at %s, or check the spelling; it is installed at %s", i.owner(), enumerate(others))
	}
	return &Error{Op: op, Reason: NotFound, Message: "the App is not installed there", Hint: hint}
}

// enumerate is some of the names of a list, for a hint.
func enumerate(names []string) string {
	const most = 20
	if len(names) > most {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
	}
	return strings.Join(names, ", ")
}

// installed is an installation in a list. An enterprise has a slug for a name, and v56 does not know that.
type installed struct {
	ID      int64 `json:"id"`
	Account struct {
		Login string `json:"login"`
		Slug  string `json:"slug"`
	} `json:"account"`
}

func (i installed) name() string {
	if i.Account.Login != "" {
		return i.Account.Login
	}
	return i.Account.Slug
}
