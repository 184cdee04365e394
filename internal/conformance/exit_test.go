package conformance

import (
	"strings"
	"testing"
)

// TestExitCode: the child's exit code, and 128+n for a signal.
func TestExitCode(t *testing.T) {
	tests := []struct {
		name string
		args []string
		want int
	}{
		{"success", []string{"exit", "0"}, 0},
		{"failure", []string{"exit", "1"}, 1},
		{"highest", []string{"exit", "255"}, 255},
		{"as if by a signal", []string{"exit", "143"}, 143},
		{"TERM", []string{"kill", "15"}, 143},
		{"KILL", []string{"kill", "9"}, 137},
		{"SEGV", []string{"kill", "11"}, 139},
		{"real-time", []string{"kill", "34"}, 162},
		{"last", []string{"kill", "64"}, 192},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			each(t, contenders(everyKind...), func(t *testing.T, c contender) {
				args := append([]string{probe(t)}, test.args...)
				got := c.run(t, setup{}, args...)
				if got.stderr = withoutWarning(got.stderr); got != (observed{code: test.want}) {
					t.Errorf("%+v, want exit code %d and no word", got, test.want)
				}
			})
		})
	}
}

// withoutWarning leaves out the three lines in which tini warns that it is not PID 1.
func withoutWarning(text string) string {
	if strings.HasPrefix(text, "[WARN  tini (2)] Tini is not running as PID 1") {
		return strings.Join(strings.SplitAfter(text, "\n")[3:], "")
	}
	return text
}
