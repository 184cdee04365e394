package signals

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// wanted are settings as exec begins with them, changed.
func wanted(change func(*settings)) settings {
	s := settings{manners: ours, verbosity: tiniWarning}
	change(&s)
	return s
}

const ms = int64(time.Millisecond)

// meanings are what flags and variables come to. Those on the command line are followed by the command.
var meanings = []struct {
	args, environ string // separated by blanks, and by bars
	want          func(*settings)
}{
	{"", "", func(*settings) {}},
	{"--", "", func(*settings) {}},
	{"-c", "", func(s *settings) { s.target = toChild }},
	{"-g", "", func(s *settings) { s.target = toGroup }},
	{"--group", "", func(s *settings) { s.target = toGroup }},
	{"-gc", "", func(s *settings) { s.target = toChild }},
	{"-cg", "", func(s *settings) { s.target = toChild }},
	{"--all --single-child", "", func(s *settings) { s.target = toChild }},
	{"--all", "", func(s *settings) { s.target = toAll }},
	{"--setsid", "", func(s *settings) { s.session = true }}, // which signals the group, if nothing is said of that
	{"-c --setsid", "", func(s *settings) { s.session, s.target = true, toChild }},
	{"-s", "", func(s *settings) { s.subreaper = true }},
	{"-w", "", func(s *settings) { s.warnReaped = true }},
	{"-vvv", "", func(s *settings) { s.verbosity = tiniWarning + 3 }},
	{"--report", "", func(s *settings) { s.report = true }},
	{"--rep", "", func(s *settings) { s.report = true }},
	{"-pTERM", "", func(s *settings) { s.deathSignal = 15 }},
	{"--pdeathsig SIGKILL", "", func(s *settings) { s.deathSignal = 9 }},
	{"-r TERM:QUIT -r15:3 --rewrite=usr1:0 -r RTMIN+1:RTMAX", "", func(s *settings) {
		s.rewrite[15], s.rewrite[10], s.rewrite[35] = 3, dropped, 64
	}},
	{"-e 143 -e 0 --remap-exit=255", "", func(s *settings) { s.remapped[143], s.remapped[0], s.remapped[255] = true, true, true }},
	{"--wait", "", func(s *settings) { s.wait = true }},
	{"--wait=", "", func(s *settings) { s.wait = true }},
	{"--wait=1.5", "", func(s *settings) { s.wait, s.waitGrace = true, 1500*ms }},
	{"--grace 2m", "", func(s *settings) { s.grace = 120_000 * ms }},
	{"--delay TERM:250ms --delay=2:1", "", func(s *settings) { s.delay[15], s.delay[2] = 250*ms, 1000*ms }},

	{"", "GROUP=true", func(s *settings) { s.target = toGroup }},
	{"", "GROUP=Yes", func(s *settings) { s.target = toGroup }},
	{"", "GROUP=0|ALL=off|SETSID=no|REPORT=false|SUBREAPER=FALSE|WARN_REAP=No", func(*settings) {}},
	{"", "GROUP=|VERBOSE=|REWRITE=|WAIT=|GRACE=|PDEATHSIG=|REMAP_EXIT=|DELAY=", func(*settings) {}},
	{"", "ALL=1|SETSID=on|SUBREAPER=ON|WARN_REAP=TRUE|REPORT=yes", func(s *settings) {
		s.target, s.session, s.subreaper, s.warnReaped, s.report = toAll, true, true, true, true
	}},
	{"", "GROUP=1|SINGLE_CHILD=1", func(s *settings) { s.target = toChild }},
	{"-g", "SINGLE_CHILD=1", func(s *settings) { s.target = toGroup }},
	{"-c", "GROUP=1", func(s *settings) { s.target = toChild }},
	{"", "VERBOSE=0", func(s *settings) { s.verbosity = tiniWarning }},
	{"", "VERBOSE=3", func(s *settings) { s.verbosity = tiniWarning + 3 }},
	{"", "VERBOSE=true", func(s *settings) { s.verbosity = tiniWarning + 1 }},
	{"-v", "VERBOSE=2", func(s *settings) { s.verbosity = tiniWarning + 3 }},
	{"", "REWRITE=TERM:QUIT,INT:0 \tHUP:1,,\n  ", func(s *settings) { s.rewrite[15], s.rewrite[2], s.rewrite[1] = 3, dropped, 1 }},
	{"-r TERM:INT", "REWRITE=TERM:QUIT,HUP:USR1", func(s *settings) { s.rewrite[15], s.rewrite[1] = 2, 10 }},
	{"", "REMAP_EXIT=1,2 3", func(s *settings) { s.remapped[1], s.remapped[2], s.remapped[3] = true, true, true }},
	{"", "DELAY=TERM:1s,INT:2s", func(s *settings) { s.delay[15], s.delay[2] = 1000*ms, 2000*ms }},
	{"--delay TERM:3", "DELAY=TERM:1s", func(s *settings) { s.delay[15] = 3000 * ms }},
	{"", "WAIT=true", func(s *settings) { s.wait = true }},
	{"", "WAIT=no", func(*settings) {}},
	{"", "WAIT=2s", func(s *settings) { s.wait, s.waitGrace = true, 2000*ms }},
	{"--wait", "WAIT=2s", func(s *settings) { s.wait = true }},
	{"--wait=0", "WAIT=2s", func(*settings) {}},
	{"", "GRACE=30", func(s *settings) { s.grace = 30_000 * ms }},
	{"--grace=1", "GRACE=30", func(s *settings) { s.grace = 1000 * ms }},
	{"", "PDEATHSIG=sigint", func(s *settings) { s.deathSignal = 2 }},
	{"", "GROUP=0|GROUP=1", func(*settings) {}}, // the first counts, as for getenv(3)
}

