//go:build !(amd64 || arm64) || purego || race || msan || asan

package signals

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/runner-init/runner-init/internal/need"
)

// buildRoles are the roles of tests that this build alone has.
var buildRoles = map[string]func([]string) int{"environ": roleEnviron, "erase": roleErase, "own": roleOwn, "owner": roleOwner}

// startExactly begins a process that is exactly so, duplicates in its environment included, which exec.Cmd would remove.
func startExactly(t *testing.T, args, env []string, files ...*os.File) *os.Process {
	t.Helper()
	p, err := os.StartProcess(self(t), slices.Concat([]string{"test"}, args), &os.ProcAttr{Env: env, Files: files})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

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
		if err := eraseEnviron(); err == nil || len(os.Environ()) > 0 {
			fail("got %v, want it not found but forgotten", err)
		}
		os.Setenv("B", "4")
	}
	block, err := EncodeEnviron(texts(ThisProcess().Environ))
	if err != nil {
		fail("%v", err)
	}
	os.Stdout.Write(block)
	syscall.Exit(0) // at once: without GORACE in its environment os.Exit takes a second under the race detector
	return 0
}

func TestEnviron(t *testing.T) {
	verbatim := []string{"B=2", "A=1", "B=3", "no equals sign", "", "LONG=" + strings.Repeat("x", 100_000), "Z="}
	tests := []struct {
		args []string
		env  []string
		want []string
	}{
		{[]string{"as it was"}, verbatim, verbatim},
		{[]string{""}, verbatim, verbatim}, // the last argument empty
		{[]string{"", "", "a\nb", ""}, verbatim, verbatim},
		{[]string{"nothing"}, []string{}, nil},
		// It is where the kernel put it, whatever was set later, unless the place is lost.
		{[]string{"changed"}, []string{"B=2", "A=1", "B=3"}, []string{"B=2", "A=1", "B=3"}},
		{[]string{"reversed"}, []string{"B=2", "A=1", "B=3"}, []string{"B=4"}},
		{[]string{"moved"}, []string{"B=2", "A=1", "B=3"}, []string{"B=4"}},
	}
	for _, test := range tests {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		p := startExactly(t, slices.Concat([]string{"role:environ"}, test.args), test.env, nil, w, os.Stderr)
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
	fmt.Println("ready")
	fmt.Scanln()
	if err := eraseEnviron(); err != nil {
		fail("%v", err)
	}
	if left := append(os.Environ(), strings.Join(texts(ThisProcess().Environ), "")); !slices.Equal(left, []string{""}) {
		fail("still there: %q", left)
	}
	fmt.Println("erased")
	fmt.Scanln()
	return 0
}

func TestEraseEnviron(t *testing.T) {
	cmd := exec.Command(self(t), "role:erase")
	cmd.Env, cmd.Stderr = []string{"CANARY=for-tests-only", "GORACE=atexit_sleep_ms=0"}, os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	shown := func(file string) string {
		data, err := os.ReadFile(fmt.Sprint("/proc/", cmd.Process.Pid, "/", file))
		if err != nil {
			t.Error(err)
		}
		return string(data)
	}
	fmt.Fscanln(out, new(string))
	if got := shown("environ"); !strings.Contains(got, "CANARY=for-tests-only") {
		t.Errorf("the canary is not in %q", got)
	}
	io.WriteString(in, "\n")
	fmt.Fscanln(out, new(string))
	if got := strings.Trim(shown("environ"), "\x00"); got != "" {
		t.Errorf("still shown: %q", got)
	}
	if got := shown("cmdline"); !strings.HasSuffix(got, "\x00role:erase\x00") {
		t.Errorf("the command line was touched: %q", got)
	}
	io.WriteString(in, "\n")
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}

// roleOwn starts a child as an ordinary user would: from the program's file, or from our own copy of it.
func roleOwn(args []string) int {
	const nobodyID = 65534
	if err := errors.Join(syscall.Setresgid(nobodyID, nobodyID, nobodyID), syscall.Setresuid(nobodyID, nobodyID, nobodyID)); err != nil {
		fail("%v", err)
	}
	path := "/proc/self/exe"
	if args[0] == "copy" {
		program, err := ownProgram()
		if err != nil {
			fail("%v", err)
		}
		path = pathOf(program)
		if _, err := os.Open(path); err == nil {
			fail("its owner can read it")
		}
	}
	cmd := exec.Command(path, "role:owner")
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if err := cmd.Run(); err != nil {
		fail("%v", err)
	}
	return 0
}

// roleOwner says whose the kernel takes this process for: root's, when nobody else may look into it (proc(5)).
func roleOwner([]string) int {
	info, err := os.Stat("/proc/self/environ")
	if err != nil {
		fail("%v", err)
	}
	fmt.Println(info.Sys().(*syscall.Stat_t).Uid)
	return 0
}

func TestOwnProgram(t *testing.T) {
	need.Root(t)
	owner := func(how string) string {
		out, err := exec.Command(self(t), "role:own", how).CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v\n%s", how, err, out)
		}
		return string(out)
	}
	if got := owner("file"); got != "65534\n" {
		t.Skipf("skipped: an ordinary process is not its user's on this machine: %q", got)
	}
	if got := owner("copy"); got != "0\n" {
		t.Errorf("the child is uid %q's to look into, want nobody's", got)
	}
}
