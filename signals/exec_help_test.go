package signals

import (
	"fmt"
	"strings"
	"testing"
)

// TestExecPrints: what only prints something goes to standard output, all of it, and is a success, whatever the
// environment says.
func TestExecPrints(t *testing.T) {
	tests := map[string]func(string) bool{
		"-h": func(out string) bool {
			return strings.HasPrefix(out, "Usage: runner-init exec [FLAGS] [--] CMD [ARG…]\n")
		},
		"--help":    func(out string) bool { return strings.Contains(out, "\n  -r, --rewrite SIG:SIG   ") },
		"-V":        func(out string) bool { return out == "runner-init v1.2.3\n" },
		"--version": func(out string) bool { return out == "runner-init v1.2.3\n" },
		"-l": func(out string) bool {
			return strings.HasSuffix(out, tiniLicense) && strings.Contains(out, "Apache License")
		},
		"--license": func(out string) bool { return strings.HasSuffix(out, tiniLicense) },
	}
	for flag, right := range tests {
		var code int
		var out string
		complaint := printed(t, 2, func() {
			out = printed(t, 1, func() {
				code = Exec(Process{Args: cArgs("exec", flag, "--nope"), Environ: cArgs("RUNNER_INIT_GROUP=maybe")}, "v1.2.3")
			})
		})
		if code != 0 || complaint != "" || !right(out) {
			t.Errorf("%s: got code %d, %q and %q", flag, code, out, complaint)
		}
	}
}

// TestExecHelpIsATable: every flag has a line, all descriptions begin in one column, and no line is too long.
func TestExecHelpIsATable(t *testing.T) {
	lines := strings.Split(printed(t, 1, execUsage), "\n")
	column := 0
	for _, f := range flags {
		found := false
		for _, line := range lines {
			at := strings.Index(line, f.does)
			if at < 0 || !strings.Contains(line, "--"+f.name) {
				continue
			}
			found = true
			if column == 0 {
				column = at
			}
			if at != column || !strings.HasSuffix(line[:at], "  ") {
				t.Errorf("--%s: the description begins in column %d, others in %d", f.name, at, column)
			}
			if f.short != strings.HasPrefix(line, fmt.Sprintf("  -%c, --", f.letter)) {
				t.Errorf("--%s: the letter is wrong: %q", f.name, line)
			}
		}
		if !found {
			t.Errorf("--%s has no line", f.name)
		}
	}
	for _, line := range lines {
		if width := len([]rune(line)); width > 120 {
			t.Errorf("%d wide: %q", width, line)
		}
	}
}

// TestFlags: no two flags share a name, and the string of short ones that the reader is given is what the table says.
func TestFlags(t *testing.T) {
	letters, names := map[byte]bool{}, map[string]bool{}
	for _, f := range flags {
		if letters[f.letter] || names[f.name] || names[f.variable] {
			t.Errorf("--%s is there twice, by one of its names", f.name)
		}
		letters[f.letter], names[f.name] = true, true
		if f.variable != "" {
			names[f.variable] = true
			if want := "RUNNER_INIT_" + strings.ToUpper(strings.ReplaceAll(f.name, "-", "_")); f.variable != want {
				t.Errorf("--%s is %s in the environment, want %s", f.name, f.variable, want)
			}
		}
		if (f.value != "") != (f.argument != noArgument) {
			t.Errorf("--%s: its argument is called %q", f.name, f.value)
		}
		args := []string{"exec", fmt.Sprintf("-%c", f.letter)}
		var s settings
		said := printed(t, 2, func() { printed(t, 1, func() { s.parseExec(Process{Args: cArgs(args...)}, "") }) })
		if invalid := strings.Contains(said, "invalid option"); invalid == f.short {
			t.Errorf("-%c: %q", f.letter, said)
		}
		if wants := strings.Contains(said, "requires an argument"); f.short && wants != (f.argument == requiredArgument) {
			t.Errorf("-%c: %q", f.letter, said)
		}
	}
}
