package runner

import (
	"context"
	"net/url"
	"strconv"
)

// remove is `Runner.Listener remove`: what it says and leaves depends on what it finds (ConfigurationManager.cs).
func (l *listener) remove() int {
	if l.args.flag("local") {
		l.root.forget(l.term)
		return 0
	}
	l.term.section("Runner removal")
	l.at(AtRemove)
	if l.root.has(".service") {
		l.term.fail("Failed: Removing service")
		l.term.fail("Uninstall service first")
		return 1
	}
	if !l.root.has(".runner") || !l.root.has(".credentials") {
		l.term.line("Cannot connect to server, because config files are missing. Skipping removing runner from the server.")
		l.root.forget(l.term)
		return 0
	}
	if err := l.unregister(context.Background()); err != nil {
		l.term.fail("Failed: Removing runner from the server")
		l.term.fail("%s", err)
		return 1
	}
	l.term.line("")
	l.term.done("Runner removed successfully")
	l.root.forget(l.term)
	l.term.line("")
	return 0
}

// unregister asks the server to delete the runner.
func (l *listener) unregister(ctx context.Context) error {
	set, err := l.root.readSettings()
	if err != nil {
		return err
	}
	c := &configuration{listener: l, token: l.args.value("token")}
	if c.token == "" && l.args.value("pat") == "" {
		if l.args.flag("unattended") {
			return said("Invalid configuration provided for token. Terminating unattended configuration.")
		}
		return said(noConsole)
	}
	if set.GitHubURL == "" || !set.RunnerAdmin {
		// A runner from a JIT configuration: the token is no credential for its server.
		return l.client.call(ctx, "GET", set.ServerURL+"_apis/connectionData", "Bearer "+c.token, nil, nil)
	}
	if c.address, err = url.Parse(set.GitHubURL); err != nil {
		return err
	}
	c.api = api(c.address)
	if c.token == "" {
		if err := c.exchangePAT(ctx, "remove"); err != nil {
			return err
		}
	}
	return c.call(ctx, "DELETE", c.api+"/"+scope(c.address)+"/actions/runners/"+strconv.FormatInt(set.AgentID, 10), nil, nil)
}
