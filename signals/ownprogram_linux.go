//go:build !(amd64 || arm64) || purego || race || msan || asan

package signals

import (
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// ownProgram copies the running program to a file in memory that may be executed and not be read, not even by the user who
// owns it. The kernel makes a process undumpable from exec on when its user cannot read the program (would_dump in its
// fs/exec.c), so a child that is started from this file is out of the reach of its user's other processes from its first
// moment; one that is started from a readable file is so only once it has called PR_SET_DUMPABLE. It costs the program's size
// in memory for as long as it is open or runs. The path to execute it by is pathOf's.
func ownProgram() (*os.File, error) {
	program, err := os.Open("/proc/self/exe")
	if err != nil {
		return nil, fmt.Errorf("cannot read our own program: %w", err)
	}
	defer program.Close()
	fd, err := unix.MemfdCreate("program", unix.MFD_CLOEXEC|unix.MFD_EXEC)
	if errors.Is(err, unix.EINVAL) { // before Linux 6.3 every such file may be executed
		fd, err = unix.MemfdCreate("program", unix.MFD_CLOEXEC)
	}
	if err != nil {
		return nil, fmt.Errorf("cannot create a memory file for our own program: %w", err)
	}
	low := os.NewFile(uintptr(fd), "program")
	defer low.Close()
	if _, err := io.Copy(low, program); err != nil {
		return nil, fmt.Errorf("cannot copy our own program: %w", err)
	}
	if err := low.Chmod(0o111); err != nil {
		return nil, fmt.Errorf("cannot close our own program to readers: %w", err)
	}
	return executable(low)
}

// executable opens a file again for reading alone, because a file that somebody may write to is not executed, and at a
// high number, where no descriptor of a child's can take its place before exec.
func executable(f *os.File) (*os.File, error) {
	const high = 100
	again, err := unix.Open(pathOf(f), unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("cannot open our own program: %w", err)
	}
	defer unix.Close(again)
	fd, err := unix.FcntlInt(uintptr(again), unix.F_DUPFD_CLOEXEC, high)
	if err != nil {
		return nil, fmt.Errorf("cannot keep our own program open: %w", err)
	}
	return os.NewFile(uintptr(fd), f.Name()), nil
}

// pathOf is a path by which this process, and a child up to its exec, finds an open file.
func pathOf(f *os.File) string { return fmt.Sprintf("/proc/self/fd/%d", f.Fd()) }
