package config_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/runner-init/runner-init/internal/config"
	"github.com/runner-init/runner-init/internal/page"
)

//go:generate go test -run TestDocs . -update

const generated = "<!-- Generated from package internal/config by `go generate ./internal/config`. Do not edit. -->"

// TestDocs holds docs/variables.md to the struct tags that it is written from.
func TestDocs(t *testing.T) { page.Generated(t, "../../docs/variables.md", variablesPage(t)) }

// variablesPage is the page, with a remark below its title on where it comes from.
func variablesPage(t *testing.T) []byte {
	var page strings.Builder
	if err := config.WriteMarkdown(&page); err != nil {
		t.Fatal(err)
	}
	title, rest, _ := strings.Cut(page.String(), "\n")
	return []byte(title + "\n\n" + generated + "\n" + rest)
}

// The README lists what is not there, and nothing that is.
func TestNotInThisVersion(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(readme), "\n## Not in this version\n\n")
	list, _, _ := strings.Cut(rest, "\n\n")
	var got []string
	for item := range strings.FieldsFuncSeq(list, func(r rune) bool { return strings.ContainsRune("-;,.\n", r) }) {
		if item = strings.ToLower(strings.TrimSpace(item)); item != "" {
			got = append(got, item)
		}
	}
	var want []string
	for _, feature := range config.LaterFeatures() {
		want = append(want, strings.ToLower(feature))
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("the README says that this version lacks %q, the code %q", got, want)
	}
}
