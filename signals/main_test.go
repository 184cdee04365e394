package signals

import (
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/runner-init/runner-init/internal/need"
)

// What changes a process for good is tested in one of its own: this binary, executed again with role:NAME as its first
// argument. A role returns the exit code. Some exist in one of the two builds only.
func roles() map[string]func(args []string) int {
	all := map[string]func(args []string) int{"heir": roleHeir, "orphan": roleOrphan, "bare": roleBare}
	maps.Copy(all, buildRoles)
	return all
}

// No role takes longer, whatever went wrong.
const deadline = 30 * time.Second

func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		if name, ok := strings.CutPrefix(os.Args[1], "role:"); ok {
			time.AfterFunc(deadline, func() { fail("role %s took too long", name) })
			os.Exit(roles()[name](os.Args[2:]))
		}
	}
	code := m.Run()
	need.RemovePrograms()
	os.Exit(code)
}

// fail ends a role.
func fail(format string, args ...any) {
	fmt.Fprintf(os.Stderr, format+"\n", args...)
	os.Exit(1)
}

// self is the path of this binary.
func self(t *testing.T) string {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// cArgs makes the kernel's form of a command line or an environment: pointers that end in a nil.
func cArgs(list ...string) []*byte {
	all := make([]*byte, len(list)+1)
	for i, s := range list {
		all[i] = &append([]byte(s), 0)[0]
	}
	return all[:len(list)]
}

// texts is the way back.
func texts(list []*byte) []string {
	all := []string{}
	for _, p := range list {
		all = append(all, text(p))
	}
	return all
}

// joined is what put would write.
func joined(parts ...part) string {
	var s strings.Builder
	for _, p := range parts {
		if p.digits {
			fmt.Fprint(&s, p.number)
		} else {
			s.WriteString(p.text)
		}
	}
	return s.String()
}

// printed catches what a function writes to a descriptor that it knows by its number only.
func printed(t testing.TB, fd int, do func()) string {
	t.Helper()
	memory, err := unix.MemfdCreate("printed", unix.MFD_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	file := os.NewFile(uintptr(memory), "printed")
	defer file.Close()
	saved, err := syscall.Dup(fd)
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(saved)
	if err := syscall.Dup3(memory, fd, 0); err != nil {
		t.Fatal(err)
	}
	do()
	if err := syscall.Dup3(saved, fd, 0); err != nil {
		t.Fatal(err)
	}
	written, err := io.ReadAll(io.NewSectionReader(file, 0, math.MaxInt64))
	if err != nil {
		t.Fatal(err)
	}
	return string(written)
}
