package signals

import (
	"errors"
	"fmt"
	"io"
	"math"
	"os"

	"golang.org/x/sys/unix"
)

// SealedFile makes a file in memory that holds data and that nobody can change any more, whatever descriptor he has of
// it. It has no path, is close-on-exec, and goes when its last descriptor does. See memfd_create(2).
func SealedFile(name string, data []byte) (*os.File, error) {
	f, err := memoryFile(name, unix.MFD_ALLOW_SEALING)
	if err != nil {
		return nil, err
	}
	if err := fillAndSeal(f, data); err != nil {
		f.Close()
		return nil, fmt.Errorf("cannot seal memory file %q: %w", name, err)
	}
	return f, nil
}

// ScratchFile makes an empty file in memory, close-on-exec, for state that has to outlive a child.
func ScratchFile(name string) (*os.File, error) {
	return memoryFile(name, 0)
}

// Contents reads all of such a file, from its beginning. Children that were given the same file share its position, so
// a second one that just read on would find nothing.
func Contents(f *os.File) ([]byte, error) {
	data, err := io.ReadAll(io.NewSectionReader(f, 0, math.MaxInt64))
	if err != nil {
		return nil, fmt.Errorf("cannot read memory file %q: %w", f.Name(), err)
	}
	return data, nil
}

// OwnProgram copies the running program to a file in memory that may be executed and not be read, not even by the user who
// owns it. The kernel makes a process undumpable from exec on when its user cannot read the program (would_dump in its
// fs/exec.c), so a child that is started from this file is out of the reach of its user's other processes from its first
// moment; one that is started from a readable file is so only once it has called Undumpable. It costs the program's size
// in memory for as long as it is open or runs. The path to execute it by is PathOf's.
func OwnProgram() (*os.File, error) {
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
	again, err := unix.Open(PathOf(f), unix.O_PATH|unix.O_CLOEXEC, 0)
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

// PathOf is a path by which this process, and a child up to its exec, finds an open file.
func PathOf(f *os.File) string { return fmt.Sprintf("/proc/self/fd/%d", f.Fd()) }

// memoryFile asks for a file that can never be executed, which kernels know since 6.3 and some are set to insist on;
// older ones reject the flag with EINVAL.
func memoryFile(name string, flags int) (*os.File, error) {
	flags |= unix.MFD_CLOEXEC
	fd, err := unix.MemfdCreate(name, flags|unix.MFD_NOEXEC_SEAL)
	if errors.Is(err, unix.EINVAL) {
		fd, err = unix.MemfdCreate(name, flags)
	}
	if err != nil {
		return nil, fmt.Errorf("cannot create memory file %q: %w", name, err)
	}
	return os.NewFile(uintptr(fd), name), nil
}

func fillAndSeal(f *os.File, data []byte) error {
	if _, err := f.WriteAt(data, 0); err != nil {
		return err
	}
	const all = unix.F_SEAL_WRITE | unix.F_SEAL_GROW | unix.F_SEAL_SHRINK | unix.F_SEAL_SEAL
	_, err := unix.FcntlInt(f.Fd(), unix.F_ADD_SEALS, all)
	return err
}
