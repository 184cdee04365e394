//go:build !(amd64 || arm64) || purego || race || msan || asan

package signals

import (
	"os"
	"runtime"
	"slices"
	"syscall"
	"unsafe"
)

// roleWords are the words of the command line by which the init starts its roles.
var roleWords = [...]string{Supervisor: "supervise", Keeper: "keep", Recovery: "recover", Witness: "witness"}

// InheritedRole tells what the init above us has started us for.
func InheritedRole() Role {
	if len(os.Args) < 2 || os.Args[0] != ourName || os.Args[1] == "" {
		return NoRole
	}
	return Role(max(slices.Index(roleWords[:], os.Args[1]), int(NoRole)))
}

// RoleArguments are those of the init's command line, which in ours come after the role.
func RoleArguments(argv []string) []string { return argv[2:] }

// Supervise makes this process the init of a child that is this program once more, in a role that InheritedRole tells.
func Supervise(p Process, codes Codes, door Door) int {
	r := reaper{process: p, pid: getpid(), settings: settings{verbosity: tiniWarning, cleared: true}}
	_, code := r.supervise(codes, &door)
	return code
}

// spawnRole runs ourselves in a role, with a bare environment. What follows a death is started while a job may be running,
// which may even have brought it about: so nobody may look into it between its exec and its first line.
func (r *reaper) spawnRole(role Role) (child bool) {
	path := "/proc/self/exe"
	if role == Recovery || role == Witness {
		if program, err := ownProgram(); err == nil {
			defer program.Close()
			path = pathOf(program)
		} else { // a registration that is left is certain, a job that lies in wait is not
			put(2, str(ourName+": "), str(err.Error()), str("\n"))
		}
	}
	args := goStrings(unsafe.SliceData(r.process.Args))[1:]
	_, err := terminalGroup()
	r.terminal = err == 0
	attr := &syscall.ProcAttr{
		Files: []uintptr{0, 1, 2, uintptr(r.environment), uintptr(r.journal), uintptr(r.door)},
		Sys:   r.isolation(false),
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer setMask(setMask(0))
	pid, failed := syscall.ForkExec(path, append([]string{ourName, roleWords[role]}, args...), attr)
	if failed != nil {
		number, _ := failed.(syscall.Errno)
		r.cannotFork(number)
		return false
	}
	r.child, r.group = pid, pid
	return false
}

// wipe overwrites the environment in place, and forgets it.
func (r *reaper) wipe() (problem string, err errno) {
	if eraseEnviron() != nil {
		return "erase the environment", syscall.EFAULT
	}
	return "", 0
}
