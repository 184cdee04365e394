package health

import (
	"errors"
	"fmt"
	"net"
	"os"
	"time"
)

// The socket is an abstract one (unix(7)): it needs no directory that could be read-only, somebody else's or writable to
// a job, and the name cannot be taken from the process that holds it. Abstract names belong to a network namespace, which
// the containers of a pod, of an ECS task and of a host's network share. So the name says which mount and PID namespace
// are meant: those a container shares with nobody, while what is started by `docker exec` or a probe is in both.
const (
	namePrefix = "runner-init/"
	mountLink  = "/proc/self/ns/mnt"
	pidLink    = "/proc/self/ns/pid"
)

// Listen takes over a socket that listens at Name already, or else makes one. It is an error if another process has it.
func Listen(open *os.File) (l net.Listener, err error) {
	if open != nil {
		defer open.Close() // what is used is a copy
		l, err = net.FileListener(open)
	} else {
		var name [nameSize]byte
		l, err = net.Listen("unixpacket", "@"+string(name[1:Name(&name)]))
	}
	if err != nil {
		return nil, fmt.Errorf("cannot answer health checks: %w", err)
	}
	return l, nil
}

// acceptPause is how long nobody is answered after it has failed, for want of descriptors most likely.
const acceptPause = time.Second

// Answer tells everybody who comes how the runner is, until the listener is closed. It never waits for them: what is
// written fits into every socket's buffer, and nothing is read. It waits for a proof of life only, which is short where there
// is life.
func (s *State) Answer(l net.Listener) {
	for {
		c, err := l.Accept()
		switch {
		case errors.Is(err, net.ErrClosed):
			return
		case err != nil:
			time.Sleep(acceptPause)
			continue
		}
		c.Write([]byte(s.examine().String()))
		c.Close()
	}
}
