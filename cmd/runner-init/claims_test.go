package main

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// claims is the table of docs/security.md that says what a job finds: rows of secrets, columns of attackers.
type claims map[string]map[string]string

// names of the secrets, by how their rows begin.
var claimed = map[string]string{
	"`GITHUB_TOKEN`": "token", "`GITHUB_APP_PRIVATE_KEY`": "key", "installation token": "installation",
	"registration token": "registration", "value of a reference": "reference", "AWS credentials": "aws", "JIT configuration": "configuration", "any of these, dropped": "dropped",
}

// readClaims reads the table.
func readClaims(t *testing.T) claims {
	t.Helper()
	table := claims{}
	for _, row := range readTable(t, "a job finds, as") {
		for begin, name := range claimed {
			if strings.HasPrefix(row[""], begin) {
				table[name] = row
			}
		}
	}
	if len(table) != len(claimed) {
		t.Fatalf("docs/security.md has the rows %v", table)
	}
	return table
}

// readTable returns the rows of the page's table whose first heading is the given one: heading to cell, and the first cell
// under no name.
func readTable(t *testing.T, heading string) (rows []map[string]string) {
	t.Helper()
	page, err := os.ReadFile("../../docs/security.md")
	if err != nil {
		t.Fatal(err)
	}
	var columns []string
	for line := range strings.Lines(string(page)) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		switch {
		case cells[0] == heading:
			columns = append([]string{""}, cells[1:]...)
		case len(cells) != len(columns):
			columns = nil
		default:
			row := map[string]string{}
			for i, cell := range cells {
				row[columns[i]] = cell
			}
			rows = append(rows, row)
		}
	}
	return rows
}

// What the page makes of it is what jobs find: prevented is what none finds, harder what takes the right to trace.
func TestThreats(t *testing.T) {
	found := readClaims(t)
	seen := 0
	for _, row := range readTable(t, "asset") {
		var secrets []string
		switch {
		case strings.HasPrefix(row[""], "`GITHUB_TOKEN`"):
			secrets = []string{"token", "key", "installation", "reference"}
		case strings.HasPrefix(row[""], "registration token"):
			secrets = []string{"registration", "configuration"}
		default:
			continue
		}
		seen++
		for _, a := range []string{"another user", "the same user", "root"} {
			want := "prevented"
			for _, s := range secrets {
				if found.cell(s, a) != "nothing" {
					want = "open"
				} else if a == "root" && found.cell(s, "root that may trace") != "nothing" {
					want = "harder"
				}
			}
			if cell := row["a job as "+a]; !strings.HasPrefix(cell, want) {
				t.Errorf("%s, a job as %s: %q, want %s", row[""], a, cell, want)
			}
		}
	}
	if seen != 2 {
		t.Errorf("docs/security.md has %d of the rows", seen)
	}
}

func (c claims) cell(secret, attacker string) string { return c[secret][attacker] }

// of returns what an attacker finds, as the hunt reports it.
func (c claims) of(attacker string) (found []string) {
	for secret, row := range c {
		if row[attacker] == "nothing" {
			continue
		}
		for place := range strings.SplitSeq(row[attacker], ", ") {
			found = append(found, secret+" "+place)
		}
	}
	slices.Sort(found)
	return found
}
