package bench

import (
	"errors"
	"os"
	"strings"
	"testing"
)

// The page that holds the tables, and what they stand between.
const (
	page  = "../docs/performance.md"
	begin = "<!-- make bench writes from here -->\n"
	end   = "<!-- to here -->\n"
)

var errMarkers = errors.New("cannot find where the tables go: each marker has to be there once")

// rewrite puts the text between the markers of a page.
func rewrite(path, text string) error {
	old, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	changed, err := splice(string(old), "\n"+text+"\n")
	if err != nil {
		return err
	}
	return os.WriteFile(path, []byte(changed), 0o644)
}

func splice(whole, text string) (string, error) {
	if strings.Count(whole, begin) != 1 || strings.Count(whole, end) != 1 {
		return "", errMarkers
	}
	before, rest, _ := strings.Cut(whole, begin)
	_, after, found := strings.Cut(rest, end)
	if !found {
		return "", errMarkers
	}
	return before + begin + text + end + after, nil
}

func TestSplice(t *testing.T) {
	got, err := splice("above\n"+begin+"old\n"+end+"below\n", "new\n")
	if want := "above\n" + begin + "new\n" + end + "below\n"; err != nil || got != want {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
	for _, bad := range []string{"", begin, end, end + begin, begin + begin + end, begin + end + end} {
		if _, err := splice(bad, "new\n"); !errors.Is(err, errMarkers) {
			t.Errorf("%q: got %v, want %v", bad, err, errMarkers)
		}
	}
}

// TestPage holds the page to the lines that are measured today, so that a table from before a change is noticed.
func TestPage(t *testing.T) {
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := splice(string(text), ""); err != nil {
		t.Fatal(err)
	}
	var c costs
	for _, one := range []table{c.judged(), c.beside(), c.boot(), c.processes()} {
		for _, title := range one.titles {
			if title != "" && !strings.Contains(string(text), "| "+title+" ") {
				t.Errorf("%s has no column %q: run make bench", page, title)
			}
		}
		for _, line := range one.lines {
			if !strings.Contains(string(text), "\n| "+line[0]+" ") {
				t.Errorf("%s has no line %q: run make bench", page, line[0])
			}
		}
	}
}
