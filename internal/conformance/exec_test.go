package conformance

import (
	"regexp"
	"strings"
	"testing"
)

// execTrial is a command line of `runner-init exec` and what has to come of it.
type execTrial struct {
	name string // the arguments if empty
	args string // separated by blanks; "PROBE" stands for the probe
	env  string // separated by "; "
	code int
	out  string // regular expressions for the whole text
	err  string
}

func (tr execTrial) check(t *testing.T, c contender) {
	t.Helper()
	env := []string{usualPath}
	if tr.env != "" {
		env = append(strings.Split(tr.env, "; "), usualPath)
	}
	got := c.run(t, setup{env: env}, replace(strings.Fields(tr.args), "PROBE", probe(t))...)
	if got.code != tr.code {
		t.Errorf("exit code %d, want %d", got.code, tr.code)
	}
	for _, text := range []struct{ stream, got, want string }{{"output", got.stdout, tr.out}, {"error", got.stderr, tr.err}} {
		if !regexp.MustCompile(`(?s)^(?:` + text.want + `)$`).MatchString(text.got) {
			t.Errorf("standard %s %q, want %q", text.stream, text.got, text.want)
		}
	}
}

func execTrials(t *testing.T, trials []execTrial, conditions ...func(contender) bool) {
	t.Helper()
	for _, tr := range trials {
		name := tr.name
		if name == "" {
			name = strings.TrimSpace(tr.env + " " + tr.args)
		}
		t.Run(name, func(t *testing.T) { each(t, contenders(execMode), tr.check, conditions...) })
	}
}

func TestExecTexts(t *testing.T) {
	execTrials(t, []execTrial{
		{args: "--help", out: ".*runner-init exec.*"},
		{args: "-h", out: ".*runner-init exec.*"},
		{args: "--hel -x", out: ".*runner-init exec.*"},
		{args: "-vh -x", out: ".*runner-init exec.*"},
		{args: "--version", out: "runner-init .*\n"},
		{args: "-gV", out: "runner-init .*\n"},
		{args: "--license", out: "(?i).*licen[cs]e.*"},
		{args: "-l", out: "(?i).*licen[cs]e.*"},
		{name: "help despite a wrong environment", args: "--help", env: "RUNNER_INIT_GROUP=perhaps", out: ".*runner-init exec.*"},
	})
}

// TestExecHelp: the help names every option, and that there are variables.
func TestExecHelp(t *testing.T) {
	each(t, contenders(execMode), func(t *testing.T, c contender) {
		help := c.run(t, setup{}, "--help").stdout
		for name, short := range map[string]string{"single-child": "-c, ", "group": "-g, ", "all": "", "setsid": "", "rewrite": "-r, ",
			"remap-exit": "-e, ", "subreaper": "-s, ", "pdeathsig": "-p, ", "warn-reap": "-w, ", "verbose": "-v, ", "wait": "", "delay": "",
			"grace": "", "report": "", "help": "-h, ", "version": "-V, ", "license": "-l, "} {
			if !regexp.MustCompile(`(?m)^ +` + short + `--` + name + `\b`).MatchString(help) {
				t.Errorf("the help does not name %s--%s:\n%s", short, name, help)
			}
		}
		if !strings.Contains(help, "RUNNER_INIT_") {
			t.Errorf("the help does not name the variables:\n%s", help)
		}
	})
}

func TestExecCommandLine(t *testing.T) {
	execTrials(t, []execTrial{
		{args: "echo -v --group -- x", out: "-v --group -- x\n"},
		{args: "-g echo -c", out: "-c\n"},
		{args: "-- echo -- -v", out: "-- -v\n"},
		{args: "-csw -- echo -w", out: "-w\n"},
		{args: "-e3 PROBE exit 3"},
		{args: "-e 3 PROBE exit 3"},
		{args: "-e=3 PROBE exit 3", code: 64, err: "runner-init: exec: .*3.*"},
		{args: "--remap-exit=3 PROBE exit 3"},
		{args: "--remap-exit 3 PROBE exit 3"},
		{args: "--rem 3 PROBE exit 3"},
		{args: "-gwe3 PROBE exit 3"},
		{args: "-gwe 3 PROBE exit 3"},
		{args: "-e 3 -e 4 PROBE exit 3"},
		{args: "-e 3 -e 4 PROBE exit 4"},
		{args: "-e 3 -e 4 PROBE exit 5", code: 5},
		{args: "-e 143 PROBE kill 15"},
		{args: "-e 255 PROBE exit 255"},
		{args: "-e 127 /nonexistent", err: "runner-init: cannot execute \"/nonexistent\".*"},
		{args: "-e 126 /etc", err: "runner-init: cannot execute \"/etc\".*"},
		{args: "-e 0 PROBE exit 3", code: 3},
		{args: "--sub --sin --gr --pd TERM --set PROBE exit 3", code: 64, err: `runner-init: exec: .*--gr\b.*ambiguous.*`},
		{args: "--sub --sin --grou --pd TERM --sets PROBE exit 3", code: 3},
		{args: "--wait --all PROBE exit 3", code: 3},
		{args: "--wait=500ms PROBE exit 3", code: 3},
		{args: "--wait 500ms PROBE exit 3", code: 127, err: ".*cannot execute \"500ms\".*"},
		{args: "--grace 1 PROBE exit 3", code: 3},
		{args: "--grace=1m30s --delay TERM:1s --delay=10:2 PROBE exit 3", code: 3},
	})
}

