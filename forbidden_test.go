package layers_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A ban keeps a few calls out of every file that no exemption covers.
type ban struct {
	pkg    string // import path
	names  []string
	why    string
	except []string // packages that may
	only   string   // the one package it binds; all when empty
	tests  bool     // binds tests as well
}

var bans = []ban{
	{pkg: "os", names: []string{"Exit"}, why: "only the command ends the process: anything else skips its clean-up",
		except: []string{"cmd/runner-init", "internal/sim/..."}},
	{pkg: "log", names: []string{"Fatal", "Fatalf", "Fatalln"}, why: "it ends the process and skips its clean-up"},
	{pkg: "os", names: []string{"Getenv", "LookupEnv"}, why: "the environment is read once, by the command, and passed in",
		except: []string{"cmd/runner-init", "internal/sim/...", "internal/need"}},
	// PID 1 hands its environment on and erases it, whatever is in it.
	{pkg: "os", names: []string{"Environ"}, why: "the environment is read once, by the command, and passed in",
		except: []string{"cmd/runner-init", "internal/sim/...", "internal/need", "signals"}},
	{pkg: "log/slog", names: []string{"Default", "SetDefault"}, why: "loggers are passed in", tests: true},
	{pkg: "time", names: []string{"Sleep"}, why: "wait on a pipe: a sleep is a guess about the machine's load", only: "signals", tests: true},
}

// sim is what the command may link for its demo only.
var sim = []string{"internal/sim/..."}

func TestForbiddenCalls(t *testing.T) {
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata"):
			return fs.SkipDir
		case !strings.HasSuffix(path, ".go"):
			return nil
		}
		checkFile(t, path)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func checkFile(t *testing.T, path string) {
	t.Helper()
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, path, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Error(err)
		return
	}
	names := imports(file)
	for _, imported := range names {
		if within(relative(imported), sim) && outsideDemo(path) {
			t.Errorf("%s imports %s: the simulation is for the demo alone", path, relative(imported))
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && id.Name == "Insecure"+"SkipVerify" {
			t.Errorf("%s: certificates are always verified", set.Position(n.Pos()))
		}
		if s, ok := n.(*ast.SelectorExpr); ok {
			checkSelector(t, path, set.Position(n.Pos()), names, s)
		}
		return true
	})
}

// imports maps the name by which the file knows a package to its path.
func imports(file *ast.File) map[string]string {
	names := map[string]string{}
	for _, i := range file.Imports {
		path := strings.Trim(i.Path.Value, `"`)
		name := path[strings.LastIndex(path, "/")+1:]
		if i.Name != nil {
			name = i.Name.Name
		}
		names[name] = path
	}
	return names
}

func checkSelector(t *testing.T, path string, at token.Position, names map[string]string, s *ast.SelectorExpr) {
	t.Helper()
	x, ok := s.X.(*ast.Ident)
	if !ok {
		return
	}
	for _, b := range bans {
		if b.binds(path) && b.pkg == names[x.Name] && slices.Contains(b.names, s.Sel.Name) {
			t.Errorf("%s: %s.%s: %s", at, b.pkg, s.Sel.Name, b.why)
		}
	}
}

// outsideDemo holds for the command's files that have no business with the simulation: all but the demo and the timeline
// that it prints.
func outsideDemo(path string) bool {
	base := filepath.Base(path)
	demo := strings.HasPrefix(base, "demo") || strings.HasPrefix(base, "timeline")
	return filepath.Dir(path) == "cmd/runner-init" && !isTest(path) && !demo
}

func (b ban) binds(path string) bool {
	dir := filepath.Dir(path)
	switch {
	case isTest(path) && !b.tests:
		return false
	case b.only != "":
		return dir == b.only
	default:
		return !within(dir, b.except)
	}
}

func isTest(path string) bool { return strings.HasSuffix(path, "_test.go") }
