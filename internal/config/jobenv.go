package config

import (
	"slices"
	"strings"
)

// basics reach the job even where only a list of names is wanted: no program gets far without them.
var basics = Passing{Patterns: []string{"PATH", "HOME", "USER", "LANG", "LC_*", "TZ"}}

// credentials lead to AWS credentials: the container's own, and through the ECS agent those of its task. A region or a
// proxy is none.
var credentials = Passing{Patterns: []string{
	"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN", "AWS_PROFILE", "AWS_ROLE_ARN", "AWS_ROLE_SESSION_NAME",
	"AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE", "AWS_CONTAINER_*", "ECS_*",
}}

// JobEnviron returns the part of environ that the listener, and through it every job, may see: without the variables
// that configure us, without AWS credentials unless RUNNER_PASS_AWS_ENV allows them, and with what RUNNER_PASS_ENV
// names. A variable that is a secret, leads to one or contains one is left out whatever the lists say. Authorities that
// we trust, the actions written in JavaScript trust too.
func (c Config) JobEnviron(environ []string) []string {
	known, secrets := knownNames(Variables()), c.Secrets()
	var passed []string
	named := false // by the image itself
	for _, kv := range environ {
		name, value, ok := strings.Cut(kv, "=")
		named = named || name == extraCA && value != ""
		secret, configures := known.lookup(name)
		if !ok || name == "" || secret || isInput(name) || holdsSecret(kv, secrets) {
			continue
		}
		if c.passes(name, configures) {
			passed = append(passed, kv)
		}
	}
	if c.CAFile != "" && !named {
		passed = append(passed, extraCA+"="+c.CAFile)
	}
	return slices.Clip(passed)
}

// extraCA is how node is told of authorities to trust besides its own.
const extraCA = "NODE_EXTRA_CA_CERTS"

// passes applies the lists to the name of a variable that is no secret.
func (c Config) passes(name string, configures bool) bool {
	aws := credentials.names(name)
	switch {
	case c.PassEnv.names(name), aws && c.PassAWSEnv:
		return true
	case c.PassEnv.Only:
		return basics.names(name)
	}
	return !configures && !aws
}

// warnPassed remarks on a secret that is named in the list although it is never passed.
func (r *reading) warnPassed(p Passing) {
	for _, name := range p.Patterns {
		if secret, _ := r.known.lookup(name); secret {
			r.warn("%s cannot pass %s: a secret never reaches a job", r.name("RUNNER_PASS_ENV"), name)
		}
	}
}

// isInput: the runner takes arguments from such variables, in any case, and we give it its arguments ourselves.
func isInput(name string) bool {
	return len(name) >= len(inputPrefix) && strings.EqualFold(name[:len(inputPrefix)], inputPrefix)
}
