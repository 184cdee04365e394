package runner

import (
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// scripts are the stand-ins for what lies beside bin/ in the official package.
//
//go:embed scripts
var scripts embed.FS

// Install lays out a runner directory at root: exe (a program that calls Main) as bin/Runner.Listener and
// bin/Runner.Worker, the scripts, externals/, and a _diag that every user may write to, so that a job user's processes
// leave their records as well.
func Install(root, exe string) error {
	for _, dir := range []string{"bin", "externals"} {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o755); err != nil {
			return err
		}
	}
	for _, name := range []string{listenerName, workerName} {
		if err := place(exe, filepath.Join(root, "bin", name)); err != nil {
			return fmt.Errorf("cannot install %s: %w", name, err)
		}
	}
	for _, s := range []struct{ name, path string }{
		{"config.sh", "config.sh"}, {"run.sh", "run.sh"}, {"run-helper.sh", "run-helper.sh.template"},
		{"env.sh", "env.sh"}, {"svc.sh", "bin/systemd.svc.sh.template"},
	} {
		text, err := scripts.ReadFile("scripts/" + s.name)
		if err != nil {
			return err
		}
		if err := write(filepath.Join(root, s.path), text, 0o755); err != nil {
			return err
		}
	}
	diag := filepath.Join(root, "_diag")
	if err := os.MkdirAll(filepath.Join(diag, "pages"), 0o777); err != nil {
		return err
	}
	return errors.Join(
		os.Chmod(diag, 0o777), os.Chmod(filepath.Join(diag, "pages"), 0o777), // whatever the umask
		write(filepath.Join(root, recordFile), nil, 0o666),
	)
}

// write writes a file with exactly this mode, whatever the umask.
func write(path string, text []byte, mode fs.FileMode) error {
	if err := os.WriteFile(path, text, mode); err != nil {
		return err
	}
	return os.Chmod(path, mode)
}

// place makes target the program exe: a hard link where the file system allows, else a copy. While the copy is open
// for writing no process may be forked, or it would inherit the file and exec would fail with "text file busy".
func place(exe, target string) error {
	if err := os.Remove(target); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if os.Link(exe, target) == nil {
		return os.Chmod(target, 0o755)
	}
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	from, err := os.Open(exe)
	if err != nil {
		return err
	}
	defer from.Close()
	to, err := os.OpenFile(target, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o755)
	if err != nil {
		return err
	}
	_, err = io.Copy(to, from)
	return errors.Join(err, to.Chmod(0o755), to.Close())
}
