package runner

import (
	"context"
	"encoding/base64"
	"net/url"
	"os"
	"strings"
)

// register makes the registration at the server: key first, then a look at the name, then the call.
func (c *configuration) register(ctx context.Context) (*settings, *credentials, error) {
	key, err := c.root.ensureKey()
	if err != nil {
		return nil, nil, err
	}
	name := c.name()
	ask := map[string]any{
		"url": c.args.value("url"), "group_id": c.group.ID, "name": name, "version": c.behaviour.Version,
		"updates_disabled": c.args.flag("disableupdate"), "ephemeral": c.args.flag("ephemeral"),
		"labels": labelObjects(c.labels()), "public_key": publicXML(key),
	}
	c.term.line("")
	done := "Runner successfully added"
	existing, err := c.find(ctx, name)
	switch {
	case err != nil:
		return nil, nil, err
	case existing != 0:
		c.term.line("A runner exists with the same name")
		if !c.args.flag("replace") {
			return nil, nil, saidf("A runner exists with the same name %s.", name)
		}
		ask["runner_id"], ask["replace"] = existing, true
		done = "Successfully replaced the runner"
	}
	var made struct {
		ID            int64  `json:"id"`
		Name          string `json:"name"`
		Authorization struct {
			AuthorizationURL string `json:"authorization_url"`
			ServerURL        string `json:"server_url"`
			ClientID         string `json:"client_id"`
		} `json:"authorization"`
	}
	if err := c.call(ctx, "POST", c.api+"/actions/runners/register", ask, &made); err != nil {
		return nil, nil, err
	}
	c.term.line("")
	c.term.done("%s", done)
	set := &settings{
		AgentID: made.ID, AgentName: made.Name, PoolID: c.group.ID, PoolName: c.group.Name,
		DisableUpdate: c.args.flag("disableupdate"), Ephemeral: c.args.flag("ephemeral"),
		ServerURL: made.Authorization.ServerURL, ServerURLV2: made.Authorization.ServerURL,
		GitHubURL: c.args.value("url"), WorkFolder: orText(c.args.value("work"), "_work"),
		UseV2Flow: true, RunnerAdmin: true, MonitorAddress: c.args.value("monitorsocketaddress"),
	}
	return set, &credentials{"OAuth", map[string]string{
		"clientId": made.Authorization.ClientID, "authorizationUrl": made.Authorization.AuthorizationURL,
		"requireFipsCryptography": "True",
	}}, nil
}

func labelObjects(names []string) []map[string]string {
	objects := []map[string]string{}
	for i, name := range names {
		kind := "User"
		if i < 3 && strings.Contains("self-hosted Linux X64 ARM64 ARM", name) {
			kind = "System"
		}
		objects = append(objects, map[string]string{"name": name, "type": kind})
	}
	return objects
}

// find returns the id of the runner of that name, 0 if there is none.
func (c *configuration) find(ctx context.Context, name string) (int64, error) {
	var answer struct {
		Runners []struct {
			ID   int64  `json:"id"`
			Name string `json:"name"`
		} `json:"runners"`
	}
	address := c.api + "/" + scope(c.address) + "/actions/runners?name=" + url.QueryEscape(name)
	if err := c.call(ctx, "GET", address, nil, &answer); err != nil || len(answer.Runners) == 0 {
		return 0, err
	}
	return answer.Runners[0].ID, nil
}

// save writes the files, .runner last, and svc.sh from its template; without that template configure fails although
// the runner is configured (SystemdControlManager.cs).
func (c *configuration) save(set *settings, cred *credentials) error {
	if err := c.root.writeObject(".credentials", cred, 0o644); err != nil {
		return err
	}
	c.term.section("Runner settings")
	if err := c.root.writeObject(".runner", set, 0o644); err != nil {
		return err
	}
	c.term.line("")
	c.term.done("Settings Saved.")
	c.term.line("")
	template, err := os.ReadFile(c.root.path("bin", "systemd.svc.sh.template"))
	if err != nil {
		return err
	}
	return os.WriteFile(c.root.path("svc.sh"), template, 0o755)
}

// exchangePAT has the listener itself fetch the token that --pat stands for.
func (c *configuration) exchangePAT(ctx context.Context, event string) error {
	kind := map[string]string{"register": "registration-token", "remove": "remove-token"}[event]
	basic := base64.StdEncoding.EncodeToString([]byte("github:" + c.args.value("pat")))
	var answer struct {
		Token string `json:"token"`
	}
	address := c.api + "/" + scope(c.address) + "/actions/runners/" + kind
	if err := c.client.call(ctx, "POST", address, "Basic "+basic, nil, &answer); err != nil {
		return err
	}
	c.token = answer.Token
	return nil
}