// TestExecErrors: whatever is wrong is said, with a hint, and nothing is started.
func TestExecErrors(t *testing.T) {
	wrong := func(what string) string { return "runner-init: exec: [^\n]*" + what + ".*hint.*" }
	var trials []execTrial
	for args, what := range map[string]string{
		"": "command", "--": "command", "-g": "command", "-x": "x", "-gx true": "x", "--foo true": "--foo", "--foo=bar true": "--foo",
		"--s true": "--s.*ambiguous", "--re true": "--re.*ambiguous", "--r true": "--r.*ambiguous",
		"-r": "r", "-gr": "r", "--rewrite": "--rewrite", "-e": "e", "-p": "p", "--grace": "--grace", "--delay": "--delay",
		"--group=1 true": "--group", "--help=1": "--help",
		"-r 15 true": "15", "-r 15: true": "15:", "-r :15 true": ":15", "-r 0:1 true": "0:1", "-r 65:1 true": "65:1", "-r 1:65 true": "1:65",
		"-r -1:1 true": "-1:1", "-r TERM:FOO true": "TERM:FOO", "-r TERM:INT:HUP true": "TERM:INT:HUP", "-r 15:3junk true": "15:3junk",
		"-r RTMIN+31:1 true": "RTMIN[+]31", "-r RTMAX-31:1 true": "RTMAX-31",
		"-e x true": "x", "-e 256 true": "256", "-e -1 true": "-1", "-e 3x true": "3x", "-e 99999999999999999999 true": "99999999999999999999",
		"-p FOO true": "FOO", "-p 65 true": "65", "-p 0 true": "0",
		"--delay TERM true": "TERM", "--delay TERM:x true": "TERM:x", "--delay FOO:1s true": "FOO:1s", "--delay TERM:-1s true": "TERM:-1s",
		"--grace x true": "x", "--grace=-1s true": "-1s", "--grace 1y true": "1y", "--wait=x true": "x", "--wait=-1 true": "-1",
	} {
		trials = append(trials, execTrial{args: args, code: 64, err: wrong(what)})
	}
	for variable, values := range map[string]string{
		"SINGLE_CHILD": "perhaps", "GROUP": "2", "ALL": "all", "SETSID": "x", "SUBREAPER": "x", "WARN_REAP": "x", "REPORT": "x", "WAIT": "x",
		"VERBOSE": "5 -1 x", "REWRITE": "TERM TERM:FOO 0:1 TERM:INT,65:1", "REMAP_EXIT": "x 256 3,x", "PDEATHSIG": "FOO 0", "DELAY": "TERM TERM:x", "GRACE": "x -1s",
	} {
		for value := range strings.FieldsSeq(values) {
			name := "RUNNER_INIT_" + variable
			trials = append(trials, execTrial{env: name + "=" + value, args: "echo ran", code: 64, err: wrong(name)})
		}
	}
	execTrials(t, trials, isPID1) // before it matters where
}

