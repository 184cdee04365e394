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
	"registration token": "registration", "JIT configuration": "configuration", "any of these, dropped": "dropped",
}

// readClaims reads the table.
func readClaims(t *testing.T) claims {
	t.Helper()
	page, err := os.ReadFile("../../docs/security.md")
	if err != nil {
		t.Fatal(err)
	}
	table := claims{}
	var columns []string
	for line := range strings.Lines(string(page)) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		if cells[0] == "a job finds, as" {
			columns = cells
		} else if len(cells) != len(columns) {
			columns = nil
		}
		for begin, name := range claimed {
			if columns != nil && strings.HasPrefix(cells[0], begin) {
				table[name] = map[string]string{}
				for i, cell := range cells[1:] {
					table[name][columns[i+1]] = cell
				}
			}
		}
	}
	if len(table) != len(claimed) {
		t.Fatalf("docs/security.md has the rows %v", table)
	}
	return table
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
