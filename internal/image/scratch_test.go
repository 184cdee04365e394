package image_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/runner-init/runner-init/internal/need"
)

// TestScratch tries the init alone, in images that hold nothing but it and busybox, the way containers are used: what
// the engine's client sees of it and what the engine does to it.
func TestScratch(t *testing.T) {
	t.Parallel()
	need.Docker(t)
	images := buildScratch(t)
	for name, test := range map[string]func(*testing.T, scratch){
		"exit codes":        testExitCodes,
		"names":             testNames,
		"orphans":           testOrphans,
		"orphans of exec":   testExecOrphans,
		"stop":              testStop,
		"kill":              testKill,
		"environment":       testEnvironment,
		"limits":            testLimits,
		"terminal":          testTerminal,
		"the host's others": testHostOthers,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, images)
		})
	}
}

// sh is a shell that finds its tools in itself: there is no /bin/sh in these images.
func sh(script string) []string { return []string{"busybox", "sh", "-c", script} }

// with puts flags before a command.
func with(command []string, flags ...string) []string {
	return slices.Concat(flags, []string{"--"}, command)
}

func testExitCodes(t *testing.T, images scratch) {
	for name, c := range map[string]struct {
		image   string
		command []string
		code    int
		prints  string
	}{
		"success":            {"exec", sh("exit 0"), 0, ""},
		"a code":             {"exec", with(sh("exit 3")), 3, ""},
		"the highest code":   {"tini", sh("exit 255"), 255, ""},
		"SIGTERM":            {"exec", sh("kill -TERM $$"), 143, ""},
		"SIGKILL":            {"dumb-init", sh("kill -KILL $$"), 137, ""},
		"a core dump":        {"tini", sh("ulimit -c 0; kill -ABRT $$"), 134, ""},
		"a directory":        {"exec", []string{"/bin"}, 126, `cannot execute "/bin"`},
		"absent":             {"exec", []string{"absent"}, 127, `cannot execute "absent"`},
		"no shell":           {"exec", []string{"/bin/sh", "-c", "exit 0"}, 127, `cannot execute "/bin/sh"`},
		"no command":         {"exec", nil, 64, "runner-init: exec: "},
		"tini: a directory":  {"tini", []string{"/bin"}, 126, "exec /bin failed: Permission denied"},
		"tini: absent":       {"tini", []string{"absent"}, 127, "exec absent failed: No such file or directory"},
		"dumb-init: absent":  {"dumb-init", []string{"absent"}, 2, "[dumb-init] absent: No such file or directory"},
		"dumb-init: no word": {"dumb-init", nil, 1, "Usage: /bin/dumb-init [option] program [args]"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := launch(t, images[c.image], nil, c.command...)
			if got := b.rest(); !strings.Contains(got, c.prints) || c.prints == "" && got != "" {
				t.Errorf("printed %q, want %q in it", got, c.prints)
			}
			b.checkCode(c.code)
		})
	}
}

// testNames looks at what decides which program it is: the base name of argv[0], however it is written.
func testNames(t *testing.T, images scratch) {
	const tini, dumbInit = "tini version 0.19.0", "dumb-init v1.2.5"
	var script strings.Builder
	script.WriteString("PATH=/sbin:/bin\nexec 2>&1\n")
	cases := []struct{ command, prints string }{
		{"tini --version", tini},
		{"/sbin/tini --version", tini},
		{"cd /sbin; ./tini --version", tini},
		{"cd /bin; ../sbin//tini --version", tini},
		{"exec -a tini /bin/runner-init --version", tini},
		{"exec -a ./x/tini /bin/runner-init --version", tini},
		{"dumb-init --version", dumbInit},
		{"cd /; bin/dumb-init -V", dumbInit},
		{"exec -a dumb-init /sbin/tini --version", dumbInit},
		{"exec -a other /sbin/tini exec -- busybox echo ours", "ours"},
		{"exec -a tini-like /sbin/tini exec -- busybox echo ours", "ours"},
		{"exec -a '' /bin/runner-init exec -- busybox echo ours", "ours"},
		{"exec -a tini/ /bin/runner-init exec -- busybox echo ours", "ours"},
	}
	for _, c := range cases {
		script.WriteString("echo \"$(" + c.command + ")\" next\n")
	}
	got := strings.Split(launch(t, images["tini"], nil, sh(script.String())...).rest(), " next\n")
	if len(got) != len(cases)+1 {
		t.Fatalf("printed %q", got)
	}
	for i, c := range cases {
		if got[i] != c.prints && !strings.HasPrefix(got[i], c.prints+"\n") {
			t.Errorf("%s: printed %q, want %q", c.command, got[i], c.prints)
		}
	}
}

