package conformance

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A trial is a command line on which a personality has to do as the program does whose name it bears.
type trial struct {
	name string   // what is tried; the arguments if empty
	args []string // "PROBE" stands for the probe, "DIR" for the fixtures
	env  []string // besides the PATH
	set  setup    // its env is replaced
	code int      // how it ends
	says string   // part of what is said
}

// judged runs trials: the peer first, which has to do what the trial says, then ours, which have to do as the peer did.
func judged(t *testing.T, k kind, trials []trial) {
	t.Helper()
	dir := fixtures(t)
	for _, trial := range trials {
		if trial.name == "" {
			trial.name = strings.Join(trial.args, " ")
		}
		trial.args = replace(trial.args, "PROBE", probe(t), "DIR", dir)
		trial.env = replace(trial.env, "DIR", dir)
		trial.set.env = slices.Concat(trial.env, []string{usualPath})
		places := everyPlace
		if trial.code == 1 { // refused, before it matters where
			places = places[:1]
		}
		for _, p := range places {
			t.Run(trial.name+"/"+string(p), func(t *testing.T) {
				t.Parallel()
				trial.judge(t, k, p)
			})
		}
	}
}

// replace replaces pairs of old and new in each text.
func replace(texts []string, pairs ...string) []string {
	replaced := make([]string, 0, len(texts))
	for _, text := range texts {
		replaced = append(replaced, strings.NewReplacer(pairs...).Replace(text))
	}
	return replaced
}

func (tr trial) judge(t *testing.T, k kind, p place) {
	want := contender{k, peer, p}.run(t, tr.set, tr.args...)
	if want.code != tr.code || !strings.Contains(want.stdout+want.stderr, tr.says) {
		t.Fatalf("the judge errs: %+v, want exit code %d and %q", want, tr.code, tr.says)
	}
	for _, b := range []build{native, purego} {
		t.Run(string(b), func(t *testing.T) {
			t.Parallel()
			got := contender{k, b, p}.run(t, tr.set, tr.args...)
			if got.code != want.code {
				t.Errorf("exit code %d, want %d", got.code, want.code)
			}
			compare(t, b, "standard output", got.stdout, want.stdout)
			compare(t, b, "standard error", got.stderr, want.stderr)
		})
	}
}

func compare(t *testing.T, b build, stream, got, want string) {
	t.Helper()
	simplify := lines
	switch {
	case !strings.Contains(want, "] "): // one piece
		simplify = func(text string) []string { return []string{text} }
	case b == purego:
		simplify = parentLines
	}
	if got, want := simplify(got), simplify(want); !slices.Equal(got, want) {
		t.Errorf("%s:\n%s\nwant:\n%s", stream, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

var (
	pids = regexp.MustCompile(`(\((?:pid )?|(?i:pid)[ :='"]+)[0-9]+`)
	// tini says the first once a second, and loses the second in its buffer when its child executes the program.
	accidents = regexp.MustCompile(`\] (No child to |tcsetpgrp failed: no tty)`)
	// What the child says between fork and exec, where a Go program cannot say anything; and what a closed standard input
	// is called, which the Go runtime has opened by then.
	fromChild = regexp.MustCompile(`\] (setsid complete|Unable to (at|de)tach)`)
)

// lines returns the lines in an order of their own, since an init and its child write at the same time, without process
// ids and accidents.
func lines(text string) []string {
	all := strings.Split(pids.ReplaceAllString(text, "${1}N"), "\n")
	all = slices.DeleteFunc(all, accidents.MatchString)
	if strings.Contains(text, "] Passing signal") { // tini looks for the dead after each signal, and may be early
		all = slices.DeleteFunc(all, func(line string) bool { return strings.HasSuffix(line, "] Received SIGCHLD") })
	}
	slices.Sort(all)
	return all
}

// parentLines leaves out what can only be said where there is a fork.
func parentLines(text string) []string { return slices.DeleteFunc(lines(text), fromChild.MatchString) }

// alien is the head of an executable for a machine that does not exist. The kernel knows no format for it, and a shell
// that is given it as a script no command in it.
var alien = "\x7fELF\x02\x01\x01" + strings.Repeat("\x00", 9) + "\x02\x00\xf3\x7f\x01" + strings.Repeat("\x00", 43)

// fixtures returns a directory that every user can enter, with what can be executed and what cannot.
func fixtures(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "conformance-") // below t.TempDir nobody but its owner comes
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	for _, sub := range []string{"", "/none", "/denied", "/good", "/bad", "/directory", "/directory/tool"} {
		if err := os.MkdirAll(dir+sub, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(dir+sub, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	files := []struct {
		name, text string
		mode       os.FileMode
	}{
		{"plain", "echo plain $# \"$@\"\nexit 5\n", 0o755},
		{"empty", "", 0o755},
		{"bang", "#!/bin/sh\necho bang $# \"$@\"\nexit 6\n", 0o755},
		{"lost", "#!/nonexistent/interpreter\n", 0o755},
		{"locked", "#!/bin/sh\n", 0o644},
		{"alien", alien, 0o755},
		{"denied/tool", "#!/bin/sh\nexit 1\n", 0o644},
		{"good/tool", "#!/bin/sh\necho good\nexit 7\n", 0o755},
		{"bad/tool", "#!/nonexistent/interpreter\n", 0o755},
	}
	for _, f := range files {
		if err := os.WriteFile(dir+"/"+f.name, []byte(f.text), f.mode); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("loop", dir+"/loop"); err != nil {
		t.Fatal(err)
	}
	return dir
}
