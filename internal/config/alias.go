package config

import (
	"encoding"
	"fmt"
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

// origin says where a value came from: RUNNER_ORG, alias ORG_NAME, RUNNER_ORG_FILE=/run/secrets/org,
// RUNNER_ORG_VALUE_FROM=/ci/org (ssm).
func (r *reading) origin(canonical, name string) string {
	prefix := ""
	if name != canonical {
		prefix = "alias "
	}
	if f, ok := r.referred[name]; ok {
		return prefix + f.variable + "=" + f.String() + " (" + string(f.Store) + ")"
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
