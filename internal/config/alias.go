package config

import (
	"encoding"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"time"
)

// given is a value under one of the names of its variable.
type given struct{ name, value string }

// resolve returns the value of a variable, under whatever name it was set: unset is the same as empty, the canonical
// name wins, and several other names have to agree.
func (r *reading) resolve(v Variable) string {
	before := len(r.problems)
	own := r.spelled(v, given{v.Name, r.read(v.Name, v.Secret)})
	var others []given
	for _, a := range v.Aliases {
		value, err := a.translate(r, r.read(a.Name, v.Secret))
		if err != nil {
			r.problem(err, r.written(a.Name))
			continue
		}
		if o := r.spelled(v, given{a.Name, value}); o.value != "" {
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
	differs := func(o given) bool { return o.value != own.value && v.meaning(o.value) != v.meaning(own.value) }
	switch {
	case own.value != "":
		for _, o := range others {
			if differs(o) {
				r.warn("%s is not used: %s is set too, and wins", r.written(o.name), r.written(v.Name))
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
		names = append(names, r.written(o.name))
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

// spelled brings a value into the one spelling in which it is used.
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

// meaning is what two values of a variable have in common when they differ in their spelling only. A value that cannot
// be understood means itself.
func (v Variable) meaning(value string) string {
	switch zero := reflect.Zero(v.kind).Interface().(type) {
	case Secret:
		return value
	case bool:
		if set, err := parseBool(value); err == nil {
			return fmt.Sprint(set)
		}
	case time.Duration:
		if d, err := ParseDuration(value); err == nil {
			return d.String()
		}
	case []string:
		return strings.ToLower(strings.Join(MergeLabels(list(value)), ","))
	case string:
		if kind := kindNamedBy(v.Name); kind != "" {
			if p, err := parsePlace(value, kind, ""); err == nil {
				return strings.ToLower(p.server + " " + p.Scope.String())
			}
		}
	default:
		parsed := reflect.New(reflect.TypeOf(zero))
		if text, ok := parsed.Interface().(encoding.TextUnmarshaler); ok && text.UnmarshalText([]byte(value)) == nil {
			return fmt.Sprint(parsed.Elem().Interface())
		}
	}
	return value
}

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
