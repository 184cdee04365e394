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
