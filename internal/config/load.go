package config

import (
	"context"
	"errors"
	"slices"

	"github.com/caarlos0/env/v11"
)

// Load is LoadWith where there are no stores: a reference is a problem.
func Load(environ []string) (Config, error) { return LoadWith(context.Background(), environ, nil) }

// Check looks at what this package does not understand itself, such as a key. It returns a canonical name, what to do about
// its value, and what is wrong with that, if anything is.
type Check func(Config) (variable, hint string, err error)

// LoadWith reads the configuration from an environment in the form of os.Environ, and values that are elsewhere from
// stores, before ctx ends or the time for a start is over. What checks find is wrong like all the rest. Its error is an *Invalid with everything that is wrong; the
// Config is then as complete as it can be, for showing and for logging, and must not be acted on.
func LoadWith(ctx context.Context, environ []string, stores Stores, checks ...Check) (Config, error) {
	r := newReading(environ)
	r.follow(ctx, stores)
	c := r.parse()
	r.placeServer(&c, r.placeScope(&c))
	r.completeCredential(&c)
	completeGroup(&c)
	r.completeCA(&c)
	r.completeLabels(&c)
	r.completeTimeouts(&c)
	r.validate(c)
	for _, check := range checks {
		if variable, hint, err := check(c); err != nil {
			r.refuse(variable, refuse(hint, "%v", err))
		}
	}
	r.refuseLater()
	r.refuseNoVerify()
	r.checkProxies()
	r.warnUnknown()
	r.warnPassed(c.PassEnv)
	r.redactAll()

	c.origins, c.refused, c.problems, c.warnings = r.origins, r.bad, slices.Clip(r.problems), r.warnings
	c.sourced = r.sourced()
	c.files = r.secretFiles()
	for _, f := range r.followed {
		c.references = append(c.references, Referenced{f.variable, redact(f.String(), r.secrets), f.Store, f.Err != nil})
	}
	for _, s := range r.secrets {
		c.secrets = append(c.secrets, secretOf(s))
	}
	if len(c.problems) > 0 {
		return c, &Invalid{c.problems}
	}
	return c, nil
}

// parse fills in the fields that have a variable. env/v11 knows no aliases, so it is given a made-up environment in
// which every value stands under its canonical name.
func (r *reading) parse() (c Config) {
	fields, canonical := map[string]string{}, map[string]string{}
	for _, v := range r.table {
		fields[v.field] = v.Name
		if value := r.resolve(v); value != "" {
			canonical[v.Name] = value
		}
	}
	r.dropMisplaced(canonical)
	err := env.ParseWithOptions(&c, env.Options{Environment: canonical, FuncMap: parsers()})
	if err == nil {
		return c
	}
	all, ok := errors.AsType[env.AggregateError](err)
	if !ok {
		r.problem(err)
	}
	for _, err := range all.Errors {
		if e, ok := errors.AsType[env.ParseError](err); ok {
			r.refuse(fields[e.Name], e.Err)
		} else {
			r.problem(err)
		}
	}
	return c
}

// dropMisplaced refuses a secret in a variable that is none: its value would be logged, or sent to GitHub as a name.
func (r *reading) dropMisplaced(canonical map[string]string) {
	for _, v := range r.table {
		if !v.Secret && holdsSecret(canonical[v.Name], r.secrets) {
			r.refuse(v.Name, refuse("it is shown and logged: take the secret out", "it holds the value of a secret"))
			delete(canonical, v.Name)
		}
	}
}
