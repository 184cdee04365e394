package conformance

import (
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// later is long enough to tell before from after on a slow machine, and no longer.
const later = 300 * time.Millisecond

// TestWait: the init stays for what its child has left behind.
func TestWait(t *testing.T) {
	eachWay(t, "--wait", "RUNNER_INIT_WAIT=true", func(t *testing.T, c contender, s setup, options []string) {
		p := c.start(t, s, slices.Concat(options, sh(t, "%s count 10 7 & exit 3", probe(t)))...)
		p.expect("ready\n")
		init, left := p.pid(), 0
		p.eventually("shell that has ended", func() bool {
			if all := children(init); len(all) == 1 && strings.HasSuffix(status(all[0], "Name"), "probe") {
				left = all[0]
			}
			return left != 0
		})
		send(t, left, syscall.SIGUSR1)
		p.expectExit(3)
		if got := p.stdout.all(); got != "ready\n10\n" {
			t.Errorf("what was left got %q", got)
		}
	})
}

// TestWaitInVain: what does not end by itself gets TERM, then KILL.
func TestWaitInVain(t *testing.T) {
	eachWay(t, "--wait="+later.String(), "RUNNER_INIT_WAIT="+later.String(), func(t *testing.T, c contender, s setup, options []string) {
		began := time.Now()
		p := c.start(t, s, slices.Concat(options, sh(t, "%s count 10 7 & exit 3", probe(t)))...)
		p.expect("ready\n15\n")
		if early := time.Since(began); early < later {
			t.Errorf("TERM after %v", early)
		}
		p.expectExit(3)
		if early := time.Since(began); early < 2*later {
			t.Errorf("the end after %v", early)
		}
	})
}

// TestGrace: a child that does not heed a stop is killed.
func TestGrace(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGQUIT} {
		t.Run(sig.String(), func(t *testing.T) {
			eachWay(t, "--grace "+later.String(), "RUNNER_INIT_GRACE=0.3s", func(t *testing.T, c contender, s setup, options []string) {
				p := c.start(t, s, slices.Concat(options, []string{probe(t), "count", "10", "7"})...)
				p.expect("ready\n")
				began := time.Now()
				p.signal(sig)
				p.expectExit(128 + int(syscall.SIGKILL))
				if early := time.Since(began); early < later {
					t.Errorf("killed after %v", early)
				}
				if got, want := p.stdout.all(), "ready\n"+list([]syscall.Signal{sig})+"\n"; got != want {
					t.Errorf("the child got %q, want %q", got, want)
				}
			})
		})
	}
}

// TestDelay: one signal waits, others pass it by, and its equals are one with it.
func TestDelay(t *testing.T) {
	delays := "TERM:" + later.String()
	eachWay(t, "--delay "+delays, "RUNNER_INIT_DELAY="+delays+",HUP:1m", func(t *testing.T, c contender, s setup, options []string) {
		p := c.start(t, s, slices.Concat(options, []string{probe(t), "count", "12", "7"})...)
		p.expect("ready\n")
		began := time.Now()
		for range 3 {
			p.signal(syscall.SIGTERM)
		}
		p.signal(syscall.SIGUSR1)
		p.expect("ready\n10\n15\n")
		if early := time.Since(began); early < later {
			t.Errorf("TERM after %v", early)
		}
		p.signal(syscall.SIGUSR2)
		p.expectExit(7)
		if got := p.stdout.all(); got != "ready\n10\n15\n12\n" {
			t.Errorf("the child got %q", got)
		}
	})
}
