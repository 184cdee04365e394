package config

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"strconv"
	"strings"
	"text/tabwriter"
	"unicode"
)

// Setting is one variable as it was resolved. It holds no secret.
type Setting struct {
	Name   string `json:"name"`
	Value  string `json:"value"`
	Origin string `json:"origin"` // default, RUNNER_ORG, alias ORG_NAME, RUNNER_ORG_FILE=/path, derived from …
	// Default is the default value, or a few words where it is not a constant.
	Default string `json:"default,omitempty"`
	Secret  bool   `json:"secret,omitempty"`
	// Refused says that what was given cannot be used, so that there is no value. A problem says why.
	Refused bool   `json:"refused,omitempty"`
	Doc     string `json:"doc"`
}

// Report returns every setting, in the order of Variables.
func (c Config) Report() []Setting {
	var settings []Setting
	fields, secrets := reflect.ValueOf(c), c.Secrets()
	for _, v := range Variables() {
		s := Setting{Name: v.Name, Default: v.Default, Origin: cmp.Or(c.origins[v.Name], "default"), Secret: v.Secret, Refused: c.refused[v.Name], Doc: v.Doc}
		if !s.Refused {
			s.Value = redact(show(fields.FieldByName(v.field).Interface()), secrets)
		}
		settings = append(settings, s)
	}
	return settings
}

// WriteText writes the report as a table for people: name, value, origin. Then come the warnings; the problems are left to
// who has Load's error.
func (c Config) WriteText(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, s := range c.Report() {
		fmt.Fprintf(table, "%s\t%s\t%s\n", s.Name, s.inTable(), printable(s.Origin))
	}
	if err := table.Flush(); err != nil {
		return fmt.Errorf("cannot write the configuration: %w", err)
	}
	for _, warning := range c.warnings {
		if _, err := fmt.Fprintf(w, "warning: %s\n", printable(warning)); err != nil {
			return fmt.Errorf("cannot write the configuration: %w", err)
		}
	}
	return nil
}

// inTable is the value for people, or in parentheses why there is none.
func (s Setting) inTable() string {
	switch {
	case s.Refused:
		return "(refused)"
	case s.Value != "":
		return printable(s.Value)
	case s.Default != "":
		return "(" + s.Default + ")"
	}
	return "-"
}

// WriteJSON writes the report as one JSON object, with all that is wrong.
func (c Config) WriteJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	err := e.Encode(struct {
		Scope    string    `json:"scope"` // for people: repository acme/widgets
		Settings []Setting `json:"settings"`
		Warnings []string  `json:"warnings,omitempty"`
		Problems []Problem `json:"problems,omitempty"`
	}{redact(c.Scope.String(), c.Secrets()), c.Report(), c.warnings, c.problems})
	if err != nil {
		return fmt.Errorf("cannot write the configuration: %w", err)
	}
	return nil
}

// printable quotes what would play tricks on a terminal, or on the table.
func printable(s string) string {
	if strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) || r == unicode.ReplacementChar }) {
		return strconv.Quote(s)
	}
	return s
}
