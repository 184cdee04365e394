package dockerd

import (
	"os"
	"path/filepath"
)

// stale are the files by which an earlier daemon in this container, that was killed, keeps the next one from starting:
// their numbers mean other processes by now.
func (s Settings) stale() []string {
	pidfile, execRoot := "/var/run/docker.pid", "/var/run/docker"
	if named := s.value("pidfile"); named != "" {
		pidfile = named
	}
	if named := s.value("exec-root"); named != "" {
		execRoot = named
	}
	return []string{
		pidfile, filepath.Join(execRoot, "containerd/containerd.pid"), filepath.Join(execRoot, "containerd/docker-containerd.pid"),
	}
}

// clear removes those files, and makes the directory of the socket, which the daemon would close to everybody else. What
// cannot be done the daemon complains of itself.
func (d *Daemon) clear() {
	os.MkdirAll(filepath.Dir(d.Socket), 0o755)
	for _, path := range d.Settings.stale() {
		os.Remove(path)
	}
}
