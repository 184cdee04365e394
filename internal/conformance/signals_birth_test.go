package conformance

import (
	"slices"
	"strconv"
	"syscall"
	"testing"

	"github.com/runner-init/runner-init/internal/need"
)

// An orchestrator that changes its mind sends TERM to a container that has only begun. See testdata/birth.c.
func TestTermAtBirth(t *testing.T) {
	turn := make(chan struct{}, 1) // one after the other: each watches as closely as one processor can
	eachMode(t, modes(everyKind...), func(t *testing.T, m mode) {
		turn <- struct{}{}
		defer func() { <-turn }()
		starts := 30
		if m.build == purego || testing.Short() {
			starts = 6
		}
		for _, moment := range m.moments() {
			path, argv0, first := m.program(t)
			birth := need.CProgram(t, "testdata/birth.c")
			// A parent that is PID 1 itself, so that nothing of it can stay.
			o := contender{place: pid1}.run(t, setup{bare: true}, slices.Concat(
				[]string{birth, moment, strconv.Itoa(starts), path, argv0}, first, m.argv(probe(t), "hold"))...)
			if o.code != 0 {
				t.Errorf("TERM at the moment %q: %s", moment, o.stderr)
			}
		}
	}, func(m mode) bool { return !m.loses() })
}

// moments are those at which birth sends TERM. Before it has set up anything PID 1 is deaf by a rule of the kernel.
func (m mode) moments() []string {
	if m.place == pid1 {
		return []string{"child,pid1"}
	}
	return []string{"child", "any"}
}

// A signal that was pending before the init began is one that nobody has seen.
func TestPendingAtStart(t *testing.T) {
	eachMode(t, modes(everyKind...), func(t *testing.T, m mode) {
		args := m.staged(t, []string{"pending=15"}, m.argv(probe(t), "count", "15", "7")...)
		p := m.start(t, setup{bare: true}, args...)
		code := p.wait().code
		// In a mask that is kept it is blocked in the child, too, who takes it. An empty one lets it end the child, unless
		// that has come to the point where it blocks it.
		if code != 7 && (m.keepsSignals() || code != 143) {
			t.Errorf("exit code %d", code)
		}
	}, func(m mode) bool { return !m.loses() && m.build != purego })
}

// staged is the command line, for a bare setup, of a contender in the surroundings that testdata/stage.c makes.
func (c contender) staged(t *testing.T, keys []string, args ...string) []string {
	t.Helper()
	path, argv0, first := c.program(t)
	return slices.Concat([]string{stage(t)}, keys, []string{"--", path, argv0}, first, args)
}

func stage(t *testing.T) string {
	t.Helper()
	return need.CProgram(t, "testdata/stage.c")
}

// A signal that comes while the child is being executed finds it with the dispositions that it shall have.
func TestManyAtBirth(t *testing.T) {
	eachMode(t, modes(everyKind...), func(t *testing.T, m mode) {
		p := m.start(t, setup{}, m.argv(probe(t), "count", "12", "7")...)
		init := p.pid()
		p.eventually("end", func() bool {
			_ = syscall.Kill(init, syscall.SIGWINCH) // ignored by default, so that it harms nobody who is not ready
			return p.stdout.String() != ""
		})
		send(t, init, syscall.SIGUSR2)
		p.expectExit(7)
	})
}
