package conformance

import (
	"slices"
	"strconv"
	"strings"
	"testing"
)

// An execution is the start of a command as execvp(3) does it. All inits agree but for the code of a failure: dumb-init
// ends with 2 for all of them, tini and exec with 127 for what is not there, with 126 where access is denied, and for all
// else with 1 or 126.
type execution struct {
	name string
	argv []string // "DIR" stands for the fixtures
	path string   // PATH=…, nothing if empty
	dir  bool     // in the directory of fixtures
	want string   // what is on standard output
	code int      // of the child
	err  string   // what is said of a failure
	ours bool     // the real ones do worse

	plain bool // no -- ends the options
}

// The errors of exec(3).
const (
	noEntry = "No such file or directory"
	denied  = "Permission denied"
	loop    = "Too many levels of symbolic links"
	tooLong = "File name too long"
	noDir   = "Not a directory"
	format  = "Exec format error"
)

func executions() []execution {
	long := strings.Repeat("x", 256)
	return []execution{
		{name: "script", argv: []string{"DIR/bang", "a b", ""}, want: "bang 2 a b \n", code: 6},
		{name: "script without #!", argv: []string{"DIR/plain", "a", "b"}, want: "plain 2 a b\n", code: 5},
		{name: "script without #! and no end of options", argv: []string{"DIR/plain", "a"}, plain: true, want: "plain 1 a\n", code: 5},
		{name: "script without #! in PATH", argv: []string{"plain", "a", "b"}, path: "PATH=/nonexistent:DIR:/bin", want: "plain 2 a b\n", code: 5},
		{name: "empty file", argv: []string{"DIR/empty"}},
		{name: "interpreter that is not there", argv: []string{"DIR/lost"}, err: noEntry},
		{name: "not there", argv: []string{"DIR/nothing"}, err: noEntry},
		{name: "not in PATH", argv: []string{"nothing"}, path: "PATH=DIR:/bin", err: noEntry},
		{name: "empty name", argv: []string{""}, path: "PATH=DIR", err: noEntry},
		{name: "empty name in the working directory", argv: []string{""}, path: "PATH=:DIR", dir: true, err: noEntry},
		{name: "may not be executed", argv: []string{"DIR/locked"}, err: denied},
		{name: "directory", argv: []string{"DIR/good"}, err: denied},
		// execvp(3) hands it to a shell as if it were a script, so that nobody learns what is wrong.
		{name: "another machine's", argv: []string{"DIR/alien"}, err: format, ours: true},
		{name: "another machine's in PATH", argv: []string{"alien"}, path: "PATH=DIR", err: format, ours: true},
		{name: "below a file", argv: []string{"DIR/plain/x"}, err: noDir},
		{name: "loop", argv: []string{"DIR/loop"}, err: loop},
		{name: "loop in PATH", argv: []string{"loop"}, path: "PATH=DIR:/bin", err: loop},
		{name: "long name", argv: []string{long}, path: "PATH=DIR:/bin", err: tooLong},
		{name: "long element of PATH", argv: []string{"tool"}, path: "PATH=/" + strings.Repeat("x/", 3000) + ":DIR/good", want: "good\n", code: 7},
		{name: "found behind a denied one", argv: []string{"tool"}, path: "PATH=DIR/denied:DIR/good", want: "good\n", code: 7},
		{name: "found behind a directory", argv: []string{"tool"}, path: "PATH=DIR/directory:DIR/good", want: "good\n", code: 7},
		{name: "found behind a lost interpreter", argv: []string{"tool"}, path: "PATH=DIR/bad:DIR/good", want: "good\n", code: 7},
		{name: "found behind a file", argv: []string{"tool"}, path: "PATH=DIR/plain:DIR/good", want: "good\n", code: 7},
		{name: "denied and not found again", argv: []string{"tool"}, path: "PATH=DIR/denied:DIR/none", err: denied},
		{name: "directory and not found again", argv: []string{"tool"}, path: "PATH=DIR/directory:DIR/none", err: denied},
		{name: "only below a file", argv: []string{"tool"}, path: "PATH=DIR/plain", err: noDir},
		{name: "no PATH", argv: []string{"sh", "-c", "echo $0"}, want: "sh\n"},
		{name: "no PATH and not the working directory", argv: []string{"plain"}, dir: true, err: noEntry},
		{name: "empty PATH", argv: []string{"plain"}, path: "PATH=", dir: true, want: "plain 0\n", code: 5},
		{name: "empty element of PATH", argv: []string{"plain"}, path: "PATH=/nonexistent::/bin", dir: true, want: "plain 0\n", code: 5},
		{name: "PATH ends in a colon", argv: []string{"plain"}, path: "PATH=/nonexistent:", dir: true, want: "plain 0\n", code: 5},
		{name: "relative PATH", argv: []string{"tool"}, path: "PATH=denied:good", dir: true, want: "good\n", code: 7},
		{name: "relative name", argv: []string{"good/tool"}, path: "PATH=/bin", dir: true, want: "good\n", code: 7},
	}
}

func TestExecvp(t *testing.T) {
	dir := fixtures(t)
	for _, e := range executions() {
		t.Run(e.name, func(t *testing.T) {
			each(t, contenders(everyKind...), func(t *testing.T, c contender) {
				s := setup{env: replace([]string{"LC_ALL=C", e.path}, "DIR", dir)}
				if e.path == "" {
					s.env = []string{"LC_ALL=C"}
				}
				if e.dir {
					s.dir = dir
				}
				argv := replace(e.argv, "DIR", dir)
				options := []string{"--"}
				if e.plain {
					options = nil
				}
				e.check(t, c, c.run(t, s, slices.Concat(options, argv)...), argv[0])
			}, isPID1, func(c contender) bool { return !e.ours || c.kind == execMode })
		})
	}
}

func (e execution) check(t *testing.T, c contender, got observed, name string) {
	t.Helper()
	code, stderr := e.code, ""
	if e.err != "" {
		code, stderr = e.failure(c.kind), c.kind.complaint(name, e.err)
	}
	said := got.stderr
	if c.kind == execMode && e.err != "" {
		said, _, _ = strings.Cut(said, "runner-init: hint: ")
	}
	if got.code != code || got.stdout != e.want || !strings.EqualFold(strings.Join(lines(said), ""), strings.Join(lines(stderr), "")) {
		t.Errorf("exit code %d, said %q and complained %q; want %d, %q and %q", got.code, got.stdout, said, code, e.want, stderr)
	}
}

// failure is the exit code when the command could not be started.
func (e execution) failure(k kind) int {
	switch {
	case k == dumbInit:
		return 2
	case e.err == noEntry:
		return 127
	case e.err == denied || k == execMode:
		return 126
	}
	return 1
}

// complaint is what is said when the command could not be started.
func (k kind) complaint(name, err string) string {
	switch k {
	case dumbInit:
		return "[dumb-init] " + name + ": " + err + "\n"
	case tini:
		return "[FATAL tini (1)] exec " + name + " failed: " + err + "\n"
	}
	return "runner-init: cannot execute " + strconv.Quote(name) + ": " + err + "\n"
}
