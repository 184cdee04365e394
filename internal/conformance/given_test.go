package conformance

import (
	"slices"
	"strings"
	"testing"
)

// TestVerbatim: arguments and environment reach the child as they are.
func TestVerbatim(t *testing.T) {
	tests := []struct {
		name string
		args []string
		env  []string
	}{
		{"usual", []string{"a", "b"}, []string{"A=1", "B=2"}},
		{"nothing", nil, []string{}},
		{"empty", []string{"", ""}, []string{"A=", "B="}},
		{"odd arguments", []string{"a b", "\xff\n", "-", "--", "-v", "--version", "=", "*"}, []string{"A=\xff\n"}},
		{"duplicates", nil, []string{"A=1", "A=2", "PATH=/x", "A=1", "PATH=/y"}},
		{"order", nil, []string{"Z=1", "B=2", "A=3"}},
		{"no equals sign", nil, []string{"A", "=B", "", "C=1", "=", ""}},
		{"long", []string{strings.Repeat("x", 100_000)}, []string{"A=" + strings.Repeat("x", 120_000), "B=1"}},
		{"many", slices.Repeat([]string{"x"}, 5000), slices.Repeat([]string{"A=1"}, 5000)},
		{"flags as variables", nil, []string{"RUNNER_INIT_GROUP=", "TINI_SUBREAPER=", "DUMB_INIT_SETSID=1", "RUNNER_INIT_GROUP="}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			each(t, contenders(everyKind...), func(t *testing.T, c contender) {
				argv := slices.Concat([]string{probe(t), "report"}, test.args)
				o := c.run(t, setup{env: test.env}, slices.Concat([]string{"--"}, argv)...)
				got := report{t, o.stdout}
				if env := got.all("env"); !slices.Equal(env, test.env) {
					t.Errorf("environment %.500q, want %.500q", env, test.env)
				}
				if args := got.all("arg"); !slices.Equal(args, argv) {
					t.Errorf("arguments %.500q, want %.500q", args, argv)
				}
			})
		})
	}
}

// TestNoMoreDescriptors: the child gets none that the init has opened for itself.
func TestNoMoreDescriptors(t *testing.T) {
	each(t, contenders(everyKind...), func(t *testing.T, c contender) {
		got := report{t, c.run(t, setup{}, probe(t), "report").stdout}
		if fds := got.all("fd"); !slices.Equal(fds, []string{"0", "1", "2"}) {
			t.Errorf("the child has descriptors %q", fds)
		}
	})
}
