package registration

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/google/go-github/v56/github"
)

// JITRequest is the runner to register just in time.
type JITRequest struct {
	Name       string
	Labels     []string // all of them, 1 to 100: GitHub adds none, see DefaultLabels
	Group      string   // name of the runner group; empty: the default group, without asking for its id
	WorkFolder string   // relative to the runner's root; empty: GitHub's default, _work
}

// defaultGroup is the id of the default runner group, the same everywhere; GitHub wants it named.
const defaultGroup = 1

// rounds bounds how often JIT starts over after it removed what a lost answer had left behind.
const rounds = 3

// JIT registers an ephemeral runner and returns it with its encoded configuration, a secret that the listener takes.
// It is one request to GitHub; two when a group is named.
//
// A name that another runner has is an error with reason Conflict. An answer that was lost after GitHub may have
// registered the runner leaves a registration whose configuration nobody has: it is found by its name and deleted,
// also after ctx has ended. An Error with Uncertain set says that this could not be done.
func (c *Client) JIT(ctx context.Context, r JITRequest) (Runner, string, error) {
	op := fmt.Sprintf("register runner %q just in time in %s", r.Name, c.scope)
	if r.Name == "" || len(r.Labels) == 0 || len(r.Labels) > 100 {
		return Runner{}, "", invalid(op, fmt.Sprintf("GitHub wants a name and 1 to 100 labels, not %d", len(r.Labels)))
	}
	group, err := c.Group(ctx, r.Group)
	if err != nil {
		return Runner{}, "", err
	}
	wanted := &github.GenerateJITConfigRequest{Name: r.Name, RunnerGroupID: group, Labels: r.Labels}
	if r.WorkFolder != "" {
		wanted.WorkFolder = &r.WorkFolder
	}
	for range rounds {
		var made github.JITRunnerConfig
		var lost bool
		made, lost, err = c.generate(ctx, op, wanted)
		if err == nil {
			return Runner{ID: made.Runner.GetID(), Name: made.Runner.GetName()}, made.GetEncodedJITConfig(), nil
		}
		if !lost {
			break
		}
		if done := c.withdraw(ctx, r.Name, err); !done || !is(err, Conflict) {
			break
		}
	}
	return Runner{}, "", err
}

// generate sends the request. lost says that it may have left a registration behind although it failed.
func (c *Client) generate(ctx context.Context, op string, wanted *github.GenerateJITConfigRequest) (made github.JITRunnerConfig, lost bool, err error) {
	t, err := c.do(ctx, request{op: op, method: http.MethodPost, path: "/actions/runners/generate-jitconfig", in: wanted, out: &made})
	if err != nil {
		answered := t.last != nil || t.attempts == 0
		return made, t.lost || !answered, err
	}
	c.minted(made.GetEncodedJITConfig())
	if made.Runner.GetID() == 0 || made.GetEncodedJITConfig() == "" {
		return made, true, invalid(op, "GitHub's answer holds no configuration")
	}
	return made, false, nil
}

// withdraw removes the registration that a lost answer may have left, and says whether its name is free now. It marks
// the error where that could not be found out. It runs on after the end of ctx, for the shield's time at most.
func (c *Client) withdraw(ctx context.Context, name string, failed error) bool {
	ctx, cancel := outlive(ctx, c.shield)
	defer cancel()
	left, err := c.find(ctx, name)
	if err == nil && left == nil {
		return true
	}
	// Ours has never been used. One that is online was there before us and happens to have the name.
	if err == nil && (left.GetStatus() == "online" || left.GetBusy()) {
		return false
	}
	verdict := Verdict("")
	if err == nil {
		verdict, _ = c.Delete(ctx, left.GetID())
	}
	gone := verdict == Gone || verdict == Absent
	if e, ok := errors.AsType[*Error](failed); ok && !gone {
		e.Uncertain = true
	}
	return gone
}

// Group is the id of a runner group by its name, in whatever case, as in the runner's configure step. No name is the
// default group's. A group that is not found is an error that lists those that are to be seen.
func (c *Client) Group(ctx context.Context, name string) (int64, error) {
	op := fmt.Sprintf("find runner group %q in %s", name, c.scope)
	switch {
	case name == "":
		return defaultGroup, nil
	case c.scope.Kind == Repository:
		e := invalid(op, "a repository has no runner groups")
		e.Hint = "leave the group out, or register the runner at the organization"
		return 0, e
	}
	var visible []string
	for page := 1; page > 0; {
		query := url.Values{"per_page": {"100"}, "page": {fmt.Sprint(page)}}
		var listed github.RunnerGroups
		t, err := c.do(ctx, request{op: op, method: http.MethodGet, path: "/actions/runner-groups?" + query.Encode(), out: &listed})
		if err != nil {
			return 0, err
		}
		for _, g := range listed.RunnerGroups {
			if strings.EqualFold(g.GetName(), name) {
				return g.GetID(), nil
			}
			visible = append(visible, fmt.Sprintf("%q", g.GetName()))
		}
		page = t.following(page)
	}
	return 0, &Error{
		Op: op, Reason: NotFound, Message: "there is none among those it shows us: " + enumerate(visible),
		Hint: "check the spelling; a group that is there may be one of the enterprise that is not shared with the organization",
	}
}
