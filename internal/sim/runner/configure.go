package runner

import (
	"context"
	"errors"
	"net/url"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"
)

const banner = `
--------------------------------------------------------------------------------
|        ____ _ _   _   _       _          _        _   _                      |
|       / ___(_) |_| | | |_   _| |__      / \   ___| |_(_) ___  _ __  ___      |
|      | |  _| | __| |_| | | | | '_ \    / _ \ / __| __| |/ _ \| '_ \/ __|     |
|      | |_| | | |_|  _  | |_| | |_) |  / ___ \ (__| |_| | (_) | | | \__ \     |
|       \____|_|\__|_| |_|\__,_|_.__/  /_/   \_\___|\__|_|\___/|_| |_|___/     |
|                                                                              |
|                       Self-hosted runner registration                        |
|                                                                              |
--------------------------------------------------------------------------------`

// noConsole is what asking for a secret dies of where there is no terminal.
const noConsole = "Cannot read keys when either application does not have a console or when console input has been redirected. Try Console.Read."

// configuration is one run of configure.
type configuration struct {
	*listener
	address *url.URL
	token   string
	api     string // base of the API
	group   group
}

type group struct {
	ID      int64  `json:"id"`
	Name    string `json:"name"`
	Default bool   `json:"default"`
	Hosted  bool   `json:"is_hosted"`
}

// configure is `Runner.Listener configure`: every failure is one on stderr and the code 1.
func (l *listener) configure() int {
	l.term.line("%s", banner)
	c := &configuration{listener: l}
	if err := c.run(context.Background()); err != nil {
		l.term.fail("%s", err)
		return 1
	}
	l.at(AtConfigured)
	return 0
}

func (c *configuration) run(ctx context.Context) error {
	if c.root.has(".runner") {
		return said("Cannot configure the runner because it is already configured. To reconfigure the runner, run 'config.cmd remove' or './config.sh remove' first.")
	}
	c.term.section("Authentication")
	if err := c.validate(); err != nil {
		return err
	}
	c.at(AtConfigure)
	if err := c.authenticate(ctx, "register"); err != nil {
		return err
	}
	c.term.line("")
	c.term.done("Connected to GitHub")
	c.term.section("Runner Registration")
	if err := c.chooseGroup(ctx); err != nil {
		return err
	}
	set, cred, err := c.register(ctx)
	if err != nil {
		return err
	}
	c.at(AtRegistered)
	return c.save(set, cred)
}

func (c *configuration) validate() error {
	address := c.args.value("url")
	c.token = c.args.value("token")
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return c.missing("url")
	}
	if c.token == "" && c.args.value("pat") == "" {
		return c.missing("token")
	}
	if c.args.flag("no-default-labels") && c.args.value("labels") == "" {
		return said("Disabling default labels via --no-default-labels without specifying --labels is not supported")
	}
	c.address, c.api = u, api(u)
	return nil
}

func (c *configuration) missing(argument string) error {
	if !c.args.flag("unattended") {
		return said(noConsole)
	}
	return saidf("Invalid configuration provided for %s. Terminating unattended configuration.", argument)
}

// chooseGroup finds the group that was named, else the default one.
func (c *configuration) chooseGroup(ctx context.Context) error {
	var answer struct {
		Groups []group `json:"runner_groups"`
	}
	if err := c.call(ctx, "GET", c.api+"/"+scope(c.address)+"/actions/runner-groups", nil, &answer); err != nil {
		return err
	}
	wanted := c.args.value("runnergroup")
	groups := slices.DeleteFunc(answer.Groups, func(g group) bool { return g.Hosted })
	if len(groups) == 0 {
		return said("Could not find any self-hosted runner groups. Contact support.")
	}
	i := slices.IndexFunc(groups, func(g group) bool {
		return wanted == "" && g.Default || strings.EqualFold(g.Name, wanted)
	})
	if i < 0 {
		return saidf("Could not find any self-hosted runner group named %q.", wanted)
	}
	c.group = groups[i]
	c.term.line("")
	return nil
}

// authenticate exchanges the token, a PAT first for a token.
func (c *configuration) authenticate(ctx context.Context, event string) error {
	if c.token == "" {
		if err := c.exchangePAT(ctx, event); err != nil {
			return err
		}
	}
	return c.call(ctx, "POST", c.api+"/actions/runner-registration",
		map[string]string{"url": c.args.value("url"), "runner_event": event}, nil)
}

// call is one call with the token: three tries, but none after a 404; each failure is printed.
func (c *configuration) call(ctx context.Context, method, address string, body, into any) error {
	for try := 1; ; try++ {
		err := c.client.call(ctx, method, address, "RemoteAuth "+c.token, body, into)
		if err == nil {
			return nil
		}
		if e, ok := errors.AsType[*httpError](err); ok {
			c.term.fail("%s", e.line())
			c.term.fail("%s", e.body)
		}
		if s := statusOf(err); s == 404 || s == 409 || s == 422 || try == 3 {
			return err
		}
		time.Sleep(c.behaviour.ConfigureRetry)
	}
}

func (c *configuration) name() string {
	if name := c.args.value("name"); name != "" {
		return name
	}
	host, err := os.Hostname()
	if err != nil {
		return "localhost"
	}
	return host
}

// labels are the default ones and the custom ones. One custom label that is too long drops all of them, silently.
func (c *configuration) labels() []string {
	var all []string
	if !c.args.flag("no-default-labels") {
		arch := map[string]string{"amd64": "X64", "arm64": "ARM64", "arm": "ARM"}[runtime.GOARCH]
		all = []string{"self-hosted", "Linux", arch}
	}
	custom := strings.Split(c.args.value("labels"), ",")
	if slices.ContainsFunc(custom, func(l string) bool { return len(l) > 256 }) {
		return all
	}
	for _, l := range custom {
		if l = strings.TrimSpace(l); l != "" && !slices.ContainsFunc(all, func(k string) bool { return strings.EqualFold(k, l) }) {
			all = append(all, l)
		}
	}
	return all
}
