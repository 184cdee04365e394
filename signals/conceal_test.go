package signals

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"syscall"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// TestMemoryFile: nobody's child gets it, nobody can execute it, and sealed nobody can change it.
func TestMemoryFile(t *testing.T) {
	file := memory(t, "environment", "A=1\x00")
	fd := file.Fd()
	if flags, err := unix.FcntlInt(fd, unix.F_GETFD, 0); err != nil || flags&unix.FD_CLOEXEC == 0 || fd < firstExtra {
		t.Errorf("descriptor %d has the flags %#x (%v)", fd, flags, err)
	}
	if info, err := file.Stat(); err != nil || info.Mode().Perm()&0o111 != 0 && sealsExecution(t) {
		t.Errorf("it may be executed: %v (%v)", info.Mode(), err)
	}
	if name, err := os.Readlink(fmt.Sprint("/proc/self/fd/", fd)); err == nil && name != "/memfd:environment (deleted)" {
		t.Errorf("it is called %q", name)
	}
}

// sealsExecution says whether the kernel knows of files in memory that cannot be executed.
func sealsExecution(t *testing.T) bool {
	t.Helper()
	fd, err := unix.MemfdCreate("", unix.MFD_CLOEXEC|unix.MFD_NOEXEC_SEAL)
	if err == nil {
		syscall.Close(fd)
	}
	return err == nil
}

// roleBare has its standard streams closed, opens them, hides its environment, and tells what is left of it.
func roleBare([]string) int {
	for fd := range firstExtra {
		syscall.Close(fd)
	}
	openStandard()
	for fd := range firstExtra {
		if link, err := os.Readlink(fmt.Sprint("/proc/self/fd/", fd)); err != nil || link != os.DevNull {
			return 2
		}
	}
	var before unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_CORE, &before); err != nil {
		return 10
	}
	before.Cur = min(4096, before.Max)
	if err := unix.Setrlimit(unix.RLIMIT_CORE, &before); err != nil {
		return 11
	}
	r := reaper{process: Process{Environ: cArgs("A=1", "SECRET=for-tests-only", "A=1")}}
	if problem, _ := r.conceal(); problem != "" {
		return 3
	}
	if slices.Contains(texts(r.process.Environ), "SECRET=for-tests-only") && Freestanding {
		return 4
	}
	moved := make([]byte, 100)
	n, _ := readFileAt(r.environment, moved, 0)
	if want := "A=1\x00SECRET=for-tests-only\x00A=1\x00"; !bytes.Equal(moved[:max(n, 0)], []byte(want)) {
		return 5
	}
	for _, change := range []errno{
		failure(syscall6(unix.SYS_PWRITE64, uintptr(r.environment), uintptr(unsafe.Pointer(&moved[0])), 1, 0, 0, 0)),
		failure(syscall6(unix.SYS_FTRUNCATE, uintptr(r.environment), 0, 0, 0, 0, 0)),
		failure(syscall6(unix.SYS_FTRUNCATE, uintptr(r.environment), 1000, 0, 0, 0, 0)),
		failure(syscall6(unix.SYS_FCNTL, uintptr(r.environment), unix.F_ADD_SEALS, 0, 0, 0, 0)),
	} {
		if change != syscall.EPERM {
			return 6
		}
	}
	if dumpable, _ := unix.PrctlRetInt(unix.PR_GET_DUMPABLE, 0, 0, 0, 0); dumpable != 0 {
		return 7
	}
	var cores unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_CORE, &cores); err != nil || cores != (unix.Rlimit{Max: before.Max}) {
		return 8
	}
	parent := Parent{journal: os.NewFile(uintptr(r.journal), "journal")}
	if allowed, known := parent.CoreLimit(); !known || allowed != before.Cur {
		return 9
	}
	if parent.number(beginBytes) == 0 {
		return 12
	}
	return 0
}

// TestConceal: the environment goes where only a role finds it, sealed, and the process is closed to its user's others.
func TestConceal(t *testing.T) {
	if out, err := exec.Command(self(t), "role:bare").CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
