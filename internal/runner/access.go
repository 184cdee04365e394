package runner

import (
	"fmt"
	"runtime"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// MayRead reports whether a process of the user could open a file. The kernel is asked, which knows of every directory on
// the way, of groups and of lists of access rights. Nil is ourselves.
func (u *User) MayRead(path string) bool { return u.may(openable, path) }

// MayConnect reports in the same way whether a process of the user could connect to a socket.
func (u *User) MayConnect(path string) bool { return u.may(connectable, path) }

func (u *User) may(try func(path string) bool, path string) bool {
	if u == nil {
		return try(path)
	}
	answer := make(chan bool)
	go func() {
		runtime.LockOSThread() // and never back: the thread ends as who it has become
		answer <- u.become() == nil && try(path)
	}()
	return <-answer
}

// become gives this thread alone the user's rights to files, and takes root's from it: the kernel drops those capabilities
// with the user id (setfsuid(2), capabilities(7)). The calls of package syscall would change every thread.
func (u *User) become() error {
	groups := append([]uint32{u.GID}, u.Groups...)
	if _, _, err := syscall.RawSyscall(unix.SYS_SETGROUPS, uintptr(len(groups)), uintptr(unsafe.Pointer(&groups[0])), 0); err != 0 {
		return fmt.Errorf("cannot take the groups of user %q: %w", u.Name, err)
	}
	for _, set := range []struct{ call, id uintptr }{{unix.SYS_SETFSGID, uintptr(u.GID)}, {unix.SYS_SETFSUID, uintptr(u.UID)}} {
		syscall.RawSyscall(set.call, set.id, 0, 0) // the result is the id before, whatever happened
		if now, _, _ := syscall.RawSyscall(set.call, ^uintptr(0), 0, 0); now != set.id {
			return fmt.Errorf("cannot take the rights of user %q", u.Name)
		}
	}
	return nil
}

// openable opens a file for reading, and does not wait for one that is a pipe.
func openable(path string) bool {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_NONBLOCK|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err == nil {
		unix.Close(fd)
	}
	return err == nil
}

// connectable connects to a socket, and does not wait for whom it belongs to. Where nobody listens any more the kernel has
// looked at the rights before it says so.
func connectable(path string) bool {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return false
	}
	defer unix.Close(fd)
	err = unix.Connect(fd, &unix.SockaddrUnix{Name: path})
	return err == nil || err == unix.EAGAIN || err == unix.ECONNREFUSED
}
