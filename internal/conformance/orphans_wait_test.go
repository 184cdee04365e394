package conformance

import (
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A stop that comes while the init waits is for those it waits for.
func TestStopWhileWaiting(t *testing.T) {
	for _, options := range [][]string{{"--wait"}, {"--wait=1m"}, {"-g", "--wait"}, {"--all", "--wait"}, {"--setsid", "--wait"}} {
		t.Run(strings.Join(options, " "), func(t *testing.T) {
			each(t, contenders(execMode), func(t *testing.T, c contender) {
				p := c.start(t, setup{}, append(options, actor(t), "leave", "3", "meek")...)
				p.expect("orphan up\n")
				p.awaitLonely("actor")
				p.signal(syscall.SIGHUP)
				p.expect("orphan 1\n")
				p.signal(syscall.SIGTERM)
				p.expectExit(3)
			})
		})
	}
}

// awaitLonely waits until the main child is gone and one orphan is left.
func (p *process) awaitLonely(name string) {
	p.t.Helper()
	init := p.pid()
	p.eventually("orphan alone", func() bool {
		all := children(init)
		return len(all) == 1 && status(all[0], "Name") == name && !strings.HasPrefix(status(all[0], "State"), "Z") &&
			stat(all[0], 6) == stat(all[0], 5) // it leads a session, as the main child does not
	})
}

// Those who heed nothing get TERM, then KILL; whoever ends early is not waited for.
func TestWaitEscalates(t *testing.T) {
	each(t, contenders(execMode), func(t *testing.T, c contender) {
		began := time.Now()
		p := c.start(t, setup{}, "--wait="+later.String(), actor(t), "leave", "3", "deaf")
		p.expect("orphan 15\n")
		p.expectExit(3)
		if passed := time.Since(began); passed < 2*later {
			t.Errorf("the end after %v, want TERM and KILL after %v each", passed, later)
		}
		p = c.start(t, setup{}, "--wait=1m", actor(t), "stay", "3", "meek")
		p.expect("main up\n")
		p.signal(syscall.SIGTERM)
		p.expectExit(3)
	})
}

// Nobody but what descends from the init is reached, whatever it does to reach everyone.
func TestBystander(t *testing.T) {
	cases := []struct{ options, child string }{
		{"--all", "stay 3 meek"},
		{"--all --grace " + later.String(), "stay 3 deaf"},
		{"--all --wait", "leave 3 meek"},
		{"--wait=" + later.String(), "leave 3 deaf"}, // what it sends of its own accord
	}
	for _, test := range cases {
		t.Run(test.options, func(t *testing.T) {
			each(t, contenders(execMode), func(t *testing.T, c contender) {
				path, argv0, first := c.program(t)
				init := strings.Join(slices.Concat([]string{path, argv0}, first, []string{test.options, actor(t), test.child}), " ")
				p := c.start(t, setup{bare: true}, sh(t, "%s family 0 & %s -- %s; echo code $?; wait", actor(t), stage(t), init)...)
				p.eventually("two who are up", func() bool { return strings.Count(p.stdout.String(), " up\n") == 2 })
				if strings.HasPrefix(test.options, "--all") {
					send(t, p.named("runner-init"), syscall.SIGTERM)
				}
				p.expect("code ")
				bystanders := p.family()
				for _, pid := range bystanders {
					send(t, pid, marker)
				}
				p.eventually("markers", func() bool { return strings.Count(p.stdout.String(), " 64\n") == len(all) })
				if got := p.reached("15"); len(got) != 1 {
					t.Errorf("TERM reached %q, want one", got)
				}
			}, isBeside)
		})
	}
}

// named returns the only process of this name.
func (p *process) named(name string) (pid int) {
	p.t.Helper()
	p.eventually("process "+name, func() bool {
		for _, pid = range descendants(p.outer.Pid) {
			if status(pid, "Name") == name {
				return true
			}
		}
		return false
	})
	return pid
}

// The whole of what was signalled is killed, and only for signals that mean stop.
func TestGraceReaches(t *testing.T) {
	for target, options := range map[string][]string{"main": nil, "orphan": {"-g"}, "away": {"--all"}} {
		t.Run(strings.Join(options, " "), func(t *testing.T) {
			each(t, contenders(execMode), func(t *testing.T, c contender) {
				p := c.start(t, setup{}, append(options, "--wait", "--grace", later.String(), "-r", "HUP:USR1", actor(t), "family", "5")...)
				p.expect("main up\n")
				pids := p.family()
				p.signal(syscall.SIGHUP)
				p.expect("main 10\n")
				p.signal(syscall.SIGINT)
				p.expect("main 2\n")
				p.eventually(target+" killed", func() bool { return !alive(pids[target]) })
				spared := map[string][]string{"main": {"same", "orphan"}, "orphan": {"group", "session", "away"}}[target]
				for _, name := range spared {
					if !alive(pids[name]) {
						t.Errorf("%s, who was not signalled, is dead", name)
					}
				}
				for _, name := range all {
					_ = syscall.Kill(pids[name], syscall.SIGKILL)
				}
				p.expectExit(137)
			})
		})
	}
}

func alive(pid int) bool {
	state := status(pid, "State")
	return state != "" && !strings.HasPrefix(state, "Z")
}

// Several delays run side by side, equal signals do not put one off, and none holds up the end.
func TestDelays(t *testing.T) {
	each(t, contenders(execMode), func(t *testing.T, c contender) {
		s := setup{env: []string{usualPath, "RUNNER_INIT_DELAY=INT:1m,USR1:1m"}}
		p := c.start(t, s, "--delay", "HUP:400ms", "--delay=USR1:200ms", "--delay", "TERM:500ms", "--delay", "QUIT:1m", probe(t), "count", "12", "7")
		p.expect("ready\n")
		began := time.Now()
		for _, sig := range []syscall.Signal{syscall.SIGHUP, syscall.SIGUSR1, syscall.SIGTERM, syscall.SIGQUIT, syscall.SIGWINCH} {
			p.signal(sig)
		}
		p.counted(2)
		p.signal(syscall.SIGHUP)
		if got, want := p.counted(4), []string{"28", "10", "1", "15"}; !slices.Equal(got, want) {
			t.Errorf("the child got %q, want %q", got, want)
		}
		if passed := time.Since(began); passed < 500*time.Millisecond {
			t.Errorf("TERM arrived after %v", passed)
		}
		p.signal(syscall.SIGHUP) // a new one, now that the first is through
		p.counted(5)
		p.signal(syscall.SIGTERM)
		p.signal(syscall.SIGUSR2)
		p.expectExit(7) // QUIT and TERM are still under way
		if got, want := p.counted(6), []string{"28", "10", "1", "15", "1", "12"}; !slices.Equal(got, want) {
			t.Errorf("the child got %q, want %q", got, want)
		}
	})
}
