package config

import (
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const (
	dockerVariable  = "RUNNER_DOCKER"
	argsVariable    = "RUNNER_DOCKER_ARGS"
	timeoutVariable = "RUNNER_DOCKER_TIMEOUT"
	mirrorsVariable = "RUNNER_DOCKER_MIRRORS"
	poolsVariable   = "RUNNER_DOCKER_ADDRESS_POOLS"
	dockerHost      = "DOCKER_HOST"
)

// dockerWait is how long a daemon may take to answer: on a cold disk, with the storage driver of last resort, many seconds.
const dockerWait = time.Minute

// completeDocker: what the daemon may take is part of the start, and has to leave time for the rest of it.
func (r *reading) completeDocker(c *Config) {
	c.DockerMirrors, c.DockerPools = list(strings.Join(c.DockerMirrors, ",")), list(strings.Join(c.DockerPools, ","))
	if r.named[timeoutVariable] == "" {
		c.DockerTimeout = min(dockerWait, c.StartTimeout/2)
	}
}

// checkDocker refuses what the daemon would refuse, and remarks on what has no effect.
func (r *reading) checkDocker(c Config) {
	if r.bad[dockerVariable] {
		return
	}
	if c.Docker == DockerOff {
		for _, name := range []string{argsVariable, timeoutVariable, mirrorsVariable, poolsVariable} {
			if r.named[name] != "" {
				r.warn("%s has no effect: RUNNER_DOCKER is off", r.name(name))
			}
		}
		return
	}
	if host := r.environ[dockerHost]; host != "" && host != "unix:///var/run/docker.sock" && host != "unix:///run/docker.sock" {
		r.warn("%s leads jobs to another daemon than the one that %s starts", dockerHost, r.name(dockerVariable))
	}
	if r.named[timeoutVariable] != "" {
		r.checkDuration(timeoutVariable, c.DockerTimeout, 1)
		if c.DockerTimeout >= c.StartTimeout && !r.bad[timeoutVariable] && !r.bad["RUNNER_START_TIMEOUT"] {
			r.clash(refuse("the wait for docker is part of the start: give it more time", "a wait of %s does not fit into %s", shortDuration(c.DockerTimeout), shortDuration(c.StartTimeout)), timeoutVariable, "RUNNER_START_TIMEOUT")
		}
	}
	if strings.ContainsAny(c.DockerArgs, `"'`) {
		r.refuse(argsVariable, refuse("leave the quotes out, or say it in /etc/docker/daemon.json: every word is an argument, and none can hold white space", "quotes would be part of the arguments"))
	}
	for _, mirror := range c.DockerMirrors {
		if u, err := url.Parse(mirror); err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.User != nil {
			r.refuse(mirrorsVariable, refuse("use https://host or http://host:port, separated by commas", "one of them is not the address of a registry"))
		}
	}
	for _, pool := range c.DockerPools {
		if !isPool(pool) {
			r.refuse(poolsVariable, refuse("use NETWORK/BITS:SIZE, as 10.200.0.0/16:24, separated by commas", "%q is not a network and the size of its pieces", pool))
		}
	}
}

// isPool: the pieces are no larger than the network, and no smaller than one address.
func isPool(pool string) bool {
	at := max(0, strings.LastIndexByte(pool, ':'))
	network, err := netip.ParsePrefix(pool[:at])
	if err != nil {
		return false
	}
	size, err := strconv.Atoi(pool[at+1:])
	return err == nil && network.Bits() <= size && size <= network.Addr().BitLen()
}

// dockerEnabled: where this variable comes from, it also says that there is a daemon beside the container.
func dockerEnabled(r *reading, value string) (string, error) {
	enabled, err := parseBool(value)
	switch {
	case err != nil:
		return "", err
	case !enabled:
		return string(DockerOff), nil
	case r.environ[dockerHost] != "":
		return "", nil
	}
	return string(DockerInside), nil
}

// poolBase joins the two halves of a pool.
func poolBase(r *reading, base string) (string, error) {
	size := r.read("DOCKER_DEFAULT_ADDRESS_POOL_SIZE", false)
	if size == "" {
		return "", refuse("set DOCKER_DEFAULT_ADDRESS_POOL_SIZE as well, or RUNNER_DOCKER_ADDRESS_POOLS alone", "the network %q has no size of its pieces", base)
	}
	return base + ":" + size, nil
}

func poolSize(r *reading, size string) (string, error) {
	if r.read("DOCKER_DEFAULT_ADDRESS_POOL_BASE", false) != "" || r.read(poolsVariable, false) != "" {
		return "", nil
	}
	return "", refuse("set DOCKER_DEFAULT_ADDRESS_POOL_BASE as well, or RUNNER_DOCKER_ADDRESS_POOLS alone", "the size %q has no network", size)
}
