package layers_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// pages are the ones that speak of the code by name.
var pages = []string{"README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "docs/adr/0001-two-processes.md", "docs/adr/0002-the-fence-comes-first.md", "docs/adr/0004-last-words.md"}

// What may stand in code type, and what can be checked of it.
var (
	block    = regexp.MustCompile("(?ms)^```.*?^```$")
	code     = regexp.MustCompile("`([^`\n]+)`")
	target   = regexp.MustCompile(`^make (\w+)$`)
	file     = regexp.MustCompile(`^[\w.-]+(/[\w.-]+)*/?$`)
	variable = regexp.MustCompile(`^(RUNNER|GITHUB)_[A-Z_]+$`)
	dotted   = regexp.MustCompile(`^([a-z]\w*)\.[A-Z]\w*(\.[A-Z]\w*)?$`)
	name     = regexp.MustCompile(`^[A-Za-z]*([a-z][A-Z]|[A-Z][a-z])[A-Za-z]*$`)
)

// elsewhere are names that other programs gave.
var elsewhere = []string{
	"Linux", "stopTimeout", "terminationGracePeriodSeconds", "initProcessEnabled", "readinessProbe", "GITHUB_OPENAPI", "RUNNER_INIT_TEST_NEED",
}

// TestDocs holds what the pages name in code type to what there is.
func TestDocs(t *testing.T) {
	known := declared(t)
	makefile, variables := read(t, "Makefile"), read(t, "docs/variables.md")
	for _, page := range pages {
		for _, m := range code.FindAllStringSubmatch(block.ReplaceAllString(read(t, page), ""), -1) {
			word := m[1]
			switch {
			case slices.Contains(elsewhere, word):
			case target.MatchString(word):
				if !strings.Contains(makefile, "\n"+word[len("make "):]+":") {
					t.Errorf("%s: the Makefile has no target for %q", page, word)
				}
			case file.MatchString(word) && inRepository(word):
				if _, err := os.Stat(word); err != nil {
					t.Errorf("%s: %v", page, err)
				}
			case variable.MatchString(word):
				if !strings.Contains(variables, "`"+word+"`") {
					t.Errorf("%s: there is no variable %s", page, word)
				}
			case dotted.MatchString(word) && known[dotted.FindStringSubmatch(word)[1]], name.MatchString(word):
				if !known[word] {
					t.Errorf("%s: nothing is called %s", page, word)
				}
			}
		}
	}
}

// inRepository tells a path of this repository by its first element, and a file at its root by its extension too.
func inRepository(path string) bool {
	first, _, _ := strings.Cut(path, "/")
	_, err := os.Stat(first)
	return err == nil && first != "bin" || slices.Contains([]string{".go", ".md", ".mod"}, filepath.Ext(path))
}

// declared returns the names of all packages and of all that they declare: alone, and after the package; a method also
// after its type.
func declared(t *testing.T) map[string]bool {
	known := map[string]bool{}
	walk(t, ".go", func(path string) {
		parsed, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		pkg := parsed.Name.Name
		known[pkg] = true
		for _, d := range parsed.Decls {
			for _, n := range namesOf(d) {
				known[n], known[n[strings.LastIndex(n, ".")+1:]], known[pkg+"."+n] = true, true, true
			}
		}
	})
	return known
}

// namesOf returns what a declaration declares.
func namesOf(d ast.Decl) (names []string) {
	if f, ok := d.(*ast.FuncDecl); ok {
		return []string{strings.TrimLeft(receiver(f)+"."+f.Name.Name, ".")}
	}
	for _, s := range d.(*ast.GenDecl).Specs {
		switch s := s.(type) {
		case *ast.TypeSpec:
			names = append(names, s.Name.Name)
		case *ast.ValueSpec:
			for _, n := range s.Names {
				names = append(names, n.Name)
			}
		}
	}
	return names
}

// receiver returns the type that a method belongs to, or nothing.
func receiver(f *ast.FuncDecl) string {
	if f.Recv == nil {
		return ""
	}
	of := f.Recv.List[0].Type
	if star, ok := of.(*ast.StarExpr); ok {
		of = star.X
	}
	if id, ok := of.(*ast.Ident); ok {
		return id.Name
	}
	return ""
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// walk visits the files of the repository with an extension.
func walk(t *testing.T, ext string, visit func(path string)) {
	t.Helper()
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata"):
			return fs.SkipDir
		case filepath.Ext(path) == ext:
			visit(path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
