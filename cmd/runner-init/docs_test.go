package main

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/runner-init/runner-init/internal/page"
)

//go:generate go test -run TestLogsPage . -update

// TestLogsPage holds docs/logs.md to the code that logs, and the code to the keys.
func TestLogsPage(t *testing.T) { page.Generated(t, "../../docs/logs.md", logsPage(t)) }

func logsPage(t *testing.T) []byte {
	keys, messages, fields := map[string]string{}, map[string]string{}, ""
	for _, path := range sources(t, ".", "../../registration", "../../internal/platform", "../../internal/platform/ecs", "../../internal/platform/kubernetes") {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.ValueSpec:
				noteKey(t, keys, n)
			case *ast.CallExpr:
				noteMessage(t, path, messages, n)
			case *ast.TypeSpec:
				if words, ok := n.Type.(*ast.StructType); ok && n.Name.Name == "lastWords" {
					fields = fieldRows(words)
				}
			}
			return true
		})
	}
	var page bytes.Buffer
	page.WriteString(logsHead)
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		fmt.Fprintf(&page, "| `%s` | %s |\n", key, keys[key])
	}
	page.WriteString(storiesHead)
	for _, s := range stories {
		fmt.Fprintf(&page, "| %s | %s |\n", s.message, s.row())
	}
	page.WriteString(messagesHead)
	for _, message := range slices.Sorted(maps.Keys(messages)) {
		fmt.Fprintf(&page, "| %s | %s |\n", message, messages[message])
	}
	page.WriteString(terminationHead + fields)
	return page.Bytes()
}

const logsHead = `# What we log

<!-- Generated from cmd/runner-init, registration and internal/platform by ` + "`go generate ./cmd/runner-init`" + `. Do not edit. -->

Our own log goes to standard error, one record a line: JSON, or text on a terminal or with ` + "`RUNNER_LOG_FORMAT=text`" + `. The
message of a record is constant, and what varies is in attributes whose keys stay the same from version to version. There is
one record at level info for each change of phase, and the last record of all, ` + "`exited`" + `, says why we ended. Secrets
are taken out. What the runner prints is not ours: it goes to standard output as it is.

## Keys

| key | meaning |
|---|---|
| ` + "`time`, `level`, `msg`" + ` | of the record itself |
`

const storiesHead = `
## The life of a runner

The records that tell it, and the keys that each one has; those in brackets are there where there is something to say. Besides
them, each has those of the place where it runs, such as ` + "`cluster` and `task`, or `namespace` and `pod`" + `.

| message | keys |
|---|---|
`

const messagesHead = `
## Messages

| message | level |
|---|---|
`

const terminationHead = `
## The termination message

The file that ` + "`RUNNER_TERMINATION_LOG`" + ` names, ` + "`/dev/termination-log`" + ` where Kubernetes has made one, gets the last words: one
line of JSON, of 4096 bytes at most.

| field | meaning |
|---|---|
`

// sources are the files of packages, without their tests.
func sources(t *testing.T, dirs ...string) (files []string) {
	t.Helper()
	for _, dir := range dirs {
		all, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, slices.DeleteFunc(all, func(path string) bool { return strings.HasSuffix(path, "_test.go") })...)
	}
	return files
}

// noteKey adds a constant that is a key, with the comment that says what it means. The same key means the same everywhere.
func noteKey(t *testing.T, keys map[string]string, spec *ast.ValueSpec) {
	t.Helper()
	if !strings.HasPrefix(spec.Names[0].Name, "key") || len(spec.Values) != 1 {
		return
	}
	value, ok := spec.Values[0].(*ast.BasicLit)
	if !ok || value.Kind != token.STRING {
		return
	}
	key, _ := strconv.Unquote(value.Value)
	meaning := strings.TrimSpace(spec.Comment.Text())
	if known, twice := keys[key]; meaning == "" || twice && known != meaning {
		t.Errorf("key %q means %q, and %q", key, meaning, known)
	}
	keys[key] = meaning
}

// noteMessage adds the message of a call that logs, and sees to it that attributes have no keys but those.
func noteMessage(t *testing.T, path string, messages map[string]string, call *ast.CallExpr) {
	t.Helper()
	method, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return
	}
	if of, ok := method.X.(*ast.Ident); ok && of.Name == "slog" && len(call.Args) > 1 {
		if literal, ok := call.Args[0].(*ast.BasicLit); ok {
			t.Errorf("%s: the key %s is no constant of the table", path, literal.Value)
		}
	}
	at := map[string]int{"Info": 0, "Warn": 0, "Error": 0, "Log": 2, "LogAttrs": 2}
	index, logs := at[method.Sel.Name]
	if !logs || len(call.Args) <= index {
		return
	}
	literal, ok := call.Args[index].(*ast.BasicLit)
	if !ok || literal.Kind != token.STRING {
		return
	}
	message, _ := strconv.Unquote(literal.Value)
	level := strings.ToLower(method.Sel.Name)
	if index > 0 {
		level = "by its cause"
	}
	if known := messages[message]; known != "" && known != level {
		level = known + ", " + level
	}
	messages[message] = level
}

// fieldRows are the rows of a table of the fields of a struct that is printed as JSON.
func fieldRows(words *ast.StructType) string {
	var rows strings.Builder
	for _, field := range words.Fields.List {
		tag, _ := strconv.Unquote(field.Tag.Value)
		name, _, _ := strings.Cut(strings.TrimSuffix(strings.TrimPrefix(tag, `json:"`), `"`), ",")
		fmt.Fprintf(&rows, "| `%s` | %s |\n", name, strings.TrimSpace(field.Comment.Text()))
	}
	return rows.String()
}
