package config

import (
	"os"
	"strings"
)

// translate says what a value of the alias is as a value of its variable.
func (a Alias) translate(r *reading, value string) (string, error) {
	switch {
	case value == "":
		return "", nil
	case a.read != nil:
		return a.read(r, value)
	case a.yes+a.no == "":
		return value, nil
	}
	set, err := parseBool(value)
	if set {
		return a.yes, err
	}
	return a.no, err
}

// randomSuffix: where this variable comes from, a name that is given is exact either way.
func randomSuffix(r *reading, value string) (string, error) {
	random, err := parseBool(value)
	if err != nil || random || r.read("RUNNER_NAME", false) != "" {
		return string(SuffixAuto), err
	}
	return string(SuffixHostname), nil
}

// unsetConfigVars: we always do what true asks for.
func unsetConfigVars(r *reading, value string) (string, error) {
	unset, err := parseBool(value)
	if err == nil && !unset {
		r.warn("UNSET_CONFIG_VARS=false has no effect: a job sees no variable that configures the runner, unless RUNNER_PASS_ENV names it")
	}
	return "", err
}

// mode: where this variable comes from, it says how many jobs a runner takes.
func mode(_ *reading, value string) (string, error) {
	switch strings.ToLower(value) {
	case "ephemeral":
		return "true", nil
	case "persistent":
		return "false", nil
	}
	return "", refuse("use ephemeral or persistent", "%q is neither ephemeral nor persistent", value)
}

// expanded: where this variable comes from, it may name others, as $HOSTNAME.
func expanded(r *reading, value string) (string, error) {
	unset := ""
	text := os.Expand(value, func(name string) string {
		if r.environ[name] == "" {
			unset = name
		}
		return r.environ[name]
	})
	if unset != "" {
		return "", refuse("set it, or use RUNNER_NAME_PREFIX with RUNNER_NAME_SUFFIX=hostname", "%q names the variable %q, which is not set", value, unset)
	}
	return text, nil
}

// apiHost joins the two halves of the API's address.
func apiHost(r *reading, host string) (string, error) {
	path := strings.Trim(r.read("GITHUB_API_PATH", false), "/")
	return strings.TrimSuffix(strings.TrimSuffix(host, "/")+"/"+path, "/"), nil
}

func apiPath(r *reading, path string) (string, error) {
	if r.read("GITHUB_API_HOST", false) != "" || r.read(apiVariable, false) != "" {
		return "", nil
	}
	return "", refuse("set GITHUB_API_HOST as well, or GITHUB_API_URL alone", "the path %q has no host", path)
}
