package config

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"
)

// MaxName is the length of the longest runner name that GitHub takes.
const MaxName = 64

// The grace periods of the platforms where none is given: docker stop waits 10 s; ECS and Kubernetes wait 30 s unless
// told otherwise.
const (
	dockerGrace       = 10 * time.Second
	orchestratorGrace = 30 * time.Second
)

// orchestratorHold is how long a failure that a restart would only repeat is held back from who restarts at once.
const orchestratorHold = 30 * time.Second

// completeTimeouts fills in the times that depend on the platform.
func (r *reading) completeTimeouts(c *Config) {
	r.byPlatform("RUNNER_STOP_TIMEOUT", &c.StopTimeout, dockerGrace, orchestratorGrace)
	r.byPlatform("RUNNER_FAILURE_HOLD", &c.FailureHold, 0, orchestratorHold)
	r.completeDocker(c)
}

// byPlatform fills in a time that was not given.
func (r *reading) byPlatform(variable string, d *time.Duration, docker, orchestrator time.Duration) {
	if r.named[variable] != "" && !r.bad[variable] {
		return
	}
	*d = docker
	if r.environ["ECS_CONTAINER_METADATA_URI_V4"] != "" || r.environ["KUBERNETES_SERVICE_HOST"] != "" {
		*d = orchestrator
		r.origins[variable] = "default on ECS and Kubernetes"
	}
}

// validate checks what can be said of the values once all are known. It refuses what GitHub or the runner would refuse
// later, or would accept and not do.
func (r *reading) validate(c Config) {
	r.checkCredential(c)
	r.checkRegistration(c)
	r.checkJIT(c)
	r.warnIgnored(c)
	r.checkDrop(c)
	r.checkProtect(c)
	r.checkDocker(c)
	if c.Group != "" && c.Scope.Kind == Repository {
		r.refuse("RUNNER_GROUP", refuse("leave it out, or register at the organization with RUNNER_ORG", "a repository has no runner groups"))
	}
	r.checkName("RUNNER_NAME", c.Name)
	r.checkName("RUNNER_NAME_PREFIX", c.NamePrefix)
	r.checkDuration("RUNNER_STOP_TIMEOUT", c.StopTimeout, 1)
	r.checkDuration("RUNNER_START_TIMEOUT", c.StartTimeout, 1)
	r.checkDuration("RUNNER_START_JITTER", c.StartJitter, 0)
	r.checkDuration("RUNNER_FAILURE_HOLD", c.FailureHold, 0)
	r.checkHook("RUNNER_HOOK_PRE_START", c.HookPreStart)
	r.checkHook("RUNNER_HOOK_POST_STOP", c.HookPostStop)
	r.checkDuration("RUNNER_HOOK_TIMEOUT", c.HookTimeout, 1)
	r.checkDuration("RUNNER_IDLE_TIMEOUT", c.IdleTimeout, 0)
	r.checkDuration("RUNNER_MAX_LIFETIME", c.MaxLifetime, 0)
	if c.StartJitter >= c.StartTimeout && !r.bad["RUNNER_START_JITTER"] && !r.bad["RUNNER_START_TIMEOUT"] {
		r.clash(refuse("the wait is part of the start: give it more time", "a wait of %s does not fit into %s", shortDuration(c.StartJitter), shortDuration(c.StartTimeout)), "RUNNER_START_JITTER", "RUNNER_START_TIMEOUT")
	}
}

func (r *reading) checkCredential(c Config) {
	r.checkApp(c)
	if r.bad["GITHUB_TOKEN"] || r.bad["RUNNER_TOKEN"] || r.bad["RUNNER_JITCONFIG"] || r.bad["GITHUB_APP_ID"] || r.bad[appKeyVariable] {
		return
	}
	if !c.API() && c.RegistrationToken.Empty() && c.JITConfig.Empty() {
		r.problem(refuse("set GITHUB_TOKEN to a personal access token, GITHUB_APP_ID and GITHUB_APP_PRIVATE_KEY, or RUNNER_TOKEN to a registration token", "there is no credential"))
	}
	if c.Sweep && (!c.API() || !c.JITConfig.Empty()) {
		r.warn("%s has no effect: it takes a GITHUB_TOKEN or a GitHub App, and no ready configuration", r.name("RUNNER_SWEEP"))
	}
	r.checkToken("GITHUB_TOKEN", c.GitHubToken)
	r.checkToken(registrationTokenVariable, c.RegistrationToken)
}

