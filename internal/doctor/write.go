package doctor

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"unicode"
)

// Line is a finding for people, with its hint on a line of its own.
func (f Finding) Line() string {
	line := fmt.Sprintf("%-4s  %-17s  %s\n", f.Status, f.Name, plain(f.Text))
	if f.Hint != "" {
		line += fmt.Sprintf("%25shint: %s\n", "", plain(f.Hint))
	}
	return line
}

// Summary counts findings, for people.
func Summary(findings []Finding, code int) string {
	counted := map[Status]int{}
	for _, f := range findings {
		counted[f.Status]++
	}
	return fmt.Sprintf("%d ok, %d warn, %d fail, %d skip: exit code %d\n", counted[OK], counted[Warn], counted[Fail], counted[Skip], code)
}

// WriteJSON writes findings as one JSON object.
func WriteJSON(w io.Writer, findings []Finding, code int) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	err := e.Encode(struct {
		ExitCode int       `json:"exit_code"`
		Checks   []Finding `json:"checks"`
	}{code, findings})
	if err != nil {
		return fmt.Errorf("cannot write the findings: %w", err)
	}
	return nil
}

// plain keeps a line a line, and what plays tricks on a terminal out of it: a server's words may be in it.
func plain(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsPrint(r):
			return unicode.ReplacementChar
		}
		return r
	}, text)
}
