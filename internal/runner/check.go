package runner

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// Architecture is what the listener was built for, in the words of Go (amd64, arm64, arm), or of its header where Go has
// none. It is empty for a listener that is not a program in the machine's own format.
func (r *Runner) Architecture() (string, error) {
	path := filepath.Join(r.Root, listenerPath)
	file, err := openProgram(path)
	if err != nil {
		return "", fmt.Errorf("cannot read the header of %q: %w", path, err)
	}
	defer file.Close()
	header := make([]byte, 20)
	if _, err := io.ReadFull(file, header); errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return "", nil
	} else if err != nil {
		return "", fmt.Errorf("cannot read the header of %q: %w", path, err)
	}
	return machine(header), nil
}

// machine reads e_machine of an ELF header (elf(5)). The standard library's reader of such files would add 170 kB to
// the program for this one number.
func machine(header []byte) string {
	if !bytes.HasPrefix(header, []byte("\x7fELF")) {
		return ""
	}
	order := binary.ByteOrder(binary.LittleEndian)
	if header[5] == 2 {
		order = binary.BigEndian
	}
	number := order.Uint16(header[18:])
	if name, known := machines[number]; known {
		return name
	}
	return fmt.Sprintf("machine %d", number)
}

var machines = map[uint16]string{3: "386", 21: "ppc64", 22: "s390", 40: "arm", 62: "amd64", 183: "arm64", 243: "riscv"}

// dependencies is written when the listener is built, and names it first: the key Runner.Listener/2.336.0 of "libraries".
const dependencies = "bin/Runner.Listener.deps.json"

// maxDependencies bounds what is read of that file, in bytes: it has some tens of kilobytes, unless a job has written it.
const maxDependencies = 4 << 20

// openProgram opens one of the runner's own files to look at it, if it is one: a job may have put a pipe in its place. It
// follows links, because the runner's update makes one of bin, by its absolute path.
func openProgram(path string) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	if info, err := file.Stat(); err != nil || !info.Mode().IsRegular() {
		file.Close()
		return nil, errors.Join(err, errors.New("it is no regular file"))
	}
	return file, nil
}

// BuiltVersion is the version that the listener's files name, without starting it; empty if they name none.
func (r *Runner) BuiltVersion() string {
	file, err := openProgram(filepath.Join(r.Root, dependencies))
	if err != nil {
		return ""
	}
	defer file.Close()
	var built struct {
		Libraries map[string]json.RawMessage `json:"libraries"`
	}
	if json.NewDecoder(io.LimitReader(file, maxDependencies)).Decode(&built) != nil {
		return ""
	}
	for name := range built.Libraries {
		if version, ours := strings.CutPrefix(name, "Runner.Listener/"); ours {
			return version
		}
	}
	return ""
}

// CheckStart says what keeps the listener from being started before Prepare: it opens a log in _diag whatever it is asked
// (Runner.Common HostContext.cs), and that may have yet to be made or to be given to the job's user.
func (r *Runner) CheckStart() error {
	if r.User == nil {
		return nil
	}
	dir := filepath.Join(r.Root, "_diag")
	info, err := os.Stat(dir)
	if errors.Is(err, fs.ErrNotExist) {
		info, err = os.Stat(r.Root)
	}
	if err != nil {
		return fmt.Errorf("cannot look at %q: %w", dir, err)
	}
	if !r.User.has(info, 0o3) {
		return fmt.Errorf("%q is user %q's to write to only once a run has begun", dir, r.User.Name)
	}
	return nil
}

// Version starts the listener to have it say which version it is: it leaves an empty log in _diag then, and talks to
// nobody. That it starts at all is worth knowing too. A program that cannot be started is a *StartError.
func (r *Runner) Version(ctx context.Context) (string, error) {
	cmd, said, complained := r.command(ctx, "--version", nil), new(tail), new(tail)
	cmd.Stdout, cmd.Stderr, cmd.WaitDelay = said, complained, time.Second
	if err := r.start(cmd); err != nil {
		return "", err
	}
	err := cmd.Wait()
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		return "", fmt.Errorf("the runner cannot say its version: %w%s", err, firstOf(complained.lines()))
	}
	if lines := said.lines(); len(lines) > 0 {
		return strings.TrimSpace(lines[len(lines)-1]), nil
	}
	return "", errors.New("the runner says no version")
}

func firstOf(lines []string) string {
	if len(lines) == 0 {
		return ""
	}
	return ": " + lines[0]
}

// CheckWork says what would keep the runner and its jobs from writing to the work directory, and returns its path. It
// changes nothing: what Prepare would make or give to the job's user counts as made and given.
func (r *Runner) CheckWork() (string, error) {
	work := r.Work
	if work == "" {
		work = "_work"
	}
	dir := filepath.Join(r.Root, work)
	if filepath.IsAbs(work) {
		dir = filepath.Clean(work)
		if err := RefuseLinks(dir); err != nil {
			return dir, fmt.Errorf("cannot use the work directory %q: %w", dir, err)
		}
	} else if !filepath.IsLocal(work) {
		return dir, fmt.Errorf("cannot use the work directory %q: it leaves the runner's directory", work)
	}
	if err := r.checkWritable(r.Root); err != nil {
		return dir, err
	}
	return dir, r.checkWritable(dir)
}

// checkWritable looks at a directory, or at the nearest above it that exists, and at the way there.
func (r *Runner) checkWritable(dir string) error {
	there := dir
	info, err := os.Stat(there)
	for errors.Is(err, fs.ErrNotExist) && there != "/" {
		there = filepath.Dir(there)
		info, err = os.Stat(there)
	}
	switch {
	case err != nil:
		return fmt.Errorf("cannot look at %q: %w", there, err)
	case !info.IsDir():
		return fmt.Errorf("cannot write to %q: %q is not a directory", dir, there)
	}
	if err := syscall.Access(there, accessWrite|accessSearch); err != nil {
		return fmt.Errorf("cannot write to %q: %w", there, err)
	}
	if r.User == nil {
		return nil
	}
	for up := filepath.Dir(there); ; up = filepath.Dir(up) {
		if info, err := os.Stat(up); err == nil && !r.User.mayEnter(info) {
			return fmt.Errorf("cannot write to %q as user %q, who may not enter %q", dir, r.User.Name, up)
		}
		if up == "/" {
			return nil
		}
	}
}

// Modes of access(2).
const (
	accessSearch = 1
	accessWrite  = 2
)

// mayEnter goes by the mode of a directory. A list of access rights beside it may say something else, which is rare.
func (u *User) mayEnter(info fs.FileInfo) bool { return u.has(info, 0o1) }

// has says whether the mode gives the user all of the rights, as the last digit of a mode has them.
func (u *User) has(info fs.FileInfo, rights fs.FileMode) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return true
	}
	mode := info.Mode().Perm()
	switch {
	case stat.Uid == u.UID:
		mode >>= 6
	case slices.Contains(u.Groups, stat.Gid):
		mode >>= 3
	}
	return mode&rights == rights
}