// variables are the entries of an environment, in which others are too.
func variables(list string) []*byte {
	environ := []string{"PATH=/bin", "RUNNER_INIT_UNKNOWN=x", "RUNNER_NAME=1", "RUNNER_INIT_GROUPS=1"}
	for entry := range strings.SplitSeq(list, "|") {
		if entry != "" {
			environ = append(environ, "RUNNER_INIT_"+entry)
		}
	}
	return cArgs(environ...)
}

func TestExecSettings(t *testing.T) {
	for _, m := range meanings {
		got := settings{manners: ours, verbosity: tiniWarning}
		args := slices.Concat([]string{"exec"}, strings.Fields(m.args), []string{"echo", "-g", "--nope"})
		p := Process{Args: cArgs(args...), Environ: variables(m.environ)}
		var done bool
		said := printed(t, 2, func() {
			_, problem := got.readEnvironment(p.Environ)
			done, _ = got.parseExec(p, "test")
			done = done || problem != ""
		})
		if done || said != "" {
			t.Errorf("%q, %q: refused: %s", m.args, m.environ, said)
			continue
		}
		if command := texts(got.command); !slices.Equal(command, []string{"echo", "-g", "--nope"}) {
			t.Errorf("%q, %q: the command is %q", m.args, m.environ, command)
		}
		got.command = nil
		want := wanted(m.want)
		if !same(got, want) {
			t.Errorf("%q, %q:\n got %+v\nwant %+v", m.args, m.environ, got, want)
		}
	}
}

// same compares all that there is but the command.
func same(a, b settings) bool {
	return a.manners == b.manners && a.verbosity == b.verbosity && a.target == b.target && a.session == b.session && a.cleared == b.cleared &&
		a.rewrite == b.rewrite && a.delay == b.delay && a.grace == b.grace && a.wait == b.wait && a.waitGrace == b.waitGrace &&
		a.subreaper == b.subreaper && a.deathSignal == b.deathSignal && a.warnReaped == b.warnReaped && a.report == b.report && a.remapped == b.remapped
}

