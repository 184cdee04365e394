package config

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// WriteMarkdown writes the table of variables, and that of the images whose names are understood, as a page for docs.
func WriteMarkdown(w io.Writer) error {
	var page strings.Builder
	page.WriteString(markdownHead)
	table := Variables()
	for _, v := range table {
		fmt.Fprintf(&page, "| `%s` | %s | %s | %s | %s | %s |\n", v.Name, aliasCell(v), cell(v.Type), orDash(cell(v.Default)), orDash(code(v.Example)), cell(v.Doc))
	}
	if len(laters) > 0 {
		page.WriteString(markdownLaters)
	}
	for _, l := range laters {
		fmt.Fprintf(&page, "| %s | %s | %s |\n", codes(l.names), cell(l.feature), cell(l.instead))
	}
	page.WriteString(markdownImages)
	for _, image := range Images() {
		fmt.Fprintf(&page, "| [%s](%s) | %s |\n", image.Name, image.Source, codes(namesFrom(image, table)))
	}
	if _, err := io.WriteString(w, page.String()); err != nil {
		return fmt.Errorf("cannot write the table of variables: %w", err)
	}
	return nil
}

const markdownHead = `# Environment variables

Everything is configured by environment variables, read once, before anything is done. All that is wrong is reported at
once, with exit code 78, or
77 or 69 if it is AWS alone that refuses, or does not give, a value. ` + "`runner-init config`" + ` prints what the variables come to and where each value came from.

Every name X, canonical or alias, has these forms; setting more than one of them is an error:

| form | the value is |
|---|---|
| ` + "`X`" + ` | the value itself |
| ` + "`X_FILE`" + ` | the path of a file with the value: a regular file of at most 1 MiB, in UTF-8; a byte order mark and the line break at its end do not count |
| ` + "`X_VALUE_FROM`" + ` | the name or ARN of a parameter in AWS's SSM Parameter Store, with ` + "`:VERSION` or `:LABEL`" + ` after it if need be; or the ARN of a secret in Secrets Manager, with nothing after it or all of ` + "`:JSON-KEY:VERSION-STAGE:VERSION-ID`" + `, each of which may be empty. This is what valueFrom may be in an ECS task definition |
| ` + "`X`" + `, of a secret | such an ARN |

- Unset and empty are the same. White space around a value is dropped.
- A canonical name wins over its aliases. Aliases that are set to different values are an error; true and 1, or 60 and 1m,
  are not different.
- A duration is a number of seconds, or written like 90s, 2m or 1h30m.
- A secret is never shown and never reaches a job.

| variable | aliases, and where they come from | value | default | example | meaning |
|---|---|---|---|---|---|
`

const markdownLaters = `
## Not in this version

Who sets one of these counts on what it does, so it is refused, with exit code 78, unless its value says that it is off:

| variable | for | until then |
|---|---|---|
`

const markdownImages = `
## Other images

An image that was built for one of these, or a task definition, a pod or a compose file that was written for it, keeps its
variables:

| image | its names for what has another name here |
|---|---|
`

func aliasCell(v Variable) string {
	aliases := make([]string, len(v.Aliases))
	for i, a := range v.Aliases {
		aliases[i] = code(a.Name)
		if len(a.Images) > 0 {
			aliases[i] += " (" + strings.Join(a.Images, ", ") + ")"
		}
	}
	return orDash(strings.Join(aliases, "<br>"))
}

// namesFrom are the aliases that come from an image, in the order of their variables.
func namesFrom(image Image, table []Variable) (names []string) {
	for _, v := range table {
		for _, a := range v.Aliases {
			if slices.Contains(a.Images, image.Name) {
				names = append(names, a.Name)
			}
		}
	}
	return names
}

func codes(names []string) string {
	var quoted []string
	for _, name := range names {
		quoted = append(quoted, code(name))
	}
	return strings.Join(quoted, " ")
}

func code(s string) string {
	if s == "" {
		return ""
	}
	return "`" + s + "`"
}

func orDash(s string) string {
	if s == "" {
		return "–"
	}
	return s
}

// cell escapes what would end a cell or begin emphasis.
func cell(s string) string { return strings.NewReplacer("|", `\|`, "*", `\*`).Replace(s) }
