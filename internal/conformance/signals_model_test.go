package conformance

import (
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// marker is forwarded by every init in every mode, and delivered after every other signal that is pending.
const marker = syscall.Signal(64)

// faults are the signals of a program's own errors. When someone else sends them to tini they are not forwarded.
var faults = []syscall.Signal{syscall.SIGILL, syscall.SIGTRAP, syscall.SIGABRT, syscall.SIGBUS, syscall.SIGFPE, syscall.SIGSEGV, syscall.SIGSYS}

// jobControl is what a terminal stops processes with.
var jobControl = []syscall.Signal{syscall.SIGTSTP, syscall.SIGTTIN, syscall.SIGTTOU}

// beyondGo are the signals that os/signal never reports.
var beyondGo = []syscall.Signal{syscall.SIGPROF, syscall.SIGURG, 32, 33, 34}

// A mode is a contender with options that choose whom signals reach.
type mode struct {
	contender
	options []string
}

func (m mode) String() string {
	return strings.Join(append([]string{m.contender.String()}, m.options...), " ")
}

// modes returns each contender of the kinds with each of its ways to reach a child.
func modes(kinds ...kind) (all []mode) {
	ways := map[kind][][]string{
		execMode: {nil, {"-g"}, {"--all"}, {"--setsid"}},
		dumbInit: {nil, {"-c"}},
		tini:     {nil, {"-g"}},
	}
	for _, c := range contenders(kinds...) {
		for _, way := range ways[c.kind] {
			all = append(all, mode{c, way})
		}
	}
	return all
}

// eachMode runs a test for each mode that all conditions let pass, side by side.
func eachMode(t *testing.T, all []mode, test func(*testing.T, mode), conditions ...func(mode) bool) {
	t.Helper()
	for _, m := range all {
		if slices.ContainsFunc(conditions, func(holds func(mode) bool) bool { return !holds(m) }) {
			continue
		}
		t.Run(m.String(), func(t *testing.T) {
			t.Parallel()
			test(t, m)
		})
	}
}

// argv is the command line of a child in this mode.
func (m mode) argv(child ...string) []string { return slices.Concat(m.options, []string{"--"}, child) }

// isolates holds for dumb-init's model: a session of its own, signals as a program finds them after login.
func (m mode) isolates() bool {
	return m.kind == dumbInit && m.options == nil || slices.Contains(m.options, "--setsid")
}

// follows holds where the init stops when the terminal stops the child.
func (m mode) follows() bool { return m.kind == dumbInit || m.isolates() }

// inOrder holds where signals that wait together are taken as they came: Go's runtime hands them on by number, so that CONT
// may overtake TSTP.
func (m mode) inOrder() bool { return m.build != purego }

// keepsSignals holds where the child gets mask and ignored signals as the init has found them.
func (m mode) keepsSignals() bool { return !m.follows() && m.build != purego }

// loses holds for the modes of the peers that lose a signal while the child comes into being.
func (m mode) loses() bool {
	return m.build == peer && (m.kind == dumbInit || slices.Contains(m.options, "-g"))
}

func (m mode) forwards(sig syscall.Signal) bool {
	switch {
	case sig == syscall.SIGCHLD:
		return false
	case m.kind == tini && slices.Contains(faults, sig):
		return false
	default:
		return sig != syscall.SIGTTIN && sig != syscall.SIGTTOU
	}
}

// counter starts a child that counts signals; USR2 ends it with code 7.
func (m mode) counter(t *testing.T, s setup) *process {
	t.Helper()
	p := m.start(t, s, m.argv(probe(t), "count", "12", "7")...)
	p.expect("ready\n")
	return p
}

// counted waits until the child has told of that many signals, and returns what it has told.
func (p *process) counted(n int) (lines []string) {
	p.t.Helper()
	p.eventually(strconv.Itoa(n)+" signals", func() bool {
		_, text, _ := strings.Cut(p.stdout.String(), "ready\n")
		lines = strings.Fields(text)
		return strings.HasSuffix(text, "\n") && len(lines) >= n
	})
	return lines
}

// awaitState waits until a process is in the state of this letter, as in proc_pid_stat(5).
func (p *process) awaitState(pid int, letter string) {
	p.t.Helper()
	p.eventually("state "+letter, func() bool { return strings.HasPrefix(status(pid, "State"), letter) })
}

// look returns what the child of a mode was given.
func (m mode) look(t *testing.T, s setup) report {
	t.Helper()
	if m.kind == tini {
		return m.report(t, s, append(m.options, "-s", "--")...) // or it warns that it is no subreaper
	}
	return m.report(t, s, append(m.options, "--")...)
}
