package config

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/runner-init/runner-init/internal/reference"
)

// Stores gets the values that references name: one answer for each, in order, all of them before ctx ends. It is called
// once at most, and not at all where there is no reference.
type Stores func(ctx context.Context, refs []reference.Reference) []reference.Answer

// Referenced is a variable that names its value instead of holding it.
type Referenced struct {
	// Variable is the name that holds the reference: GITHUB_TOKEN_VALUE_FROM, or GITHUB_TOKEN itself.
	Variable string
	// Reference is as it was written, but for secrets.
	Reference string
	Store     reference.Store
	// Failed says that it came to nothing; a Problem says why.
	Failed bool
}

// References returns the variables that name their values, as far as what they hold is a reference, in the order of the
// table.
func (c Config) References() []Referenced { return slices.Clone(c.references) }

// a referral is a variable whose value is elsewhere, and what came of it.
type referral struct {
	variable string // that holds the reference
	reference.Reference
	reference.Answer
}

// follow finds every reference of the environment and has all of them resolved at once, inside the time that a start may
// take. What came of each is found under the name of the variable by readOnce.
func (r *reading) follow(ctx context.Context, stores Stores) {
	r.findReferences()
	var refs []reference.Reference
	for _, f := range r.followed {
		refs = append(refs, f.Reference)
	}
	switch {
	case len(refs) == 0:
		return
	case stores == nil:
		stores = nobody
	}
	ctx, cancel := context.WithTimeout(ctx, r.startTime())
	defer cancel()
	for i, answer := range stores(ctx, refs) {
		r.followed[i].Answer = answer
	}
	for _, f := range r.followed {
		f.check()
	}
}

// nobody is what there is to ask where there are no stores.
func nobody(_ context.Context, refs []reference.Reference) []reference.Answer {
	answers := make([]reference.Answer, len(refs))
	for i := range answers {
		answers[i].Err = &reference.Failure{Fault: reference.Unreachable, Message: "nobody is asked for its value here", Hint: "runner-init config asks"}
	}
	return answers
}

// findReferences looks at every name that can have one.
func (r *reading) findReferences() {
	for _, v := range r.table {
		for _, name := range v.Names() {
			r.findReference(name, v.Secret)
		}
	}
	for _, l := range laters {
		for _, name := range l.names {
			r.findReference(name, false)
		}
	}
}

// findReference takes note of the reference under a name, if it alone gives the value.
func (r *reading) findReference(name string, secret bool) {
	own, file, from := r.sources(name)
	var f *referral
	switch {
	case from != "" && own == "" && file == "":
		f = r.refer(name+valueFromSuffix, from)
	case secret && from == "" && file == "" && reference.IsARN(own):
		f = r.refer(name, own)
	default:
		return
	}
	if r.referred[name] = f; f.Err == nil {
		r.followed = append(r.followed, f)
	}
}

// sources are the three ways to give a value under one name.
func (r *reading) sources(name string) (own, file, from string) {
	return strings.TrimSpace(r.environ[name]), strings.TrimSpace(r.environ[name+fileSuffix]), strings.TrimSpace(r.environ[name+valueFromSuffix])
}

// refer understands a reference, or not.
func (r *reading) refer(variable, text string) *referral {
	f := &referral{variable: variable}
	if isCredential(text) {
		r.hide(text)
		f.Err = &reference.Failure{Message: "it holds a credential, and not the name of one", Hint: "set " + strings.TrimSuffix(variable, valueFromSuffix) + " to it"}
		return f
	}
	f.Reference, f.Err = reference.Parse(text)
	return f
}

// isCredential tells the credentials of GitHub's that the name of a parameter could be as well: such a name would be sent
// to AWS, and into its logs.
func isCredential(text string) bool {
	for _, prefix := range []string{"ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"} {
		if strings.HasPrefix(text, prefix) {
			return true
		}
	}
	return isRegistrationToken(text)
}

// check refuses a value that is none of a variable, but of something around it.
func (f *referral) check() {
	var object map[string]json.RawMessage
	switch value := strings.TrimSpace(f.Value); {
	case f.Err != nil:
	case value == "":
		f.Err = &reference.Failure{Message: f.String() + " holds nothing but white space", Hint: "put the value in"}
	case reference.IsARN(value):
		f.Err = &reference.Failure{Message: f.String() + " holds another reference", Hint: "name what that one names"}
	case f.Store == reference.SecretsManager && f.Key == "" && value[0] == '{' && json.Unmarshal([]byte(value), &object) == nil:
		f.Err = &reference.Failure{Message: "the secret " + f.ID + " is a JSON object, and the reference names no key of it", Hint: "append :KEY:: to the reference"}
	}
	if f.Err != nil {
		f.Value = ""
	}
}

// startTime is how long a start may take, as far as it is known before references are resolved.
func (r *reading) startTime() time.Duration {
	const variable = "RUNNER_START_TIMEOUT"
	i := slices.IndexFunc(r.table, func(v Variable) bool { return v.Name == variable })
	text := r.table[i].Default
	for _, name := range slices.Backward(r.table[i].Names()) {
		own, file, _ := r.sources(name)
		if content, err := readFile(file); err == nil && own == "" {
			own = strings.TrimSpace(content)
		}
		if d, err := ParseDuration(own); err == nil && d > 0 {
			text = own
		}
	}
	d, _ := ParseDuration(text)
	return d
}
