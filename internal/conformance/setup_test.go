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

	"github.com/runner-init/runner-init/internal/need"
)

// setup is what an init is started with. The zero value is an ordinary start, without input.
type setup struct {
	argv0    string   // the name it is called by; its own if empty
	env      []string // verbatim, duplicates too; a PATH if nil
	dir      string
	stdin    *os.File         // /dev/null if nil
	stdout   *os.File         // read into the output if nil
	stderr   *os.File         // read into the output if nil
	files    []*os.File       // descriptors 3 and up
	terminal *os.File         // 0, 1 and 2, and controlling: a session of its own begins
	closed   []int            // descriptors that are closed
	blocked  []syscall.Signal // inherited
	ignored  []syscall.Signal // inherited
	user     int              // user and group id; ours if 0
	parent   bool             // beside only: there is one more parent in between, see process.parent
	bare     bool             // no init at all: the arguments are the program
}

// usualPath is the environment of a setup that does not say otherwise.
const usualPath = "PATH=/usr/local/bin:/usr/bin:/bin"

// argv is the command line of launch that gives a contender its surroundings. report is a descriptor.
func (s setup) argv(t *testing.T, c contender, report int, args []string) []string {
	t.Helper()
	argv := []string{"launch", "-m", "-k", strconv.Itoa(len(s.files)), "-b", list(s.blocked), "-i", list(s.ignored), "-c", list(s.closed)}
	if c.place == beside {
		argv = append(argv, "-s", strconv.Itoa(report))
	}
	if s.user != 0 {
		argv = append(argv, "-u", strconv.Itoa(s.user))
	}
	if s.terminal != nil {
		argv = append(argv, "-t")
	}
	if s.parent {
		argv = append(argv, "-p")
	}
	if s.bare {
		return slices.Concat(argv, []string{"--", need.Installed(t, args[0])}, args)
	}
	path, argv0, first := c.program(t)
	return slices.Concat(argv, []string{"--", path, cmp.Or(s.argv0, argv0)}, first, args)
}

// list is how launch wants numbers.
func list[N ~int](numbers []N) string {
	text := make([]string, 0, len(numbers))
	for _, n := range numbers {
		text = append(text, strconv.Itoa(int(n)))
	}
	return strings.Join(text, ",")
}

// standard returns descriptors 0, 1 and 2.
func (s setup) standard(t *testing.T, stdout, stderr *output) []*os.File {
	t.Helper()
	if s.terminal != nil {
		return []*os.File{s.terminal, s.terminal, s.terminal}
	}
	return []*os.File{cmp.Or(s.stdin, null(t)), cmp.Or(s.stdout, stdout.open(t)), cmp.Or(s.stderr, stderr.open(t))}
}

func null(t *testing.T) *os.File {
	t.Helper()
	f, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// pipe returns both ends of a pipe, which are closed with the test at the latest.
func pipe(t *testing.T) (r, w *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close(); w.Close() })
	return r, w
}

// probe returns the path of a program for what no shell can say, see testdata/probe.c.
func probe(t *testing.T) string {
	t.Helper()
	return need.CProgram(t, "testdata/probe.c")
}

// sh is the command line of a script of the static busybox.
func sh(t *testing.T, format string, args ...any) []string {
	t.Helper()
	return []string{need.Installed(t, "busybox"), "sh", "-c", fmt.Sprintf(format, args...)}
}
