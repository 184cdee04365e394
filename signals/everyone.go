package signals

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// initialNamespace is the inode of the PID namespace that the kernel boots in, PROC_PID_INIT_INO of its proc_ns.h.
const initialNamespace = 0xEFFFFFFC

// largestPID is more than any pid, see PID_MAX_LIMIT in proc_sys_kernel(5).
const largestPID = 1 << 30

// sendAll signals every process below us.
func (r *reaper) sendAll(sig int) errno {
	if r.pid == 1 && !inInitialNamespace() {
		return kill(-1, sig)
	}
	return r.sendDescendants(sig)
}

// inInitialNamespace says whether PID 1 is the machine's own, which had better not signal everybody.
func inInitialNamespace() bool {
	var path = [...]byte{'/', 'p', 'r', 'o', 'c', '/', 's', 'e', 'l', 'f', '/', 'n', 's', '/', 'p', 'i', 'd', 0}
	var st unix.Stat_t
	at := unix.AT_FDCWD
	r := syscall6(unix.SYS_NEWFSTATAT, uintptr(at), uintptr(unsafe.Pointer(&path)), uintptr(unsafe.Pointer(&st)), 0, 0, 0)
	return failure(r) == 0 && st.Ino == initialNamespace
}

// sendDescendants walks /proc, where processes are in the order of their pids, and signals those whose chain of parents
// leads to us. Without a /proc of ours it reaches the main child alone.
func (r *reaper) sendDescendants(sig int) errno {
	path := [...]byte{'/', 'p', 'r', 'o', 'c', 0}
	proc, err := openFile(&path[0], unix.O_RDONLY|unix.O_DIRECTORY)
	if err != 0 {
		return r.sendMain(sig)
	}
	if r.isOurs(proc) {
		err = r.sendListed(proc, sig)
	} else {
		err = r.sendMain(sig)
	}
	closeFile(proc)
	return err
}

// sendMain signals the main child, if it lives.
func (r *reaper) sendMain(sig int) errno {
	if r.ended {
		return syscall.ESRCH
	}
	return kill(r.child, sig)
}

// isOurs says whether /proc shows our PID namespace: in another one's the numbers mean other processes.
func (r *reaper) isOurs(proc int) bool {
	var name = [...]byte{'s', 'e', 'l', 'f', 0}
	var link [20]byte
	n, err := call4(unix.SYS_READLINKAT, uintptr(proc), uintptr(unsafe.Pointer(&name)), uintptr(unsafe.Pointer(&link)), uintptr(len(link)))
	if err != 0 {
		return false
	}
	pid, _ := number(unsafe.String(&link[0], n), largestPID)
	return pid == r.pid
}

func (r *reaper) sendListed(proc, sig int) errno {
	result := errno(syscall.ESRCH)
	var entries [4096]byte
	for {
		n := syscall6(unix.SYS_GETDENTS64, uintptr(proc), uintptr(unsafe.Pointer(&entries)), uintptr(len(entries)), 0, 0, 0)
		if failure(n) != 0 || n == 0 {
			return result
		}
		for at := 0; at < int(n); {
			// struct linux_dirent64: inode and offset of 8 bytes each, length of 2, type of 1, name. See getdents64(2).
			const lengthAt, nameAt = 16, 19
			length := int(entries[at+lengthAt]) | int(entries[at+lengthAt+1])<<8
			if pid, ok := number(text(&entries[at+nameAt]), largestPID); ok && r.isBelow(pid) {
				if err := kill(pid, sig); err == 0 {
					result = 0
				}
			}
			at += length
		}
	}
}

// isBelow follows the parents of a process up to us. A chain that is too long is a race with a dying one.
func (r *reaper) isBelow(pid int) bool {
	for range 1 << 10 {
		if pid = parentOf(pid); pid == r.pid {
			return true
		}
		if pid <= 1 {
			return false
		}
	}
	return false
}

// parentOf reads /proc/PID/stat: the pid, the name in parentheses, which may hold anything, the state, the parent. See
// proc_pid_stat(5).
func parentOf(pid int) int {
	var path [32]byte
	var digits [20]byte
	n := copy(path[:], "/proc/")
	n += copy(path[n:], decimal(&digits, pid))
	copy(path[n:], "/stat")
	fd, err := openFile(&path[0], unix.O_RDONLY)
	if err != 0 {
		return 0
	}
	var stat [512]byte
	n, err = readFile(fd, stat[:])
	closeFile(fd)
	if err != 0 || n == 0 {
		return 0
	}
	line := unsafe.String(&stat[0], n)
	at := lastIndex(line, ')') + len(") S ")
	if at >= len(line) {
		return 0
	}
	end := index(line[at:], ' ')
	if end < 0 {
		return 0
	}
	parent, _ := number(line[at:at+end], largestPID)
	return parent
}
