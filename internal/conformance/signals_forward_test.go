package conformance

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

func TestEachSignal(t *testing.T) {
	eachMode(t, modes(everyKind...), func(t *testing.T, m mode) {
		p := m.counter(t, setup{})
		seen := 0
		for sig := syscall.Signal(1); sig < marker; sig++ {
			if !m.canBeSent(sig) {
				continue
			}
			p.signal(sig)
			p.signal(marker)
			want := []string{"64"}
			if m.forwards(sig) {
				want = []string{strconv.Itoa(int(sig)), "64"}
			}
			got := p.counted(seen + len(want))[seen:]
			seen += len(got)
			if m.build == purego { // os/signal has no order
				slices.SortFunc(got, func(a, b string) int { return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b)) })
			}
			if !slices.Equal(got, want) {
				t.Errorf("after signal %d the child got %q, want %q", int(sig), got, want)
			}
		}
		p.signal(syscall.SIGUSR2)
		p.expectExit(7)
	})
}

// canBeSent leaves out what ends or stops the child or the init, which other tests try, and what Go cannot see.
func (m mode) canBeSent(sig syscall.Signal) bool {
	switch {
	case sig == syscall.SIGKILL, sig == syscall.SIGSTOP, sig == syscall.SIGUSR2:
		return false
	case m.kind == tini && m.place == beside && slices.Contains(faults, sig):
		return false
	case m.follows() && slices.Contains(jobControl, sig):
		return false
	case m.build == peer && (sig == 32 || sig == 33): // the C library keeps them to itself
		return false
	default:
		return m.build != purego || !slices.Contains(beyondGo, sig)
	}
}

// As an ordinary process tini leaves these to the kernel, which ends it.
func TestFaultEndsTini(t *testing.T) {
	each(t, contenders(tini), func(t *testing.T, c contender) {
		for _, sig := range faults {
			p := mode{contender: c}.counter(t, setup{})
			p.signal(sig)
			p.expectExit(-int(sig))
		}
	}, isBeside, notPurego)
}

func TestTerminalSignalsStop(t *testing.T) {
	eachMode(t, modes(dumbInit, execMode), func(t *testing.T, m mode) {
		for _, sig := range jobControl {
			p := m.counter(t, setup{})
			init, child := p.pid(), p.child()
			send(t, init, sig)
			if m.isolates() {
				p.awaitState(child, "T")
			} else {
				p.expect(strconv.Itoa(int(sig)) + "\n") // CONT takes back a stop signal that is still pending
			}
			if m.place == beside {
				p.awaitState(init, "T")
			}
			m.settle(p, init)
			send(t, init, syscall.SIGCONT)
			send(t, init, marker)
			want := []string{"18", "64"}
			if !m.isolates() {
				want = []string{strconv.Itoa(int(sig)), "18", "64"}
			}
			if got := p.counted(len(want)); !slices.Equal(got, want) {
				t.Errorf("after %d and CONT the child got %q, want %q", int(sig), got, want)
			}
			send(t, init, syscall.SIGUSR2)
			p.expectExit(7)
		}
	}, mode.follows, mode.inOrder)
}

// settle waits until the init has done all that a stop signal asks for. As PID 1 dumb-init stops itself in vain, but the
// kernel throws away a CONT that is pending then.
func (m mode) settle(p *process, init int) {
	if m.build == peer && m.place == pid1 {
		p.eventually("kernel's word that it sleeps", func() bool {
			text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/wchan", init))
			return strings.Contains(string(text), "sigtimedwait")
		})
	}
}

// A stopped init has everything delivered when it goes on; real-time signals as often as they were sent.
func TestQueue(t *testing.T) {
	eachMode(t, modes(everyKind...), func(t *testing.T, m mode) {
		p := m.counter(t, setup{})
		init := p.pid()
		send(t, init, syscall.SIGSTOP)
		p.awaitState(init, "T")
		queued := []syscall.Signal{35, 50, 63}
		for range 60 {
			send(t, init, syscall.SIGHUP)
			for _, sig := range queued {
				send(t, init, sig)
			}
		}
		send(t, init, marker)
		send(t, init, syscall.SIGCONT)
		got := p.counted(3*60 + 3)
		for _, sig := range queued {
			n := len(slices.DeleteFunc(slices.Clone(got), func(line string) bool { return line != strconv.Itoa(int(sig)) }))
			if n != 60 {
				t.Errorf("signal %d arrived %d times, want 60", int(sig), n)
			}
		}
		if !slices.Contains(got, "1") || !slices.Contains(got, "18") {
			t.Errorf("HUP and CONT did not both arrive: %q", got)
		}
	}, func(m mode) bool { return m.build != purego })
}

// KILL and STOP are the kernel's: they reach the init alone.
func TestStoppedAndKilled(t *testing.T) {
	each(t, contenders(everyKind...), func(t *testing.T, c contender) {
		p := mode{contender: c}.counter(t, setup{})
		init, child := p.pid(), p.child()
		send(t, init, syscall.SIGSTOP)
		p.awaitState(init, "T")
		p.awaitState(child, "S")
		send(t, init, syscall.SIGKILL)
		p.expectExit(-9)
	})
}
