package signals

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Role is what a process of ours is for, under Supervise.
type Role int

const (
	NoRole     Role = iota
	Supervisor      // the child, which does the work
	Keeper          // its successor, after it has handed over an environment with less in it
	Recovery        // the successor of one that has died without having finished
	Witness         // the successor of a recovery that has died, too: it says so, and does nothing else
)

// Codes are the exit codes of an init whose child cannot report one.
type Codes struct {
	Failed int // the child could not be started
	Ghost  int // every role has died
}

// Descriptors that a role finds.
const (
	environmentFD = firstExtra + iota
	journalFD
	doorFD
)

// The journal is a file in memory that outlives the supervisor. Its first bytes are between the supervisor and us: each
// is 0 until the supervisor sets it. What follows is the supervisor's own.
const (
	readyByte    = 0  // signals may come
	finishedByte = 1  // nobody has to take over
	handedByte   = 2  // a Keeper is to take over
	endBytes     = 4  // how the role before has ended, as wait4(2) says it; 0 = well, or there was none
	stopBytes    = 8  // when the first stop signal came, by CLOCK_MONOTONIC, in nanoseconds; 0 = none
	coreBytes    = 16 // how large a core file may be that the container allows, in bytes
	leftSize     = 24 // how long the environment at leftBytes is, which a successor finds in place of the container's; 0 = there is none
	orphanBytes  = 32 // how many orphans have been reaped
	beginBytes   = 40 // when the init began, by CLOCK_MONOTONIC, in nanoseconds
	ownBytes     = 64
	noteBytes    = 2048 // two of them: see Note
	leftBytes    = 4096
	secretBytes  = 4 << 20 // what a successor is to take out of the last words: see KeepSecrets
	// What Go's runtime says of its end: see keepLastWords.
	lastWordsBytes = secretBytes + 1<<20
)

// supervise is the life of an init whose child is this very program. It keeps secrets out of every environment block,
// holds signals back until the child can take them, and starts it once more if it dies without having finished. It knows
// nothing of what the child does. It returns in the children, with their role, and in the init, with the exit code.
func (r *reaper) supervise(codes Codes, door *Door) (Role, int) {
	r.listen()
	r.adoptOrphans()
	r.reapEarlier()
	r.dropExtra()
	openStandard()
	if problem, err := r.conceal(); problem != "" {
		tell(2, str(ourName+": cannot "), str(problem), str(": "), reason(err), str("\n"))
		return NoRole, codes.Failed
	}
	r.openDoor(door)
	for role := Supervisor; role <= Witness; role++ {
		if role == Keeper && !r.flag(handedByte) {
			continue
		}
		if role == Keeper {
			r.dropEnvironment()
		}
		if r.startRole(role) {
			return role, 0
		}
		if r.alive() {
			if code := r.loop(); r.flag(finishedByte) {
				return NoRole, code
			}
			r.noteEnd()
			if role != Supervisor || !r.flag(handedByte) {
				r.complainOfDeath(role)
			}
		} else if role == Supervisor {
			return NoRole, codes.Failed
		}
	}
	tell(2, str(ourName+": a registration may be left on GitHub\n"))
	return NoRole, codes.Ghost
}

// dropEnvironment forgets the container's environment: nobody has it any more.
func (r *reaper) dropEnvironment() {
	closeFile(r.environment)
	r.environment = noFile
}

// noFile is no descriptor.
const noFile = -1

func (r *reaper) startRole(role Role) (child bool) {
	r.ended, r.hold = false, true
	r.setFlag(readyByte, 0)
	return r.spawnRole(role)
}

func (r *reaper) complainOfDeath(role Role) {
	who, then := "supervisor", "); recovering\n"
	switch role {
	case Recovery:
		who, then = "recovery", ")\n"
	case Witness:
		who, then = "witness", ")\n"
	}
	tell(2, str(ourName+": the "), str(who), str(" died ("))
	r.putEnd()
	tell(2, str(then))
}

// noteStop leaves the moment of the first stop signal to the child, and to its successor: the grace period runs from there.
func (r *reaper) noteStop(sig int) {
	if r.stopSeen || !isStop(sig) {
		return
	}
	r.stopSeen = true
	now := monotonic()
	syscall6(unix.SYS_PWRITE64, uintptr(r.journal), uintptr(unsafe.Pointer(&now)), unsafe.Sizeof(now), stopBytes, 0, 0)
}

// noteBegin leaves the moment of our own beginning, the container's, from which every successor counts as the first role does.
func (r *reaper) noteBegin() {
	now := monotonic()
	syscall6(unix.SYS_PWRITE64, uintptr(r.journal), uintptr(unsafe.Pointer(&now)), unsafe.Sizeof(now), beginBytes, 0, 0)
}

// noteEnd leaves word of how a role has ended to its successor.
func (r *reaper) noteEnd() {
	syscall6(unix.SYS_PWRITE64, uintptr(r.journal), uintptr(unsafe.Pointer(&r.status)), unsafe.Sizeof(r.status), endBytes, 0, 0)
}

// noteOrphans leaves to the child how many orphans were reaped, in one call for all that came together.
func (r *reaper) noteOrphans() {
	if r.journal == 0 || r.orphans == r.noted {
		return
	}
	r.noted = r.orphans
	syscall6(unix.SYS_PWRITE64, uintptr(r.journal), uintptr(unsafe.Pointer(&r.noted)), unsafe.Sizeof(r.noted), orphanBytes, 0, 0)
}

