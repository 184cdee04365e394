//go:build (amd64 || arm64) && !purego && !race && !msan && !asan

package signals

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Freestanding says that the init of this build does without Go's runtime.
const Freestanding = true

// syscall6 calls the kernel. The result is its own, with errors as small negative numbers.
func syscall6(number, a, b, c, d, e, f uintptr) uintptr

// intake is the signals that wait in the kernel, because every one of them is blocked.
type intake struct{ collected signalSet }

// Block blocks every signal, so that from here on each waits until it is asked for. It is the first thing that an init
// does: before, the kernel drops what is for PID 1.
func (p *Process) Block() { p.mask = setMask(everySignal) }

// listen says what we ask for: everything. tini leaves those signals to their fate that stand for faults of a program.
func (r *reaper) listen() {
	r.collected = everySignal
	if r.manners == tini {
		for _, sig := range [...]int{floating, illegal, segmentation, bus, abort, trap, badCall} {
			r.collected = r.collected.without(sig)
		}
	}
	setMask(r.collected)
	if disposed(child) == ignored {
		r.deaf = true // the kernel would throw away how our children end
		dispose(child, byDefault)
	}
}

// next waits for a signal, at most so many nanoseconds unless that is negative. 0 is none.
func (r *reaper) next(timeout int64) int {
	limit := unix.Timespec{Sec: timeout / second, Nsec: timeout % second}
	pointer := &limit
	if timeout < 0 {
		pointer = nil
	}
	got := syscall6(unix.SYS_RT_SIGTIMEDWAIT, uintptr(unsafe.Pointer(&r.collected)), 0, uintptr(unsafe.Pointer(pointer)), signalSetSize, 0, 0)
	if failure(got) != 0 { // nothing came, or we were stopped and continued
		return 0
	}
	return int(got)
}

// forgetPipe takes back the signal that the kernel sent to us for having written to a pipe that nobody reads: it is not
// for the child.
func forgetPipe() {
	pipe := everySignal &^ everySignal.without(brokenPipe)
	var now unix.Timespec
	syscall6(unix.SYS_RT_SIGTIMEDWAIT, uintptr(unsafe.Pointer(&pipe)), 0, uintptr(unsafe.Pointer(&now)), signalSetSize, 0, 0)
}

// swallow need not do anything: a stop signal that waits is dropped when we are continued. See signal(7).
func (r *reaper) swallow(int) {}

// giveTerminal puts a group into the terminal's foreground. From the background that takes having SIGTTOU blocked, as we
// have.
func giveTerminal(group int) errno { return setTerminalGroup(group) }

// spawn starts the command. The result is the exit code if it failed.
func (r *reaper) spawn() int {
	mine := ownTerminal()
	_, err := terminalGroup()
	r.terminal = err == 0 && !r.session && r.manners != dumbInit
	pid, err := fork()
	switch {
	case err != 0:
		return r.cannotFork(err)
	case pid == 0:
		r.become(mine || r.manners == tini)
		r.prepareSearch()
		Exit(r.cannotExecute(r.search.name, r.execute()))
	}
	r.child, r.group = pid, pid
	return 0
}

// trim gives back the pages of our own program that the start has touched: its file is in the page cache, from where the
// few that the loop needs come back at once. See madvise(2).
func (r *reaper) trim() {
	// Keys of the auxiliary vector, which follows the environment: where the program headers are, how many, and the size of a
	// page. See getauxval(3).
	const headersKey, countKey, pageKey = 3, 5, 6
	var headers unsafe.Pointer
	count, page := 0, 0
	vector := unsafe.Add(unsafe.Pointer(unsafe.SliceData(r.process.Environ)), (len(r.process.Environ)+1)*pointerSize)
	for {
		switch key, value := *(*int)(vector), unsafe.Add(vector, pointerSize); key {
		case 0:
			trimSegments(headers, count, uint64(page))
			return
		case headersKey:
			headers = *(*unsafe.Pointer)(value)
		case countKey:
			count = *(*int)(value)
		case pageKey:
			page = *(*int)(value)
		}
		vector = unsafe.Add(vector, 2*pointerSize)
	}
}

// segment is a program header. See elf(5).
type segment struct {
	kind, flags                                                 uint32
	offset, address, physical, sizeInFile, sizeInMemory, aligns uint64
}

