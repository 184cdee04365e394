package signals

import (
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Door is an abstract name (unix(7)), with the 0 that it begins with, at which the roles answer whoever asks.
type Door struct {
	Name   [108]byte
	Length int
}

// doorQueue is how many may wait at the door; the kernel may allow fewer. See listen(2).
const doorQueue = 4096

// openDoor has the kernel listen at the name, for the roles: we never answer. We keep it as long as we live, so that nobody
// gets the name between one role and the next, when a job may be running. A door that cannot be opened is for the role to
// notice.
func (r *reaper) openDoor(d *Door) {
	r.door = noFile
	fd, err := call(unix.SYS_SOCKET, unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != 0 {
		return
	}
	r.door = fd
	address := struct { // the kernel's struct sockaddr_un
		family uint16
		name   [108]byte
	}{unix.AF_UNIX, d.Name}
	length := unsafe.Offsetof(address.name) + uintptr(d.Length)
	if _, err := call(unix.SYS_BIND, uintptr(fd), uintptr(unsafe.Pointer(&address)), length); err == 0 {
		call(unix.SYS_LISTEN, uintptr(fd), doorQueue, 0)
	}
}

// inheritDoor takes over the door, if it is open.
func (p *Parent) inheritDoor() {
	if open, err := unix.GetsockoptInt(doorFD, unix.SOL_SOCKET, unix.SO_ACCEPTCONN); err == nil && open == 1 {
		p.Door = os.NewFile(doorFD, "door")
	}
}
