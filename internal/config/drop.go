package config

import (
	"slices"
	"strings"
)

const dropVariable = "RUNNER_DROP_CREDENTIALS"

// checkDrop: only a just-in-time runner needs no credential any more once it is registered, and only it has none in its
// directory with which another could be registered.
func (r *reading) checkDrop(c Config) {
	const instead = "leave it out, or register with RUNNER_REGISTRATION=jit"
	switch {
	case !c.DropCredentials || r.bad[dropVariable]:
	case c.Sweep && !r.bad["RUNNER_SWEEP"]:
		r.clash(refuse("leave one out; runner-init sweep does the same from elsewhere", "a sweep needs the credentials that are dropped"), dropVariable, "RUNNER_SWEEP")
	case !c.JITConfig.Empty():
	case c.Registration == RegistrationToken:
		r.clash(refuse(instead, "a runner that registers by token cannot do without credentials"), dropVariable, "RUNNER_REGISTRATION")
	case !c.Ephemeral && !r.bad["RUNNER_EPHEMERAL"]:
		r.clash(refuse("leave one out", "a runner that takes many jobs registers by token, and cannot do without credentials"), dropVariable, "RUNNER_EPHEMERAL")
	case !c.DisableUpdate && !r.bad["RUNNER_DISABLE_UPDATE"]:
		r.clash(refuse("leave one out", "a runner that updates itself registers by token, and cannot do without credentials"), dropVariable, "RUNNER_DISABLE_UPDATE")
	case !c.API() && !c.RegistrationToken.Empty() && !r.bad["GITHUB_TOKEN"] && !r.bad[appKeyVariable]:
		r.clash(refuse("set GITHUB_TOKEN, or a GitHub App, which register just in time", "a runner that registers by token cannot do without credentials"), dropVariable, "RUNNER_TOKEN")
	}
}

// WithoutCredentials returns what of environ is left when every credential is dropped: what a job may see, and the
// variables that configure us, or tell where we are, and are no secret. What came from a file or from a store stands under its own name.
func (c Config) WithoutCredentials(environ []string) []string {
	known, secrets := knownNames(Variables()), c.Secrets()
	left := c.JobEnviron(environ)
	for _, kv := range environ {
		name, value, ok := strings.Cut(kv, "=")
		secret, configures := known.lookup(name)
		if !ok || value == "" || secret || !configures && !slices.Contains(surroundings, name) || holdsSecret(kv, secrets) || slices.Contains(left, kv) {
			continue
		}
		if base, sourced := sourceOf(name, known); sourced {
			name, kv = base, base+"="+c.sourced[base].Reveal()
		}
		left = append(left, kv)
	}
	return left
}

// Resolved returns environ with every value that came from a file or from a store under its own name: who reads it again
// gets the same, secrets included, when the file is gone and nobody answers.
func (c Config) Resolved(environ []string) []string {
	known, put := knownNames(Variables()), map[string]bool{}
	var all []string
	for _, kv := range environ {
		name, _, _ := strings.Cut(kv, "=")
		if base, sourced := sourceOf(name, known); sourced {
			name = base
		}
		if value, sourced := c.sourced[name]; !sourced {
			all = append(all, kv)
		} else if !put[name] {
			put[name] = true
			all = append(all, name+"="+value.Reveal())
		}
	}
	return all
}

// Sourced reports whether any value came from a file or a store.
func (c Config) Sourced() bool { return len(c.sourced) > 0 }

// sourced are the values that came from a file or a store.
func (r *reading) sourced() map[string]Secret {
	found := map[string]Secret{}
	for name, value := range r.values {
		if r.referred[name] != nil || r.environ[name+fileSuffix] != "" || r.environ[name+valueFromSuffix] != "" {
			found[name] = secretOf(value)
		}
	}
	return found
}

// sourceOf returns the variable whose file or reference another one names.
func sourceOf(name string, known names) (base string, ok bool) {
	for _, suffix := range []string{fileSuffix, valueFromSuffix} {
		if base, ok = strings.CutSuffix(name, suffix); ok {
			_, ok = known[base]
			return base, ok
		}
	}
	return "", false
}

// Reload reads what WithoutCredentials left of an environment that Load found valid. Nothing is checked again, and nobody is
// warned again.
func Reload(environ []string) Config {
	c, _ := Load(environ)
	c.AppID, c.warnings = "", nil // an App without its key is none
	return c
}