// release lets go of the signals that were held for a child that was not ready, and gives it the terminal, whose signals
// come to us before. The child's word for it comes with a
// SIGCHLD of its own sending. It is looked at only after everything dead was reaped: a zombie accepts every signal and
// does nothing with it, while its successor may need it.
func (r *reaper) release() {
	if !r.hold || !r.flag(readyByte) {
		return
	}
	r.hold = false
	if ownTerminal() {
		giveTerminal(r.group)
	}
	stops := 0
	for i := range r.kept {
		sig := int(r.held[i])
		r.pass(sig)
		if isStop(sig) { // for a successor, too
			r.held[stops] = uint8(sig)
			stops++
		}
	}
	r.kept = stops
}

// isStop says whether a signal is one by which containers are stopped.
func isStop(sig int) bool { return sig == terminate || sig == interrupt || sig == quit }

func (r *reaper) flag(at int) bool {
	var value [1]byte
	n, err := readFileAt(r.journal, value[:], at)
	return err == 0 && n == 1 && value[0] != 0
}

func (r *reaper) setFlag(at int, value byte) {
	syscall6(unix.SYS_PWRITE64, uintptr(r.journal), uintptr(unsafe.Pointer(&value)), 1, uintptr(at), 0, 0)
}

// conceal moves the environment into a file in memory that only a role can read, and wipes it where /proc/PID/environ
// would show it. It does not judge what of it is secret. See PR_SET_DUMPABLE(2const), which closes
// /proc/PID/{environ,mem,fd,…} to everybody without CAP_SYS_PTRACE, other processes of the same user included, forbids
// core dumps, and is inherited over fork.
func (r *reaper) conceal() (problem string, err errno) {
	if err := prctl(unix.PR_SET_DUMPABLE, 0); err != 0 {
		return "make the process undumpable", err
	}
	if r.environment, err = memoryFile("environment"); err != 0 {
		return "create a memory file for the environment", err
	}
	for _, entry := range r.process.Environ {
		if err := writeFile(r.environment, unsafe.Slice(entry, len(text(entry))+1)); err != 0 {
			return "move the environment", err
		}
	}
	const all = unix.F_SEAL_WRITE | unix.F_SEAL_GROW | unix.F_SEAL_SHRINK | unix.F_SEAL_SEAL
	if _, err := call(unix.SYS_FCNTL, uintptr(r.environment), unix.F_ADD_SEALS, all); err != 0 {
		return "seal the environment", err
	}
	if r.journal, err = memoryFile("journal"); err != 0 {
		return "create a memory file for the journal", err
	}
	r.noteBegin()
	if err := r.forbidCores(); err != 0 {
		return "forbid core dumps", err
	}
	return r.wipe()
}

// forbidCores is a second lock on what PR_SET_DUMPABLE has shut, for the roles too, and leaves word of what the container
// had allowed: jobs may want the cores of their own programs. The hard limit, which nobody could raise again, stays.
func (r *reaper) forbidCores() errno {
	var limit unix.Rlimit
	if err := failure(syscall6(unix.SYS_PRLIMIT64, 0, unix.RLIMIT_CORE, 0, uintptr(unsafe.Pointer(&limit)), 0, 0)); err != 0 {
		return err
	}
	allowed := limit.Cur
	limit.Cur = 0
	syscall6(unix.SYS_PWRITE64, uintptr(r.journal), uintptr(unsafe.Pointer(&allowed)), unsafe.Sizeof(allowed), coreBytes, 0, 0)
	return failure(syscall6(unix.SYS_PRLIMIT64, 0, unix.RLIMIT_CORE, uintptr(unsafe.Pointer(&limit)), 0, 0, 0))
}

// memoryFile makes a file in memory without a path, close-on-exec, above the standard streams. It can never be executed,
// which kernels know since 6.3 and some are set to insist on; older ones reject the flag with EINVAL. See memfd_create(2).
func memoryFile(name string) (int, errno) {
	var path [32]byte
	copy(path[:], name)
	const flags = unix.MFD_CLOEXEC | unix.MFD_ALLOW_SEALING
	fd, err := call(unix.SYS_MEMFD_CREATE, uintptr(unsafe.Pointer(&path)), flags|unix.MFD_NOEXEC_SEAL, 0)
	if err == syscall.EINVAL {
		fd, err = call(unix.SYS_MEMFD_CREATE, uintptr(unsafe.Pointer(&path)), flags, 0)
	}
	if err != 0 || fd >= firstExtra {
		return fd, err
	}
	high, err := call(unix.SYS_FCNTL, uintptr(fd), unix.F_DUPFD_CLOEXEC, firstExtra)
	closeFile(fd)
	return high, err
}

// openStandard makes sure that the standard streams are open: a file of ours in their place would be written to.
func openStandard() {
	for fd := range firstExtra {
		if !isOpen(fd) {
			null := [...]byte{'/', 'd', 'e', 'v', '/', 'n', 'u', 'l', 'l', 0}
			at := unix.AT_FDCWD
			syscall6(unix.SYS_OPENAT, uintptr(at), uintptr(unsafe.Pointer(&null)), unix.O_RDWR, 0, 0, 0)
		}
	}
}
