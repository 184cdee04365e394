package signals

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"
)

// roleRun is the plain init: one child, its exit code.
func roleRun(args []string) int {
	status, err := New().Run(Command{Path: args[0], Args: args, Env: os.Environ()})
	if err, ok := errors.AsType[*ExecError](err); ok {
		fmt.Println(err)
		return err.Code()
	}
	fmt.Fprintln(os.Stderr, status)
	return status.Code()
}

func TestExitCode(t *testing.T) {
	tests := []struct {
		argv []string
		want int
		out  string
	}{
		{argv: []string{"true"}, want: 0},
		{argv: []string{"sh", "-c", "exit 7"}, want: 7},
		{argv: []string{"sh", "-c", "kill -KILL $$"}, want: 137},
		{argv: []string{"no-such-program"}, want: 127, out: "cannot execute \"no-such-program\": no such program in PATH\n"},
		{argv: []string{"/dev/null"}, want: 126, out: "cannot execute \"/dev/null\": /dev/null is not marked executable\n"},
	}
	t.Setenv("PATH", "/usr/bin:/bin") // a directory that is closed to us would be a denial, not an absence
	everywhere(t, func(t *testing.T, where place) {
		for _, test := range tests {
			out, code := begin(t, where, "run", test.argv...).rest()
			if code != test.want || out != test.out {
				t.Errorf("%v: got code %d and %q, want %d and %q", test.argv, code, out, test.want, test.out)
			}
		}
	})
}

// roleDeaths starts children that are dead before anybody could have looked for them. Half of them have a pipe to be
// ready on, which does not end with them because the role keeps it open.
func roleDeaths([]string) int {
	in := New()
	var goroutines int
	for i := range 300 {
		want := i % 200
		c := Command{Path: "/bin/sh", Args: []string{"sh", "-c", fmt.Sprint("exit ", want)}}
		if i%2 == 1 {
			c.Ready, c.Files = readyPipe()
			defer closeAll(append(c.Files, c.Ready))
		}
		status, err := in.Run(c)
		if err != nil || status.Code() != want {
			fail("child %d %v (%v), want code %d", i, status, err, want)
		}
		if i == 10 {
			goroutines = runtime.NumGoroutine()
		}
	}
	// A goroutine that has said it is done may still be on its way out.
	gone := func() bool { return runtime.NumGoroutine() <= goroutines }
	if err := eventually("as many goroutines after 300 children as after ten", gone); err != nil {
		fail("%v", err)
	}
	if left := children(os.Getpid()); len(left) > 0 {
		fail("not reaped: %v", left)
	}
	return 0
}

// readyPipe returns both ends, the second as the child's files.
func readyPipe() (*os.File, []*os.File) {
	r, w, err := os.Pipe()
	if err != nil {
		fail("%v", err)
	}
	return r, []*os.File{w}
}

func TestNoDeathIsLost(t *testing.T) {
	everywhere(t, func(t *testing.T, where place) { begin(t, where, "deaths").end() })
}

func TestSecondRunWaitsItsTurn(t *testing.T) {
	in := &Init{child: os.Getpid()}
	_, err := in.Run(Command{Path: "true"})
	if want := `cannot start "true": another child is running`; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestReadyMustBeAPipe(t *testing.T) {
	f, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	_, w := pipe(t)
	_, err = new(Init).Run(Command{Path: "true", Ready: f, Drop: []*os.File{w}})
	if err == nil || !strings.HasPrefix(err.Error(), `cannot watch "/dev/null" for readiness: `) {
		t.Errorf("got %v", err)
	}
	if err := w.Close(); !errors.Is(err, os.ErrClosed) {
		t.Errorf("the file to drop is still open (%v)", err)
	}
}

func TestIntake(t *testing.T) {
	for _, sig := range intake() {
		if sig == syscall.SIGURG {
			t.Error("SIGURG is the Go scheduler's")
		}
	}
	if got := len(intake()); got != 63 {
		t.Errorf("got %d signals, want all 64 but SIGURG", got)
	}
}
