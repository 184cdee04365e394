package config

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/runner-init/runner-init/internal/reference"
)

// reading is one run of Load: the environment, and what has been found out about it so far.
type reading struct {
	table    []Variable
	known    names
	environ  map[string]string
	values   map[string]string    // name as it stands in the environment to its value, read once
	origins  map[string]string    // canonical name to where its value came from
	named    map[string]string    // canonical name to the name that the user used
	referred map[string]*referral // name as it stands in the environment to what its reference came to
	followed []*referral          // those of them that could be understood, in the order of the table
	bad      map[string]bool      // canonical names that a Problem was found with: one each is enough
	secrets  []string
	problems []Problem
	warnings []string
}

// newReading takes the first of several variables of one name, as getenv does.
func newReading(environ []string) *reading {
	table := Variables()
	r := &reading{
		table: table, known: knownNames(table), environ: map[string]string{}, values: map[string]string{},
		origins: map[string]string{}, named: map[string]string{}, referred: map[string]*referral{}, bad: map[string]bool{},
	}
	for _, kv := range environ {
		name, value, ok := strings.Cut(kv, "=")
		first, twice := r.environ[name]
		switch _, known := r.known.lookup(name); {
		case !ok || name == "":
		case !twice:
			r.environ[name] = value
		case known && value != first && strings.TrimSpace(value) != "":
			r.warn("%s is set more than once, and the first value counts", name)
		}
	}
	return r
}

// name is what the user calls a variable: the alias, if that is how it was set, and with the suffix of a file.
func (r *reading) name(canonical string) string {
	return r.written(cmp.Or(r.named[canonical], canonical))
}

// written is a name as it stands in the environment, if it does: with the suffix under which its value was given.
func (r *reading) written(name string) string {
	for _, suffix := range []string{"", fileSuffix, valueFromSuffix} {
		if strings.TrimSpace(r.environ[name+suffix]) != "" {
			return name + suffix
		}
	}
	return name
}

// move makes the value of one variable that of another, which has none.
func (r *reading) move(from, to string) {
	r.origins[to], r.named[to] = r.origins[from], r.named[from]
	delete(r.origins, from)
	delete(r.named, from)
}

// refuse notes a problem with the value of one variable, unless there is one already.
func (r *reading) refuse(canonical string, err error) {
	if r.bad[canonical] {
		return
	}
	r.bad[canonical] = true
	r.problem(err, r.name(canonical))
}

// clash notes a problem with variables that do not go together.
func (r *reading) clash(err error, canonical ...string) {
	names := make([]string, len(canonical))
	for i, c := range canonical {
		names[i] = r.name(c)
	}
	r.problem(err, names...)
}

func (r *reading) problem(err error, names ...string) {
	p := Problem{Variables: names, Message: err.Error()}
	switch err := err.(type) {
	case refusal:
		p.Hint = err.hint
	case *reference.Failure:
		p.Hint, p.Reference, p.Fault = err.Hint, true, err.Fault
	}
	r.problems = append(r.problems, p)
}

func (r *reading) warn(format string, args ...any) {
	r.warnings = append(r.warnings, fmt.Sprintf(format, args...))
}

// hide notes a secret.
func (r *reading) hide(value string) {
	if value != "" && !slices.Contains(r.secrets, value) {
		r.secrets = append(r.secrets, value)
	}
}

// minSecret is the length in bytes from which a secret is looked for in other texts. No credential of GitHub's is as
// short, and a shorter one would be found everywhere.
const minSecret = 8

// holdsSecret reports whether a text contains one of the secrets.
func holdsSecret(text string, secrets []string) bool {
	return slices.ContainsFunc(secrets, func(s string) bool { return len(s) >= minSecret && strings.Contains(text, s) })
}

// redact replaces secrets in a text, as they are and as %q writes them, and what a URL has before its @.
func redact(text string, secrets []string) string {
	for _, s := range secrets {
		if len(s) < minSecret {
			continue
		}
		quoted := strconv.Quote(s)
		text = strings.ReplaceAll(text, s, redacted)
		text = strings.ReplaceAll(text, quoted[1:len(quoted)-1], redacted)
	}
	if start := strings.Index(text, "://"); start >= 0 {
		start += len("://")
		if end := strings.LastIndex(text[start:], "@"); end >= 0 {
			text = text[:start] + redacted + text[start+end:]
		}
	}
	return text
}

// redactAll takes secrets out of everything that will be printed. It is the last of several precautions: a value that
// was pasted into the wrong variable is quoted like any other until here.
func (r *reading) redactAll() {
	// The longest first: one secret may contain another.
	slices.SortStableFunc(r.secrets, func(a, b string) int { return len(b) - len(a) })
	for i, p := range r.problems {
		r.problems[i].Message = shorten(redact(p.Message, r.secrets))
		r.problems[i].Hint = redact(p.Hint, r.secrets)
	}
	for i, w := range r.warnings {
		r.warnings[i] = shorten(redact(w, r.secrets))
	}
	for name, origin := range r.origins {
		r.origins[name] = redact(origin, r.secrets)
	}
}

// longest is the length in bytes of the longest text that is said of a value, which may be a megabyte.
const longest = 500

func shorten(text string) string {
	if len(text) <= longest {
		return text
	}
	return strings.ToValidUTF8(text[:longest], "") + "…"
}

// checkText refuses what no value of ours can hold. Environments are made by hand, in files of many dialects.
func checkText(value string, secret bool) error {
	if !utf8.ValidString(value) {
		return refuse("save the file it comes from as UTF-8", "it is not UTF-8")
	}
	if strings.ContainsFunc(value, unicode.IsControl) {
		return refuse("it must be one line of plain text", "it holds a line break or another control character")
	}
	first, last := value[0], value[len(value)-1]
	if len(value) > 1 && first == last && (first == '"' || first == '\'') {
		return refuse("leave the quotes out: docker's --env-file and Kubernetes keep them as part of the value", "it stands in quotes")
	}
	if secret && reference.IsARN(value) {
		return refuse("set the variable itself to the ARN, or its _VALUE_FROM", "its file holds the ARN of a secret")
	}
	return nil
}
