package conformance

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// Signals of which package syscall does not know the names. The C library keeps the first two for itself.
const (
	rtMin syscall.Signal = 34
	rtMax syscall.Signal = 64
)

// A rewriting is what the child gets of signals that are sent to the init. They are sent one by one: a number that the
// child does not get must be smaller than the one that follows, so that it cannot be overtaken.
type rewriting struct {
	args []string
	env  string
	sent []syscall.Signal
	got  []syscall.Signal
}

func (r rewriting) check(t *testing.T, c contender) {
	t.Helper()
	env := []string{usualPath}
	if r.env != "" {
		env = append(env, r.env)
	}
	end := r.got[len(r.got)-1]
	p := c.start(t, setup{env: env}, slices.Concat(r.args, []string{probe(t), "count", strconv.Itoa(int(end)), "7"})...)
	p.expect("ready\n")
	want, next := "ready\n", 0
	for _, sig := range r.sent {
		p.signal(sig)
		if next < len(r.got) && (len(r.sent) == len(r.got) || sig == r.sent[len(r.sent)-1]) {
			want += fmt.Sprintln(int(r.got[next]))
			next++
			p.expect(want)
		}
	}
	p.expectExit(7)
	if got := p.stdout.String(); got != want {
		t.Errorf("the child got %q, want %q", strings.Fields(got)[1:], list(r.got))
	}
}

func TestRewrite(t *testing.T) {
	const (
		hup, integer, quit, usr1, usr2, term = syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGTERM
	)
	one := func(sig syscall.Signal) []syscall.Signal { return []syscall.Signal{sig} }
	for _, test := range []struct {
		name  string
		where []kind
		fewer bool // not in the build without assembly: package os/signal does not report these signals
		rewriting
	}{
		{"numbers", []kind{dumbInit, execMode}, false, rewriting{[]string{"-r", "15:3"}, "", one(term), one(quit)}},
		{"glued", []kind{dumbInit, execMode}, false, rewriting{[]string{"-r15:3"}, "", one(term), one(quit)}},
		{"several", []kind{dumbInit, execMode}, false, rewriting{[]string{"-r15:3", "--rewrite=2:10", "--rewrite", "1:12"}, "",
			[]syscall.Signal{hup, integer, term}, []syscall.Signal{usr2, usr1, quit}}},
		{"swapped", []kind{dumbInit, execMode}, false, rewriting{[]string{"-r15:2", "-r2:15"}, "", []syscall.Signal{integer, term}, []syscall.Signal{term, integer}}},
		{"no chain", []kind{dumbInit, execMode}, false, rewriting{[]string{"-r15:2", "-r2:3"}, "", one(term), one(integer)}},
		{"the last counts", []kind{dumbInit, execMode}, false, rewriting{[]string{"-r15:2", "-r15:3"}, "", one(term), one(quit)}},
		{"dropped", []kind{dumbInit, execMode}, false, rewriting{[]string{"-r10:0"}, "", []syscall.Signal{usr1, usr2}, one(usr2)}},
		{"to CHLD", []kind{dumbInit, execMode}, false, rewriting{[]string{"-r10:17"}, "", one(usr1), one(syscall.SIGCHLD)}},
		{"junk", []kind{dumbInit}, false, rewriting{[]string{"-r", " 15: 3junk"}, "", one(term), one(quit)}},
		{"single child", []kind{dumbInit, execMode}, false, rewriting{[]string{"-cr15:3"}, "", one(term), one(quit)}},
		{"names", []kind{execMode}, false, rewriting{[]string{"-r", "TERM:QUIT"}, "", one(term), one(quit)}},
		{"long names", []kind{execMode}, false, rewriting{[]string{"-r", "SIGTERM:sigquit"}, "", one(term), one(quit)}},
		{"mixed names", []kind{execMode}, false, rewriting{[]string{"-r", "Term:3"}, "", one(term), one(quit)}},
		{"name dropped", []kind{execMode}, false, rewriting{[]string{"-r", "USR1:0"}, "", []syscall.Signal{usr1, usr2}, one(usr2)}},
		{"to the last real-time", []kind{execMode}, false, rewriting{[]string{"-r", "TERM:RTMAX", "-r", "INT:64"}, "", one(integer), one(rtMax)}},
		{"real-time by name", []kind{execMode}, true, rewriting{[]string{"-r", "RTMIN:USR1", "-r", "RTMIN+1:RTMAX-1"}, "",
			[]syscall.Signal{rtMin + 1, rtMin}, []syscall.Signal{rtMax - 1, usr1}}},
		{"real-time by number", []kind{execMode}, true, rewriting{[]string{"-r", "34:10"}, "", one(rtMin), one(usr1)}},
		{"variable", []kind{execMode}, false, rewriting{nil, "RUNNER_INIT_REWRITE=TERM:INT,INT:TERM", []syscall.Signal{integer, term}, []syscall.Signal{term, integer}}},
		{"variable with blanks", []kind{execMode}, false, rewriting{nil, "RUNNER_INIT_REWRITE= TERM:INT  2:15 ", []syscall.Signal{integer, term}, []syscall.Signal{term, integer}}},
		{"variable overruled", []kind{execMode}, false, rewriting{[]string{"-r", "TERM:QUIT"}, "RUNNER_INIT_REWRITE=TERM:INT", one(term), one(quit)}},
		{"variable of another", []kind{tini, dumbInit}, false, rewriting{nil, "RUNNER_INIT_REWRITE=TERM:INT", one(term), one(term)}},
	} {
		t.Run(test.name, func(t *testing.T) {
			each(t, contenders(test.where...), test.check, func(c contender) bool { return c.build != purego || !test.fewer })
		})
	}
}