// trimSegments gives back what comes from the file. The headers are copied first, because they are part of it. The data of
// a program that was linked when it was loaded is not what the file has: it is left alone.
func trimSegments(headers unsafe.Pointer, count int, page uint64) {
	const loaded, dynamic, itself, writable, most = 1, 2, 6, 2, 16
	var segments [most]segment
	var base uint64 // of a program that can be loaded anywhere
	linked := false // when it was loaded
	count = min(count, most)
	for i := range count {
		s := &segments[i]
		*s = *(*segment)(unsafe.Add(headers, i*int(unsafe.Sizeof(*s))))
		linked = linked || s.kind == dynamic
		if s.kind == itself {
			base = uint64(uintptr(headers)) - s.address
		}
	}
	for i := range count {
		s := &segments[i]
		if s.kind != loaded || linked && s.flags&writable != 0 {
			continue
		}
		begin, end := (base+s.address)&^(page-1), (base+s.address+s.sizeInFile)&^(page-1)
		call(unix.SYS_MADVISE, uintptr(begin), uintptr(end-begin), unix.MADV_DONTNEED)
	}
}

// spawnRole forks, and the child goes on as the same program: nothing is executed, so nobody can look into it in between.
func (r *reaper) spawnRole(Role) (child bool) {
	_, err := terminalGroup()
	r.terminal = err == 0
	pid, err := fork()
	switch {
	case err != 0:
		r.cannotFork(err)
		return false
	case pid == 0:
		r.become(false)
		name := [...]byte{'s', 'u', 'p', 'e', 'r', 'v', 'i', 's', 'o', 'r', 0}
		prctl(unix.PR_SET_NAME, uintptr(unsafe.Pointer(&name)))
		return true
	}
	r.child, r.group = pid, pid
	return false
}

// inherited is the role of this process, which the init leaves here for its fork: the two have nothing else in common.
var inherited Role

// InheritedRole tells what the init above us has forked us for.
func InheritedRole() Role { return inherited }

// RoleArguments are those of the command line, without the program's name: the same as the init's.
func RoleArguments(argv []string) []string { return argv[1:] }

// Supervise makes this process the init of a child that goes on with the program, in a role that InheritedRole tells. In
// that child it returns the stack that the program has to go on with.
func Supervise(p Process, stack unsafe.Pointer, codes Codes, door Door) unsafe.Pointer {
	r := reaper{process: p, pid: getpid(), settings: settings{verbosity: tiniWarning, cleared: true}}
	role, code := r.supervise(codes, &door)
	if role == NoRole {
		Exit(code)
	}
	inherited = role
	return withoutEnviron(p, stack)
}

// withoutEnviron moves the number of arguments and the pointers to them up the stack, over those to the environment, so
// that the runtime finds none. What follows the environment, the auxiliary vector, it finds by counting. The stack stays
// aligned to 16 bytes, as every ABI wants it; for an odd number one pointer stays, to what is an empty string by now.
func withoutEnviron(p Process, stack unsafe.Pointer) unsafe.Pointer {
	distance := len(p.Environ) &^ 1
	words := unsafe.Slice((*uintptr)(stack), 1+len(p.Args)+1+len(p.Environ))
	for i := 1 + len(p.Args); i >= 0; i-- {
		words[i+distance] = words[i]
	}
	return unsafe.Add(stack, distance*pointerSize)
}

// wipe overwrites the environment in place.
func (r *reaper) wipe() (problem string, err errno) {
	for _, entry := range r.process.Environ {
		for i := len(text(entry)) - 1; i >= 0; i-- {
			*(*byte)(unsafe.Add(unsafe.Pointer(entry), i)) = 0
		}
	}
	return "", 0
}

func fork() (int, errno) { return call(unix.SYS_CLONE, uintptr(syscall.SIGCHLD), 0, 0) }

func (r *reaper) exec(file *byte, argv **byte) errno {
	return failure(syscall6(unix.SYS_EXECVE, uintptr(unsafe.Pointer(file)), uintptr(unsafe.Pointer(argv)), uintptr(unsafe.Pointer(r.search.environ)), 0, 0, 0))
}

// dropExtra closes what we inherited besides the standard streams, now that the child has it.
func (r *reaper) dropExtra() { closeExtra() }
