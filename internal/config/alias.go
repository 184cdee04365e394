package config

import (
	"slices"
	"strings"
)

// given is a value under one of the names of its variable.
type given struct{ name, value string }

// resolve returns the value of a variable, under whatever name it was set: unset is the same as empty, the canonical
// name wins, and several other names have to agree.
func (r *reading) resolve(v Variable) string {
	before := len(r.problems)
	own := r.spelled(v, given{v.Name, r.read(v.Name, v.Secret)})
	var others []given
	for _, alias := range v.Aliases {
		value := r.read(alias, v.Secret)
		if translate := translations[alias]; translate != nil && value != "" {
			var err error
			if value, err = translate(r, value); err != nil {
				r.problem(err, alias)
				continue
			}
		}
		if o := r.spelled(v, given{alias, value}); o.value != "" {
			others = append(others, o)
		}
	}
	value := r.pick(v, own, others)
	if len(r.problems) > before {
		r.bad[v.Name] = true
	}
	return value
}

// pick decides between the names that are set.
func (r *reading) pick(v Variable, own given, others []given) string {
	differs := func(o given) bool { return o.value != own.value }
	switch {
	case own.value != "":
		for _, o := range others {
			if differs(o) {
				r.warn("%s is not used: %s is set too, and wins", o.name, v.Name)
			}
		}
	case len(others) == 0:
		return ""
	default:
		own = others[0]
		if slices.ContainsFunc(others, differs) {
			r.disagree(v, others)
			return ""
		}
	}
	r.named[v.Name] = own.name
	r.origins[v.Name] = r.origin(v.Name, own.name)
	if err := checkText(own.value, v.Secret); err != nil {
		r.refuse(v.Name, err)
		return ""
	}
	return own.value
}

func (r *reading) disagree(v Variable, others []given) {
	var names []string
	for _, o := range others {
		names = append(names, o.name)
	}
	r.problem(refuse("set one of them, or "+v.Name+", which wins", "they have different values, and all of them mean %s", v.Name), names...)
}

// origin says where a value came from: RUNNER_ORG, alias ORG_NAME, RUNNER_ORG_FILE=/run/secrets/org.
func (r *reading) origin(canonical, name string) string {
	prefix := ""
	if name != canonical {
		prefix = "alias "
	}
	if path := r.environ[name+fileSuffix]; strings.TrimSpace(path) != "" {
		return prefix + name + fileSuffix + "=" + showPath(path)
	}
	return prefix + name
}

// spelled brings a value into the one spelling in which two of them can be compared.
func (r *reading) spelled(v Variable, g given) given {
	if g.value == "" {
		return g
	}
	switch v.Name {
	case serverVariable, apiVariable:
		g.value = withScheme(g.value)
	case "RUNNER_JITCONFIG": // base64, often with line breaks; the runner tolerates them
		g.value = strings.Join(strings.Fields(g.value), "")
		r.hide(g.value)
	case appKeyVariable: // on one line
		g.value = strings.ReplaceAll(strings.ReplaceAll(g.value, "\r", ""), "\n", `\n`)
		r.hide(g.value)
	}
	return g
}

// translations are the aliases that say something else than their canonical name does, with what a value means there.
// An empty result says nothing.
var translations = map[string]func(r *reading, value string) (string, error){
	"ORG_RUNNER":                       meaning("org", ""),
	"RUN_AS_ROOT":                      meaning("root", ""),
	"DEBUG_OUTPUT":                     meaning("debug", ""),
	"DISABLE_AUTOMATIC_DEREGISTRATION": meaning("false", "true"),
	"RANDOM_RUNNER_SUFFIX":             randomSuffix,
	"UNSET_CONFIG_VARS":                unsetConfigVars,
	"GITHUB_API_HOST":                  apiHost,
	"GITHUB_API_PATH":                  apiPath,
}

// meaning translates a boolean.
func meaning(yes, no string) func(*reading, string) (string, error) {
	return func(_ *reading, value string) (string, error) {
		set, err := parseBool(value)
		if set {
			return yes, err
		}
		return no, err
	}
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
