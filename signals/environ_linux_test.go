package signals

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

var verbatim = []string{"B=2", "A=1", "B=3", "no equals sign", "", "LONG=" + strings.Repeat("x", 100_000), "Z="}

// roleEnviron prints the environment as this package reads it, after the change it is asked for.
func roleEnviron(args []string) int {
	switch args[0] {
	case "changed":
		os.Setenv("B", "4")
	case "moved", "reversed":
		if args[0] == "moved" {
			os.Args = []string{strings.Clone("one")}
		}
		slices.Reverse(os.Args)
		if err := EraseEnviron(); err == nil || os.Getenv("B") != "" {
			fail("got %v, want it not found but forgotten", err)
		}
		os.Setenv("B", "4")
	}
	block, err := EncodeEnviron(Environ())
	if err != nil {
		fail("%v", err)
	}
	os.Stdout.Write(block)
	syscall.Exit(0) // at once: without GORACE in its environment os.Exit takes a second under the race detector
	return 0
}

func TestEnviron(t *testing.T) {
	tests := []struct {
		args []string
		env  []string
		want []string
	}{
		{[]string{"as it was"}, verbatim, verbatim},
		{[]string{""}, verbatim, verbatim}, // the last argument empty
		{[]string{"", "", "a\nb", ""}, verbatim, verbatim},
		{[]string{"nothing"}, []string{}, nil},
		{[]string{"changed"}, []string{"B=2", "A=1", "B=3"}, []string{"B=4", "A=1"}},
		{[]string{"reversed"}, []string{"B=2", "A=1", "B=3"}, []string{"B=4"}},
		{[]string{"moved"}, []string{"B=2", "A=1", "B=3"}, []string{"B=4"}},
	}
	for _, test := range tests {
		r, w := pipe(t)
		// Not exec.Cmd, which removes duplicates.
		p, err := os.StartProcess(self(t), slices.Concat([]string{"test", "role:environ"}, test.args),
			&os.ProcAttr{Env: test.env, Files: []*os.File{nil, w, os.Stderr}})
		if err != nil {
			t.Fatal(err)
		}
		w.Close()
		block, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.Wait(); err != nil {
			t.Fatal(err)
		}
		if got, err := DecodeEnviron(block); err != nil || !slices.Equal(got, test.want) {
			t.Errorf("%q: got %.300q (%v), want %.300q", test.args, got, err, test.want)
		}
	}
}

// roleErase forgets its environment while somebody looks on.
func roleErase([]string) int {
	environ := Environ()
	fmt.Println("ready")
	fmt.Scanln()
	if err := EraseEnviron(); err != nil {
		fail("%v", err)
	}
	if !slices.Contains(environ, "CANARY=for-tests-only") {
		fail("the copy is gone: %q", environ)
	}
	if left := append(os.Environ(), Environ()...); len(left) > 0 {
		fail("still there: %q", left)
	}
	fmt.Println("erased")
	fmt.Scanln()
	return 0
}

func TestEraseEnviron(t *testing.T) {
	t.Setenv("CANARY", "for-tests-only")
	everywhere(t, func(t *testing.T, where place) {
		p := begin(t, where, "erase")
		p.expect("ready")
		if shown := readProc(p.pid(), "environ"); !strings.Contains(shown, "CANARY=for-tests-only") {
			t.Fatalf("the canary is not in %q", shown)
		}
		p.stdin.WriteString("\n")
		p.expect("erased")
		if shown := strings.Trim(readProc(p.pid(), "environ"), "\x00"); shown != "" {
			t.Errorf("still shown: %q", shown)
		}
		if shown := readProc(p.pid(), "cmdline"); !strings.HasSuffix(shown, "\x00role:erase\x00") {
			t.Errorf("the command line was touched: %q", shown)
		}
		p.end()
	})
}

// roleSecret becomes an ordinary user's ordinary process, then an undumpable one.
func roleSecret([]string) int {
	becomeNobody()
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 1, 0, 0, 0); err != nil { // lost with the change of user
		fail("%v", err)
	}
	fmt.Println(os.Getpid())
	fmt.Scanln()
	if err := Undumpable(); err != nil {
		fail("%v", err)
	}
	fmt.Println("closed")
	fmt.Scanln()
	return 0
}

// rolePeek looks at another process of the same user.
func rolePeek(args []string) int {
	becomeNobody()
	environ, err := os.ReadFile("/proc/" + args[0] + "/environ")
	fmt.Println(bytes.Contains(environ, []byte("CANARY=for-tests-only")), err != nil)
	_, err = os.Open("/proc/" + args[0] + "/mem")
	fmt.Println(err != nil)
	return 0
}

func becomeNobody() {
	if os.Getuid() != 0 {
		return // nobody already
	}
	if err := syscall.Setresgid(65534, 65534, 65534); err != nil {
		fail("%v", err)
	}
	if err := syscall.Setresuid(65534, 65534, 65534); err != nil {
		fail("%v", err)
	}
}

func TestUndumpable(t *testing.T) {
	t.Setenv("CANARY", "for-tests-only")
	p := begin(t, place{}, "secret")
	pid := p.line()
	if out := begin(t, place{}, "peek", pid).end(); out != "true false\nfalse\n" {
		t.Skipf("skipped: this machine does not let a user look at his own processes: %q", out)
	}
	p.stdin.WriteString("\n")
	p.expect("closed")
	if out := begin(t, place{}, "peek", pid).end(); out != "false true\ntrue\n" {
		t.Errorf("got %q, want to be refused", out)
	}
	p.end()
}
