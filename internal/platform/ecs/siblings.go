package ecs

import (
	"fmt"
	"syscall"
)

// containers is how many containers a task has at most
// (https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-quotas.html).
const containers = 10

// mark is what the runners of one task show one another.
type mark string

const (
	busy    mark = "busy"    // it wants protection
	leaving mark = "leaving" // its wish to give the protection of all up may be under way
)

// siblings are the runners of one task, each in a container of its own. They meet where containers of a task share a
// network, as they do in the mode awsvpc: there every container sees the abstract names of the others. Each mark has as many
// names as there may be containers, and whoever shows it has one of them bound. The kernel takes the name back when its
// process ends, however it does. Containers on a bridge see only their own.
type siblings struct {
	task string // the id of the task, since on the network of a host there may be several
}

// show takes a name for a mark, and returns what gives it back. Where there is none to have, nobody sees us.
func (s siblings) show(m mark) (hide func()) {
	for n := range containers {
		fd, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_DGRAM|syscall.SOCK_CLOEXEC, 0)
		if err != nil {
			break
		}
		if err := syscall.Bind(fd, s.name(m, n)); err == nil {
			return func() { syscall.Close(fd) }
		}
		syscall.Close(fd)
	}
	return func() {}
}

// anyone reports whether somebody shows a mark. It asks the kernel, and waits for nobody.
func (s siblings) anyone(m mark) bool {
	for n := range containers {
		fd, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_DGRAM|syscall.SOCK_CLOEXEC, 0)
		if err != nil {
			return false
		}
		err = syscall.Connect(fd, s.name(m, n))
		syscall.Close(fd)
		if err == nil {
			return true
		}
	}
	return false
}

func (s siblings) name(m mark, n int) *syscall.SockaddrUnix {
	return &syscall.SockaddrUnix{Name: fmt.Sprintf("@runner-init/task/%s/%s/%d", s.task, m, n)} // @ makes it abstract
}
