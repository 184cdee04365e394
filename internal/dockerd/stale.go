package dockerd

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// ErrInTheWay is something at the place of the socket that cannot be removed: a mount, above all, and where Docker or
// Kubernetes mount what is not there they make a directory.
var ErrInTheWay = errors.New("something is in the way of its socket")

// stale are the files by which an earlier daemon in this container, that was killed, keeps the next one from starting:
// their numbers mean other processes by now.
func (s Settings) stale() []string {
	file := s.file()
	named := func(flag, path string) string {
		if said := s.value(flag); said != "" {
			return said
		}
		json.Unmarshal(file[flag], &path)
		return path
	}
	pidfile, execRoot := named("pidfile", "/var/run/docker.pid"), named("exec-root", "/var/run/docker")
	return []string{
		pidfile, filepath.Join(execRoot, "containerd/containerd.pid"), filepath.Join(execRoot, "containerd/docker-containerd.pid"),
	}
}

// clear removes those files and the socket, at which nobody listens, and makes the directory of the socket, which the
// daemon would close to everybody else. Of the other files the daemon complains itself.
func (d *Daemon) clear() error {
	os.MkdirAll(filepath.Dir(d.Socket), 0o755)
	for _, path := range d.Settings.stale() {
		os.Remove(path)
	}
	if err := os.Remove(d.Socket); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("cannot start docker: %w: %w", ErrInTheWay, err)
	}
	return nil
}
