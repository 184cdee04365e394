package signals

import (
	"slices"
	"strings"
	"testing"
)

func TestTiniSettings(t *testing.T) {
	tests := []struct {
		args, command string
		strict        bool
		want          func(*settings)
	}{
		{"echo a b", "echo a b", false, func(*settings) {}},
		{"-s -g -w echo", "echo", false, func(s *settings) { s.subreaper, s.target, s.warnReaped = true, toGroup, true }},
		{"-vvv -pSIGHUP -- echo -v", "echo -v", false, func(s *settings) { s.verbosity, s.deathSignal = 4, 1 }},
		{"-e 1 -e143 echo", "echo", false, func(s *settings) { s.remapped[1], s.remapped[143] = true, true }},
		{"echo -v foo -g", "echo foo", false, func(s *settings) { s.verbosity, s.target = 2, toGroup }},
		{"-s echo -v foo -g", "echo -v foo -g", true, func(s *settings) { s.subreaper = true }},
		{"echo -- -v", "echo -v", false, func(*settings) {}},
		{"--version -- echo", "", false, nil},
		{"echo -c true", "", false, nil},
		{"-e 256 echo", "", false, nil},
		{"-e x echo", "", false, nil},
		{"-p TERM echo", "", false, nil},
		{"-p", "", false, nil},
		{"", "", false, nil},
		{"-g", "", false, nil},
	}
	for _, test := range tests {
		p := Process{Args: cArgs(append([]string{"/sbin/tini"}, strings.Fields(test.args)...)...)}
		if test.strict {
			p.Environ = cArgs("POSIXLY_CORRECT=")
		}
		got := settings{manners: tini, verbosity: tiniWarning}
		var done bool
		var code int
		said := printed(t, 2, func() { done, code = got.parseTini(p) })
		if test.want == nil {
			if !done || code != 1 || said == "" {
				t.Errorf("%q: got %t, code %d and %q; want it refused", test.args, done, code, said)
			}
			continue
		}
		if command := strings.Join(texts(got.command), " "); done || said != "" || command != test.command {
			t.Errorf("%q: got %t, the command %q and %q", test.args, done, command, said)
		}
		want := settings{manners: tini, verbosity: tiniWarning}
		test.want(&want)
		if got.command = nil; !same(got, want) {
			t.Errorf("%q:\n got %+v\nwant %+v", test.args, got, want)
		}
	}
}

func TestDumbInitSettings(t *testing.T) {
	tests := []struct {
		args, command string
		want          func(*settings)
	}{
		{"echo -c", "echo -c", func(*settings) {}},
		{"-c echo", "echo", func(s *settings) { s.session, s.target = false, toChild }},
		{"-vc -- echo -v", "echo -v", func(s *settings) { s.session, s.target, s.verbosity = false, toChild, 1 }},
		{"-r15:3 --rewrite 1:0 -r 2:2x echo", "echo", func(s *settings) { s.rewrite[15], s.rewrite[1], s.rewrite[2] = 3, dropped, 2 }},
		{"--verb --sing echo", "echo", func(s *settings) { s.session, s.target, s.verbosity = false, toChild, 1 }},
		{"-r TERM:3 echo", "", nil},
		{"-r 32:1 echo", "", nil},
		{"--ver echo", "", nil},
		{"-x echo", "", nil},
		{"-c", "", nil},
		{"", "", nil},
	}
	for _, test := range tests {
		p := Process{Args: cArgs(append([]string{"dumb-init"}, strings.Fields(test.args)...)...)}
		got := settings{manners: dumbInit, target: toGroup, session: true, cleared: true}
		want := got
		var done bool
		var code int
		said := printed(t, 2, func() { done, code = got.parseDumbInit(p) })
		if test.want == nil {
			if !done || code != 1 || said == "" {
				t.Errorf("%q: got %t, code %d and %q; want it refused", test.args, done, code, said)
			}
			continue
		}
		if command := strings.Join(texts(got.command), " "); done || said != "" || command != test.command {
			t.Errorf("%q: got %t, the command %q and %q", test.args, done, command, said)
		}
		test.want(&want)
		if got.command = nil; !same(got, want) {
			t.Errorf("%q:\n got %+v\nwant %+v", test.args, got, want)
		}
	}
}

// TestStopOnTerminalSignals: what the user has rewritten stays so.
func TestStopOnTerminalSignals(t *testing.T) {
	var s settings
	s.setRewrite(terminalInput, 0)
	s.setRewrite(terminalOutput, 10)
	s.stopOnTerminalSignals()
	var got []int
	for sig := 19; sig <= 23; sig++ {
		got = append(got, s.rewritten(sig))
	}
	if want := []int{19, stopped, 0, 10, 23}; !slices.Equal(got, want) {
		t.Errorf("19 to 23 become %v, want %v", got, want)
	}
}