// TestExecRefuses: every wrong value ends with code 64, a message that names it, and a hint.
func TestExecRefuses(t *testing.T) {
	tests := []struct{ args, environ, want string }{
		{"", "", "runner-init: exec: no command\n"},
		{"--", "", "runner-init: exec: no command\n"},
		{"-r15:3", "", "runner-init: exec: no command\n"},
		{"-x true", "", "runner-init: exec: invalid option -- 'x'\n"},
		{"--nope true", "", "runner-init: exec: unrecognized option '--nope'\n"},
		{"--wa true", "", "runner-init: exec: option '--wa' is ambiguous; possibilities: '--wait' '--warn-reap'\n"},
		{"-r", "", "runner-init: exec: option requires an argument -- 'r'\n"},
		{"--grace", "", "runner-init: exec: option '--grace' requires an argument\n"},
		{"--all=1 true", "", "runner-init: exec: option '--all' doesn't allow an argument\n"},
		{"--grace soon true", "", "runner-init: exec: cannot use \"soon\" for --grace\n"},
		{"--wait=soon true", "", "runner-init: exec: cannot use \"soon\" for --wait\n"},
		{"-e 256 true", "", "runner-init: exec: cannot use \"256\" for --remap-exit\n"},
		{"-e -1 true", "", "runner-init: exec: cannot use \"-1\" for --remap-exit\n"},
		{"-p 0 true", "", "runner-init: exec: cannot use \"0\" for --pdeathsig\n"},
		{"-r TERM true", "", "runner-init: exec: cannot use \"TERM\" for --rewrite\n"},
		{"-r 0:15 true", "", "runner-init: exec: cannot use \"0:15\" for --rewrite\n"},
		{"-r 15:65 true", "", "runner-init: exec: cannot use \"15:65\" for --rewrite\n"},
		{"-r 15:3junk true", "", "runner-init: exec: cannot use \"15:3junk\" for --rewrite\n"},
		{"--delay TERM true", "", "runner-init: exec: cannot use \"TERM\" for --delay\n"},
		{"--delay TERM: true", "", "runner-init: exec: cannot use \"TERM:\" for --delay\n"},
		{"--delay X:1 true", "", "runner-init: exec: cannot use \"X:1\" for --delay\n"},
		{"true", "GROUP=maybe", "runner-init: exec: cannot use the value of RUNNER_INIT_GROUP\n"},
		{"true", "VERBOSE=5", "runner-init: exec: cannot use the value of RUNNER_INIT_VERBOSE\n"},
		{"true", "WAIT=soon", "runner-init: exec: cannot use the value of RUNNER_INIT_WAIT\n"},
		{"true", "GRACE=-1", "runner-init: exec: cannot use the value of RUNNER_INIT_GRACE\n"},
		{"true", "PDEATHSIG=NOPE", "runner-init: exec: cannot use the value of RUNNER_INIT_PDEATHSIG\n"},
		{"true", "REWRITE=TERM:QUIT,INT", "runner-init: exec: cannot use the value of RUNNER_INIT_REWRITE\n"},
		{"true", "REMAP_EXIT=1,x,3", "runner-init: exec: cannot use the value of RUNNER_INIT_REMAP_EXIT\n"},
		{"true", "DELAY=TERM", "runner-init: exec: cannot use the value of RUNNER_INIT_DELAY\n"},
	}
	for _, test := range tests {
		var code int
		said := printed(t, 2, func() {
			code = Exec(Process{Args: cArgs(append([]string{"exec"}, strings.Fields(test.args)...)...), Environ: variables(test.environ)}, "test")
		})
		message, hint, _ := strings.Cut(said, "runner-init: hint: ")
		if code != 64 || message != test.want || len(hint) < len("a hint\n") || !strings.HasSuffix(hint, "\n") {
			t.Errorf("%q, %q: got code %d and %q, want %q and a hint", test.args, test.environ, code, said, test.want)
		}
	}
}
