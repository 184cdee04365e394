package config

import (
	"cmp"
	"fmt"
	"io"
	"strings"
)

// WriteMarkdown writes the table of variables as a page for docs.
func WriteMarkdown(w io.Writer) error {
	var page strings.Builder
	page.WriteString(markdownHead)
	for _, v := range Variables() {
		fmt.Fprintf(&page, "| `%s` | %s | %s | %s | %s |\n", v.Name, aliasCell(v), cell(v.Type), defaultCell(v), cell(v.Doc))
	}
	if _, err := io.WriteString(w, page.String()); err != nil {
		return fmt.Errorf("cannot write the table of variables: %w", err)
	}
	return nil
}

const markdownHead = `# Environment variables

Everything is configured by environment variables, read once, before anything is done. All that is wrong is reported at
once, with exit code 78. ` + "`runner-init config`" + ` prints what the variables come to and where each value came from.

- Unset and empty are the same. White space around a value is dropped.
- A canonical name wins over its aliases. Aliases that are set to different values are an error.
- Every name X, canonical or alias, also works as X_FILE: the path of a file with the value, of at most 1 MiB, without its
  last line break. Setting both is an error.
- A duration is a number of seconds, or written like 90s, 2m or 1h30m.
- A secret is never shown and never reaches a job.

| variable | aliases | value | default | meaning |
|---|---|---|---|---|
`

func aliasCell(v Variable) string {
	aliases := make([]string, len(v.Aliases))
	for i, a := range v.Aliases {
		aliases[i] = "`" + a + "`"
	}
	return strings.Join(aliases, " ")
}

// defaultCell has an example where there is nothing better to show.
func defaultCell(v Variable) string {
	var parts []string
	if v.Default != "" {
		parts = append(parts, cell(v.Default))
	}
	if v.Example != "" {
		parts = append(parts, "e.g. `"+v.Example+"`")
	}
	return cmp.Or(strings.Join(parts, "; "), "–")
}

// cell escapes what would end a cell or begin emphasis.
func cell(s string) string { return strings.NewReplacer("|", `\|`, "*", `\*`).Replace(s) }
