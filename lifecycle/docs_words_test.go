package lifecycle

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// phaseIdentifiers are the names of the phases in the source.
var phaseIdentifiers = [...]string{
	"Booting", "Authenticating", "Registering", "Starting", "Listening", "Running",
	"Stopping", "Draining", "Cancelling", "Deregistering", "Exited",
}

// words explains every event, action, timer and verdict in the words of the source.
func words(t *testing.T) string {
	t.Helper()
	var page strings.Builder
	events, actions := commentsOf(t, "event.go"), commentsOf(t, "action.go")
	table := func(title string, comments map[string]string, names ...string) {
		fmt.Fprintf(&page, "\n### %s\n\n| word | meaning |\n|---|---|\n", title)
		for _, name := range names {
			fmt.Fprintf(&page, "| `%s` | %s |\n", name, comments[name])
		}
	}
	fmt.Fprint(&page, "\n## The words\n")
	table("Events", events, "Booted", "Authenticated", "Registered", "Failed", "Ready", "JobStarted", "JobEnded", "Looked",
		"Watched", "Probed", "Checked", "Updated", "Ended", "Stop", "Leave", "Notice", "Fenced", "Deregistered", "Expired")
	table("Actions", actions, "Boot", "Authenticate", "Register", "Launch", "Watch", "Probe", "Check", "AwaitUpdate", "Cancel", "Fence", "Look",
		"Interrupt", "Kill", "Deregister", "Arm", "Disarm")
	table("Timers", events, timerNames...)
	table("How a listener ends", events, endingIdentifiers[:]...)
	table("What GitHub shows of a registration", events, "Unclear", "Missing", "Vacant", "Offline", "Occupied", "Unasked")
	table("What GitHub answers to a deletion", events, "Gone", "Busy", "Unknown", "Kept")
	return page.String()
}

// commentsOf returns the comment of each type and constant of a file.
func commentsOf(t *testing.T, file string) map[string]string {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	comments := map[string]string{}
	ast.Inspect(parsed, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.TypeSpec:
			comments[n.Name.Name] = meaning(n.Name.Name, n.Doc)
		case *ast.ValueSpec:
			comments[n.Names[0].Name] = meaning(n.Names[0].Name, n.Doc)
		}
		return true
	})
	return comments
}

// meaning is a comment as one line, without the name that it begins with.
func meaning(name string, c *ast.CommentGroup) string {
	text := strings.TrimPrefix(strings.Join(strings.Fields(c.Text()), " "), name)
	for _, verb := range []string{":", " is"} {
		text = strings.TrimPrefix(text, verb)
	}
	text = strings.TrimSpace(text)
	if text == "" {
		return ""
	}
	return strings.ToUpper(text[:1]) + text[1:]
}

// TestEveryWordIsExplained: no row of the generated page is empty, and no event, action or phase is left out.
func TestEveryWordIsExplained(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "docs", "lifecycle.md"))
	if err != nil {
		t.Fatal(err)
	}
	page := string(text)
	if strings.Contains(page, "|  |") {
		t.Error("a word has no comment in the source")
	}
	for file, marker := range map[string]string{"event.go": "event", "action.go": "action"} {
		for _, name := range implementers(t, file, marker) {
			if !strings.Contains(page, "| `"+name+"` |") {
				t.Errorf("%s is not explained", name)
			}
		}
	}
	for p, name := range phaseIdentifiers {
		if got := Phase(p).String(); got != strings.ToLower(name) {
			t.Errorf("phase %s: got the name %q", name, got)
		}
	}
}

// implementers lists the types of a file that have the marking method.
func implementers(t *testing.T, file, method string) []string {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, d := range parsed.Decls {
		if f, ok := d.(*ast.FuncDecl); ok && f.Recv != nil && f.Name.Name == method {
			names = append(names, f.Recv.List[0].Type.(*ast.Ident).Name)
		}
	}
	return names
}
