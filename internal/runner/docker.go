package runner

import (
	"io/fs"
	"os"
	"slices"
	"strings"
	"syscall"
)

// defaultDocker is where Docker's clients look for a daemon.
const defaultDocker = "/var/run/docker.sock"

// DockerAddress returns where jobs look for a Docker daemon: a network and an address in it, or nothing for what is
// neither a socket nor TCP.
func (r *Runner) DockerAddress() (network, address string) {
	for _, kv := range slices.Backward(r.Environ) {
		if host, named := strings.CutPrefix(kv, "DOCKER_HOST="); named && host != "" {
			network, address, _ = strings.Cut(host, "://")
			if network != "unix" && network != "tcp" {
				return "", ""
			}
			return network, address
		}
	}
	return "unix", defaultDocker
}

// JoinDocker makes the user of the jobs a member of the group that may use the Docker daemon at their socket, where that
// is what it takes, and returns the socket and the group. Whoever has such a socket is root on its machine, group 0 or not.
func (r *Runner) JoinDocker() (socket string, gid uint32, joined bool) {
	network, socket := r.DockerAddress()
	if r.User == nil || network != "unix" {
		return "", 0, false
	}
	info, err := os.Stat(socket)
	if err != nil || info.Mode()&fs.ModeSocket == 0 || info.Mode()&0o020 == 0 || r.User.MayConnect(socket) {
		return "", 0, false
	}
	gid = info.Sys().(*syscall.Stat_t).Gid
	r.User.Join(gid)
	return socket, gid, true
}