func TestExecEnvironment(t *testing.T) {
	execTrials(t, []execTrial{
		{env: "RUNNER_INIT_REMAP_EXIT=3", args: "PROBE exit 3"},
		{env: "RUNNER_INIT_REMAP_EXIT=3,4", args: "PROBE exit 4"},
		{env: "RUNNER_INIT_REMAP_EXIT= 5 ,3, 4", args: "PROBE exit 4"},
		{env: "RUNNER_INIT_REMAP_EXIT=5\t4", args: "PROBE exit 4"},
		{env: "RUNNER_INIT_REMAP_EXIT=3 4", args: "PROBE exit 5", code: 5},
		{env: "RUNNER_INIT_REMAP_EXIT=", args: "PROBE exit 3", code: 3},
		{env: "RUNNER_INIT_REMAP_EXIT=143", args: "PROBE kill 15"},
		{env: "RUNNER_INIT_REMAP_EXIT=4; RUNNER_INIT_REMAP_EXIT=3", name: "the first of two counts", args: "PROBE exit 4"},
		{env: "RUNNER_INIT_REPORT=1", args: "PROBE exit 3", code: 3, err: "runner-init: .* exited with code 3\n"},
		{env: "RUNNER_INIT_REPORT=TRUE", args: "PROBE exit 3", code: 3, err: "runner-init: .* exited with code 3\n"},
		{env: "RUNNER_INIT_REPORT=Yes", args: "PROBE exit 3", code: 3, err: "runner-init: .* exited with code 3\n"},
		{env: "RUNNER_INIT_REPORT=on", args: "PROBE exit 3", code: 3, err: "runner-init: .* exited with code 3\n"},
		{env: "RUNNER_INIT_REPORT=0", args: "PROBE exit 3", code: 3},
		{env: "RUNNER_INIT_REPORT=False", args: "PROBE exit 3", code: 3},
		{env: "RUNNER_INIT_REPORT=no", args: "PROBE exit 3", code: 3},
		{env: "RUNNER_INIT_REPORT=OFF", args: "PROBE exit 3", code: 3},
		{env: "RUNNER_INIT_REPORT=0", args: "--report PROBE exit 3", name: "the command line wins", code: 3, err: ".* exited with code 3\n"},
		{env: "RUNNER_INIT_REPORT=", args: "PROBE exit 3", code: 3},
		{env: "RUNNER_INIT_VERBOSE=0", args: "PROBE exit 3", code: 3},
		{env: "RUNNER_INIT_VERBOSE=4", args: "PROBE exit 3", code: 3, err: "runner-init: .+"},
		{env: "RUNNER_INIT_VERBOSE=true", args: "PROBE exit 3", code: 3, err: "runner-init: .+"},
		{env: "RUNNER_INIT_VERBOSE=off", args: "PROBE exit 3", code: 3},
		{env: "RUNNER_INIT_VERBOSE=0", args: "-v PROBE exit 3", code: 3, err: "runner-init: .+"},
		{env: "RUNNER_INIT_WAIT=no; RUNNER_INIT_GROUP=no; RUNNER_INIT_ALL=0; RUNNER_INIT_SETSID=; RUNNER_INIT_SINGLE_CHILD=1", args: "PROBE exit 3", code: 3},
		{env: "RUNNER_INIT_WAIT=500ms; RUNNER_INIT_GRACE=2; RUNNER_INIT_DELAY=TERM:1s,INT:2s 12:3; RUNNER_INIT_PDEATHSIG=sigterm", args: "PROBE exit 3", code: 3},
		{env: "RUNNER_INIT_NOTHING=1; DUMB_INIT_DEBUG=1; TINI_VERBOSITY=4", name: "not ours", args: "PROBE exit 3", code: 3},
	})
}

// TestExecReport: one line at the end says how it was.
func TestExecReport(t *testing.T) {
	execTrials(t, []execTrial{
		{args: "--report PROBE exit 0", err: `runner-init: \S*probe \(pid \d+\) exited with code 0\n`},
		{args: "--report PROBE exit 3", code: 3, err: `runner-init: \S*probe \(pid \d+\) exited with code 3\n`},
		{args: "--report PROBE kill 15", code: 143, err: `runner-init: \S*probe \(pid \d+\) was killed by SIGTERM \(signal 15\), exit code 143\n`},
		{args: "--report PROBE kill 9", code: 137, err: `runner-init: \S*probe \(pid \d+\) was killed by SIGKILL \(signal 9\), exit code 137\n`},
		{args: "--report PROBE kill 35", code: 163, err: `runner-init: \S*probe \(pid \d+\) was killed by SIGRTMIN\+1 \(signal 35\), exit code 163\n`},
		{args: "--report -e 143 PROBE kill 15", err: `runner-init: \S*probe \(pid \d+\) was killed by SIGTERM \(signal 15\), exit code .*\n`},
	})
}
