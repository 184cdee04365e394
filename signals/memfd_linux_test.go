package signals

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/runner-init/runner-init/internal/need"
)

func TestSealedFile(t *testing.T) {
	f, err := SealedFile("environment", []byte("A=1\x00"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	again, err := os.OpenFile(fmt.Sprint("/proc/self/fd/", f.Fd()), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	for _, f := range []*os.File{f, again} {
		refused := map[string]error{}
		_, refused["write"] = f.WriteAt([]byte("x"), 0)
		_, refused["append"] = f.WriteAt([]byte("x"), 4)
		refused["shrink"] = f.Truncate(0)
		refused["grow"] = f.Truncate(100)
		_, refused["unseal"] = unix.FcntlInt(f.Fd(), unix.F_ADD_SEALS, 0)
		_, refused["map"] = unix.Mmap(int(f.Fd()), 0, 4, unix.PROT_WRITE, unix.MAP_SHARED)
		for what, err := range refused {
			if !errors.Is(err, unix.EPERM) {
				t.Errorf("%s: got %v, want EPERM", what, err)
			}
		}
	}
	for range 2 {
		data, err := Contents(f)
		if err != nil || string(data) != "A=1\x00" {
			t.Errorf("got %q (%v)", data, err)
		}
	}
	checkCloseOnExec(t, f)
}

func TestScratchFile(t *testing.T) {
	f, err := ScratchFile("state")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := io.WriteString(f, "one"); err != nil {
		t.Fatal(err)
	}
	if err := f.Truncate(2); err != nil {
		t.Fatal(err)
	}
	if data, err := Contents(f); err != nil || string(data) != "on" {
		t.Errorf("got %q (%v)", data, err)
	}
	checkCloseOnExec(t, f)
}

func TestMemoryFileName(t *testing.T) {
	long := strings.Repeat("x", 300)
	if _, err := ScratchFile(long); !errors.Is(err, unix.EINVAL) {
		t.Errorf("got %v, want EINVAL", err)
	}
	if _, err := SealedFile(long, nil); !errors.Is(err, unix.EINVAL) {
		t.Errorf("got %v, want EINVAL", err)
	}
}

func TestContentsOfAClosedFile(t *testing.T) {
	f, err := ScratchFile("state")
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
	if _, err := Contents(f); !errors.Is(err, os.ErrClosed) {
		t.Errorf("got %v", err)
	}
}

func checkCloseOnExec(t *testing.T, f *os.File) {
	t.Helper()
	if flags, err := unix.FcntlInt(f.Fd(), unix.F_GETFD, 0); err != nil || flags&unix.FD_CLOEXEC == 0 {
		t.Errorf("got flags %#x (%v), want close-on-exec", flags, err)
	}
}

// roleOwn starts a child as an ordinary user would: from the program's file, or from our own copy of it.
func roleOwn(args []string) int {
	in := New()
	becomeNobody()
	path := "/proc/self/exe"
	if args[0] == "copy" {
		program, err := OwnProgram()
		if err != nil {
			fail("%v", err)
		}
		path = PathOf(program)
	}
	status, err := in.Run(Command{Path: path, Args: []string{"child", "role:owner"}})
	if err != nil {
		fail("%v", err)
	}
	return status.Code()
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
	if out := begin(t, place{}, "own", "file").end(); out != "65534\n" {
		t.Skipf("skipped: an ordinary process is not its user's on this machine: %q", out)
	}
	if out := begin(t, place{}, "own", "copy").end(); out != "0\n" {
		t.Errorf("the child is uid %q's to look into, want nobody's", out)
	}
}
