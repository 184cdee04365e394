package conformance

import (
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/runner-init/runner-init/internal/need"
)

// The relatives of testdata/actor.c, as each kind of target reaches them.
var (
	one   = []string{"main"}
	group = []string{"main", "orphan", "same"}
	all   = []string{"away", "group", "main", "orphan", "same", "session"}
)

func TestTargets(t *testing.T) {
	cases := []struct {
		kind    kind
		options []string
		env     string
		want    []string
	}{
		{kind: execMode, want: one},
		{kind: execMode, options: []string{"-c", "-g"}, want: one},
		{kind: execMode, options: []string{"-g", "-c"}, want: one},
		{kind: execMode, options: []string{"-g"}, want: group},
		{kind: execMode, env: "RUNNER_INIT_GROUP=1", want: group},
		{kind: execMode, options: []string{"--all"}, want: all},
		{kind: execMode, options: []string{"--setsid"}, want: group},
		{kind: dumbInit, want: group},
		{kind: dumbInit, options: []string{"-c"}, want: one},
		{kind: dumbInit, env: "DUMB_INIT_SETSID=0", want: one},
		{kind: tini, want: one},
		{kind: tini, options: []string{"-g"}, want: group},
		{kind: tini, env: "TINI_KILL_PROCESS_GROUP=", want: group},
	}
	for _, test := range cases {
		t.Run(strings.Join(append(slices.Clone(test.options), test.env), " "), func(t *testing.T) {
			each(t, contenders(test.kind), func(t *testing.T, c contender) {
				p := c.start(t, setup{env: []string{usualPath, test.env}}, append(test.options, "--", actor(t), "family", "5")...)
				p.expect("main up\n")
				p.signal(syscall.SIGHUP)
				p.expectReached("1", test.want)
				send(t, p.family()["main"], syscall.SIGTERM)
				if code := p.awaitEnd(); code != 5 {
					t.Errorf("exit code %d, want 5", code)
				}
			})
		})
	}
}

func actor(t *testing.T) string {
	t.Helper()
	return need.CProgram(t, "testdata/actor.c")
}

// expectReached wants a signal to have reached these relatives and no other. Each is sent the marker behind the init's
// back, so that it has had the time to say so.
func (p *process) expectReached(sig string, want []string) {
	p.t.Helper()
	for _, name := range want {
		p.expect(name + " " + sig + "\n")
	}
	for _, pid := range p.family() {
		send(p.t, pid, marker)
	}
	p.eventually("marker from all", func() bool { return strings.Count(p.stdout.String(), " 64\n") == len(all) })
	if got := p.reached(sig); !slices.Equal(got, want) {
		p.t.Errorf("signal %s reached %q, want %q", sig, got, want)
	}
}

// reached returns who said to have got a signal, sorted.
func (p *process) reached(sig string) (names []string) {
	for line := range strings.Lines(p.stdout.String()) {
		if name, found := strings.CutSuffix(line, " "+sig+"\n"); found {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// family returns the process ids of the relatives, who have called themselves by their names.
func (p *process) family() map[string]int {
	pids := map[string]int{}
	for _, pid := range descendants(p.outer.Pid) {
		if name := status(pid, "Name"); slices.Contains(all, name) {
			pids[name] = pid
		}
	}
	return pids
}

// descendants returns everyone below a process.
func descendants(pid int) (all []int) {
	for _, child := range children(pid) {
		all = append(append(all, child), descendants(child)...)
	}
	return all
}
