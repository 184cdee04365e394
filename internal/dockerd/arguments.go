package dockerd

import (
	"encoding/json"
	"os"
	"slices"
	"strconv"
	"strings"
)

// DefaultSocket is where docker's clients look for a daemon.
const DefaultSocket = "/var/run/docker.sock"

// ConfigFile is the daemon's own configuration, unless an argument names another one.
const ConfigFile = "/etc/docker/daemon.json"

// Settings are what a daemon is told that has no other way to know it.
type Settings struct {
	// Args are the user's own arguments.
	Args []string
	// Mirrors are the addresses of registries that are asked in place of Docker Hub.
	Mirrors []string
	// Pools are networks of which those of containers are cut, as 10.200.0.0/16:24.
	Pools []string
	// MTU is that of the networks of containers, in bytes; 0 leaves it to the daemon.
	MTU int
	// Group is who may use the socket, by name or number; empty leaves it to the daemon, which takes the group docker.
	Group string
}

// Arguments are the command line of a daemon that listens at a socket. What the user has said, in Args or in the daemon's
// configuration file, is not said again: the daemon refuses to start where both speak of the same thing.
func (s Settings) Arguments(socket string) []string {
	file := s.file()
	var args []string
	add := func(flag, key, value string) {
		if _, said := file[key]; !said && !s.names(flag) {
			args = append(args, "--"+flag+"="+value)
		}
	}
	if _, said := file["hosts"]; !said {
		args = append(args, "--host=unix://"+socket)
	}
	if s.MTU > 0 {
		add("mtu", "mtu", strconv.Itoa(s.MTU))
	}
	if s.Group != "" && !slices.Contains(s.Args, "-G") {
		add("group", "group", s.Group)
	}
	for _, m := range s.Mirrors {
		args = append(args, "--registry-mirror="+m)
	}
	for _, p := range s.Pools {
		at := max(0, strings.LastIndexByte(p, ':')) // an IPv6 network has more of them
		args = append(args, "--default-address-pool=base="+p[:at]+",size="+strings.TrimPrefix(p[at:], ":"))
	}
	return append(args, s.Args...)
}

// file is what the daemon's configuration file speaks of. One that cannot be understood the daemon complains of itself.
func (s Settings) file() (said map[string]json.RawMessage) {
	path := ConfigFile
	if named := s.value("config-file"); named != "" {
		path = named
	}
	if text, err := os.ReadFile(path); err == nil {
		json.Unmarshal(text, &said)
	}
	return said
}

// names reports whether the user's arguments have a flag.
func (s Settings) names(flag string) bool {
	return slices.ContainsFunc(s.Args, func(arg string) bool {
		return arg == "--"+flag || strings.HasPrefix(arg, "--"+flag+"=")
	})
}

// value is what the user's arguments give to a flag, or nothing.
func (s Settings) value(flag string) (value string) {
	for i, arg := range s.Args {
		if rest, ok := strings.CutPrefix(arg, "--"+flag+"="); ok {
			value = rest
		} else if arg == "--"+flag && i+1 < len(s.Args) {
			value = s.Args[i+1]
		}
	}
	return value
}