// adoption makes an orphan, and ends with 42 if its new parent is the init that started this shell and reaps it.
const adoption = `o=$(sleep 0.5 >/dev/null 2>&1 & echo $!)
read -r _ _ _ parent _ < /proc/$o/stat
[ $parent = $PPID ] || { echo "the orphan's parent is $parent, not $PPID"; exit 1; }
i=0; while [ -e /proc/$o ]; do i=$((i+1)); [ $i -lt 100 ] || { echo "not reaped"; exit 2; }; sleep 0.1; done
exit 42`

// testOrphans includes the places where there is little to live on.
func testOrphans(t *testing.T, images scratch) {
	for name, c := range map[string]struct {
		image   string
		options []string
	}{
		"pid 1":         {"exec", nil},
		"tini":          {"tini", nil},
		"dumb-init":     {"dumb-init", nil},
		"init":          {"exec", []string{"--init"}},
		"init and tini": {"tini", []string{"--init", "--env=TINI_SUBREAPER="}},
		"host pid":      {"exec", []string{"--pid=host", "--user=65534"}},
		"poor":          {"exec", []string{"--read-only", "--user=65534:65534", "--cap-drop=ALL", "--security-opt=no-new-privileges", "--memory=6m"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			launch(t, images[c.image], c.options, sh(adoption)...).checkCode(42)
		})
	}
}

// testExecOrphans is about those whom docker exec leaves behind, with an init that knows nothing of their parents.
func testExecOrphans(t *testing.T, images scratch) {
	b := launch(t, images["exec"], nil, sh("echo ready; while :; do sleep 0.1; done")...)
	b.expect("ready")
	got := bounded(t, append([]string{"exec", b.name}, sh(`o=$(sleep 0.3 >/dev/null 2>&1 & echo $!)
read -r _ _ _ parent _ < /proc/$o/stat; echo $parent $o`)...)...)
	parent, orphan, _ := strings.Cut(got, " ")
	if parent != "1" {
		t.Errorf("the orphan's parent is %s, want 1", parent)
	}
	bounded(t, append([]string{"exec", b.name}, sh(`i=0; while [ -e /proc/`+orphan+` ]; do i=$((i+1)); [ $i -lt 100 ] || exit 1; sleep 0.1; done`)...)...)
	b.stop(5 * time.Second)
	b.checkCode(143)
}

// testEnvironment sets by variables what an ENTRYPOINT with fixed flags cannot be told otherwise.
func testEnvironment(t *testing.T, images scratch) {
	var report strings.Builder // apart: how the engine's client mixes two streams is its own affair
	b := launchApart(t, &report, images["exec"], []string{"--env=RUNNER_INIT_GROUP=1", "--env=RUNNER_INIT_REWRITE=TERM:USR1,HUP:0",
		"--env=RUNNER_INIT_REMAP_EXIT=5", "--env=RUNNER_INIT_REPORT=yes"}, sh(family)...)
	b.expect("ready")
	b.kill("HUP") // would end the shell
	b.stop(5 * time.Second)
	b.expect("the other got USR1")
	if rest := b.rest(); rest != "" {
		t.Errorf("it printed %q as well", rest)
	}
	b.checkCode(0)
	if !strings.HasSuffix(report.String(), ") exited with code 5, exit code 0\n") {
		t.Errorf("it reported %q", report.String())
	}
}

// testLimits leaves room for one process besides the init, which is as little as any init can work with, and for none.
func testLimits(t *testing.T, images scratch) {
	launch(t, images["exec"], []string{"--pids-limit=2"}, sh("exit 3")...).checkCode(3)
	launch(t, images["tini"], []string{"--pids-limit=2"}, sh("exit 3")...).checkCode(3)
	launch(t, images["exec"], []string{"--memory=6m", "--memory-swap=6m"}, sh("exit 3")...).checkCode(3)
	b := launch(t, images["exec"], []string{"--pids-limit=1"}, sh("exit 3")...)
	if got := b.rest(); !strings.Contains(got, "pids") {
		t.Errorf("printed %q, want the pids limit named", got)
	}
	b.checkCode(126)
}
