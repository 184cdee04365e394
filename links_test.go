package layers_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	link    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading = regexp.MustCompile(`(?m)^#+ (.*)$`)
	row     = regexp.MustCompile(`(?m)^\| .* \|$`)
	number  = regexp.MustCompile(`^\d+$`)
	grace   = regexp.MustCompile(`^\d+[smh]$`)
	symbols = regexp.MustCompile(`[^\w\- ]`)
)

// TestLinks follows every link that stays within the repository, to the heading if it names one.
func TestLinks(t *testing.T) {
	walk(t, ".md", func(path string) {
		for _, m := range link.FindAllStringSubmatch(block.ReplaceAllString(read(t, path), ""), -1) {
			to, anchor, _ := strings.Cut(m[1], "#")
			if strings.Contains(to, "://") {
				continue
			}
			there := path
			if to != "" {
				there = filepath.Join(filepath.Dir(path), to)
			}
			if _, err := os.Stat(there); err != nil {
				t.Errorf("%s: %v", path, err)
			} else if anchor != "" && !slices.Contains(anchors(read(t, there)), anchor) {
				t.Errorf("%s: %s has no heading #%s", path, there, anchor)
			}
		}
	})
}

// anchors are the names that GitHub gives to headings.
func anchors(page string) (all []string) {
	for _, m := range heading.FindAllStringSubmatch(block.ReplaceAllString(page, ""), -1) {
		slug := symbols.ReplaceAllString(strings.ToLower(m[1]), "")
		all = append(all, strings.ReplaceAll(slug, " ", "-"))
	}
	return all
}

// TestREADMETables holds the short tables of the README to the generated pages: the numbers of a stop, the exit codes,
// the defaults of variables.
func TestREADMETables(t *testing.T) {
	lifecycle, codes, variables := read(t, "docs/lifecycle.md"), read(t, "docs/exit-codes.md"), read(t, "docs/variables.md")
	found := 0
	for _, line := range row.FindAllString(read(t, "README.md"), -1) {
		cells := strings.Split(strings.Trim(line, "| "), " | ")
		var page, want string
		switch {
		case grace.MatchString(cells[0]):
			page, want = lifecycle, line+"\n"
		case number.MatchString(cells[0]):
			page, want = codes, "\n"+line
		case strings.HasPrefix(cells[0], "`RUNNER_"), strings.HasPrefix(cells[0], "`GITHUB_"):
			page, want = rowOf(variables, cells[0]), "| "+cells[1]
		default:
			continue
		}
		found++
		if !strings.Contains(page, want) {
			t.Errorf("README.md: not what the generated page says: %s", line)
		}
	}
	if found == 0 {
		t.Error("README.md has no table to compare")
	}
}

// rowOf returns the row of a table whose first cell is given.
func rowOf(page, first string) string {
	for _, line := range row.FindAllString(page, -1) {
		if strings.HasPrefix(line, "| "+first+" |") {
			return line
		}
	}
	return ""
}