// checkToken refuses what was pasted along with a token: it goes into the header of a request, and into an argument of
// the runner.
func (r *reading) checkToken(canonical string, token Secret) {
	if strings.ContainsFunc(token.Reveal(), func(c rune) bool { return c <= ' ' || c > '~' }) {
		r.refuse(canonical, refuse("set it to the token alone", "it holds white space, or another character that no token has"))
	}
}

// checkRegistration: just-in-time runners are made through the API, and GitHub makes them ephemeral whatever we say.
func (r *reading) checkRegistration(c Config) {
	const variable = "RUNNER_REGISTRATION"
	switch {
	case c.Registration == RegistrationJIT && !c.API() && c.JITConfig.Empty() && !r.bad["GITHUB_TOKEN"] && !r.bad[appKeyVariable]:
		r.refuse(variable, refuse("set GITHUB_TOKEN, or RUNNER_REGISTRATION=token", "jit needs a personal access token or a GitHub App"))
	case c.Registration == RegistrationJIT && !c.Ephemeral && !r.bad["RUNNER_EPHEMERAL"]:
		r.clash(refuse("set RUNNER_REGISTRATION=token for a runner that takes many jobs", "a just-in-time runner is ephemeral"), variable, "RUNNER_EPHEMERAL")
	case c.Registration == RegistrationJIT && !c.DisableUpdate && !r.bad["RUNNER_DISABLE_UPDATE"]:
		r.clash(refuse("set RUNNER_REGISTRATION=token for a runner that updates itself", "a just-in-time runner does not update itself"), variable, "RUNNER_DISABLE_UPDATE")
	case c.Registration == RegistrationToken && !c.JITConfig.Empty():
		r.clash(refuse("leave one out", "a just-in-time configuration is a registration already"), variable, "RUNNER_JITCONFIG")
	case !c.JITConfig.Empty() && !c.Ephemeral && !r.bad["RUNNER_EPHEMERAL"]:
		r.clash(refuse("leave "+r.name("RUNNER_EPHEMERAL")+" out", "a just-in-time runner is ephemeral"), "RUNNER_JITCONFIG", "RUNNER_EPHEMERAL")
	}
}

// checkJIT looks into a just-in-time configuration as far as its form: base64 of a JSON object.
func (r *reading) checkJIT(c Config) {
	if c.JITConfig.Empty() {
		return
	}
	content, err := base64.StdEncoding.DecodeString(c.JITConfig.Reveal())
	var files map[string]json.RawMessage
	if err != nil || json.Unmarshal(content, &files) != nil || len(files) == 0 {
		r.refuse("RUNNER_JITCONFIG", refuse("set it to the encoded_jit_config of GitHub's answer, as it is", "it is not the base64 of a JSON object"))
	}
}

// warnIgnored remarks on what a ready configuration has decided already.
func (r *reading) warnIgnored(c Config) {
	if c.JITConfig.Empty() {
		return
	}
	for _, variable := range []string{"RUNNER_NAME", "RUNNER_LABELS", "RUNNER_GROUP"} {
		if r.named[variable] != "" {
			r.warn("%s is not used: %s is a registration already, and has a name, labels and a group", r.name(variable), r.name("RUNNER_JITCONFIG"))
		}
	}
}

// completeGroup: a repository has the default group only, which may be named.
func completeGroup(c *Config) {
	if c.Scope.Kind == Repository && strings.EqualFold(c.Group, "default") {
		c.Group = ""
	}
}

// checkName keeps to printable ASCII: a name is shortened and completed byte by byte.
func (r *reading) checkName(canonical, name string) {
	const hint = "use at most 64 characters: letters, digits, dashes, dots, underscores"
	switch {
	case strings.ContainsFunc(name, func(c rune) bool { return c < ' ' || c > '~' }):
		r.refuse(canonical, refuse(hint, "%q has characters that a runner's name cannot have", name))
	case len(name) > MaxName:
		r.refuse(canonical, refuse(hint, "%q has %d characters, and GitHub takes %d", name, len(name), MaxName))
	}
}

func (r *reading) checkDuration(canonical string, d, least time.Duration) {
	switch {
	case d >= least:
	case least > 0:
		r.refuse(canonical, refuse("use a number of seconds, or a duration such as 90s or 2m", "it has to be more than nothing"))
	default:
		r.refuse(canonical, refuse("use a number of seconds, or a duration such as 90s or 2m", "it cannot be negative"))
	}
}
