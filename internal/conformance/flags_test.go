package conformance

import (
	"slices"
	"strings"
	"syscall"
	"testing"
)

// eachWay runs a test of exec with a flag and with the variable of the same name.
func eachWay(t *testing.T, flag, variable string, test func(t *testing.T, c contender, s setup, options []string)) {
	t.Helper()
	t.Run("flag", func(t *testing.T) {
		each(t, contenders(execMode), func(t *testing.T, c contender) { test(t, c, setup{}, strings.Fields(flag)) })
	})
	t.Run("variable", func(t *testing.T) {
		each(t, contenders(execMode), func(t *testing.T, c contender) { test(t, c, setup{env: []string{usualPath, variable}}, nil) })
	})
}

// TestExecSession: the child leads a session.
func TestExecSession(t *testing.T) {
	eachWay(t, "--setsid", "RUNNER_INIT_SETSID=1", func(t *testing.T, c contender, s setup, options []string) {
		if got := c.report(t, s, options...); got.number("sid") != got.number("pid") {
			t.Errorf("process %s is in session %s", got.get("pid"), got.get("sid"))
		}
	})
}

// TestExecWarnReap: one warning for each process that was adopted, and none for the main child.
func TestExecWarnReap(t *testing.T) {
	eachWay(t, "-w", "RUNNER_INIT_WARN_REAP=yes", func(t *testing.T, c contender, s setup, options []string) {
		got := c.run(t, s, slices.Concat(options, sh(t, "%s orphans 3 </dev/null; exit 4", probe(t)))...)
		warnings := strings.Split(strings.TrimSpace(got.stderr), "\n")
		if got.code != 4 || len(warnings) != 3 || !strings.HasPrefix(warnings[0], "runner-init: ") {
			t.Errorf("%+v, want three warnings and exit code 4", got)
		}
	})
}

// TestParentDeath: the init is told of its parent's death, and tells the child.
func TestParentDeath(t *testing.T) {
	for _, test := range []struct {
		name  string
		where kind
		args  []string
		env   string
	}{
		{"tini", tini, []string{"-s", "-p", "SIGUSR1"}, "A=1"},
		{"short", execMode, []string{"-pusr1"}, "A=1"},
		{"long", execMode, []string{"--pdeathsig=10"}, "A=1"},
		{"variable", execMode, nil, "RUNNER_INIT_PDEATHSIG=SIGUSR1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			each(t, contenders(test.where), func(t *testing.T, c contender) {
				p := c.start(t, setup{parent: true, env: []string{test.env}}, slices.Concat(test.args, []string{probe(t), "count", "10", "7"})...)
				p.expect("ready\n")
				send(t, p.parent(), syscall.SIGTERM)
				p.expect("ready\n10\n")
			}, isBeside)
		})
	}
}
