package config

import (
	"cmp"
	"reflect"
	"strings"
	"time"
)

// Variable is one setting: one row of the table in Config's struct tags.
type Variable struct {
	// Name is the canonical name.
	Name string
	// Aliases are other names it is accepted under. Each name X also works as X_FILE, the path of a file with the value,
	// and as X_VALUE_FROM, a reference to it.
	Aliases []Alias
	// Type says in a few words what the value is.
	Type string
	// Default is the default value, or a few words where it is not a constant. Empty means none.
	Default string
	// Example is a typical value, if the default is none.
	Example string
	// Doc is one or a few sentences.
	Doc string
	// Secret says that the value is never shown and never reaches a job.
	Secret bool

	field string       // of Config
	kind  reflect.Type // of that field
}

// Names are all names of the variable, the canonical one first.
func (v Variable) Names() []string {
	names := []string{v.Name}
	for _, a := range v.Aliases {
		names = append(names, a.Name)
	}
	return names
}

// Variables returns the table, in the order in which a reader would ask.
func Variables() []Variable {
	var all []Variable
	for f := range reflect.TypeFor[Config]().Fields() {
		name, tagged := f.Tag.Lookup("env")
		if !tagged {
			continue
		}
		all = append(all, Variable{
			Name: name, Aliases: aliasesOf(name), Type: typeName(f.Type),
			Default: cmp.Or(f.Tag.Get("envDefault"), f.Tag.Get("default")), Example: f.Tag.Get("example"),
			Doc: f.Tag.Get("doc"), Secret: f.Type == reflect.TypeFor[Secret](), field: f.Name, kind: f.Type,
		})
	}
	return all
}

// list splits at commas and drops what is empty.
func list(s string) []string {
	var parts []string
	for part := range strings.SplitSeq(s, ",") {
		if part = strings.TrimSpace(part); part != "" {
			parts = append(parts, part)
		}
	}
	return parts
}

func typeName(t reflect.Type) string {
	switch zero := reflect.Zero(t).Interface().(type) {
	case bool:
		return "true or false"
	case time.Duration:
		return "duration"
	case Secret:
		return "secret"
	case []string, Passing:
		return "list"
	case Address:
		return "host:port"
	case Kind:
		return inWords(zero.choices(), "or")
	case Suffix:
		return inWords(zero.choices(), "or")
	case Registration:
		return inWords(zero.choices(), "or")
	case Spot:
		return inWords(zero.choices(), "or")
	case Protect:
		return inWords(zero.choices(), "or")
	case Docker:
		return inWords(zero.choices(), "or")
	case Format:
		return inWords(zero.choices(), "or")
	case Level:
		return inWords(zero.choices(), "or")
	}
	return "text"
}
