package signals

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// become turns the child of a fork, in which all signals are blocked, into what the command is to find. No signal is
// lost in between: what arrives waits behind the mask until the last moment, and finds the dispositions that the command
// will have. Both peers unblock too early, or too late.
func (r *reaper) become(foreground bool) {
	switch {
	case r.session:
		if err := setsid(); err != 0 {
			initial, words := capitalReason(err)
			dumbInitPuts(str("Unable to setsid (errno="), num(int(err)), str(" "), initial, words, str("). Exiting.\n"))
			Exit(1)
		}
		if err := takeTerminal(); err != 0 {
			initial, words := capitalReason(err)
			r.dumbInitSays(str("Unable to attach to controlling tty (errno="), num(int(err)), str(" "), initial, words, str(").\n"))
		}
		r.dumbInitSays(str("setsid complete.\n"))
	case r.manners == dumbInit:
	default:
		setpgid(0, 0)
		if foreground {
			if err := giveTerminal(getpid()); err != 0 && r.manners == tini {
				r.tiniSays(tiniDebug, str("tcsetpgrp failed: no tty (ok to proceed)"))
			}
		}
	}
	if r.cleared {
		last := lastSignal
		if r.manners == dumbInit {
			last = lastStandard
		}
		for sig := 1; sig <= last; sig++ {
			dispose(sig, byDefault)
		}
		setMask(0)
		return
	}
	if r.deaf {
		dispose(child, ignored)
	}
	setMask(r.process.mask)
}

// prepareSearch looks at what is to be executed.
func (r *reaper) prepareSearch() {
	path, ok := lookup(r.process.Environ, "PATH")
	if !ok {
		path = defaultPath
	}
	s := &r.search
	s.name, s.path = text(r.command[0]), path
	s.argv, s.environ = &r.command[0], unsafe.SliceData(r.process.Environ)
}

// cannotExecute complains and returns the exit code for it.
func (r *reaper) cannotExecute(name string, err errno) int {
	initial, words := capitalReason(err)
	switch r.manners {
	case dumbInit:
		dumbInitPuts(str(name), str(": "), initial, words, str("\n"))
		return 2
	case tini:
		r.tiniSays(tiniFatal, str("exec "), str(name), str(" failed: "), initial, words)
		switch err {
		case syscall.ENOENT:
			return codeNotFound
		case syscall.EACCES:
			return codeCannotExecute
		}
		return 1
	}
	put(2, str(ourName+": cannot execute \""), str(name), str("\": "), reason(err), str("\n"))
	if advice := adviceOn(name, err); advice != "" {
		hint(advice)
	}
	if err == syscall.ENOENT {
		return codeNotFound
	}
	return codeCannotExecute
}

func adviceOn(name string, err errno) string {
	switch {
	case err == syscall.ENOENT && index(name, '/') < 0:
		return "there is no such program in PATH"
	case err == syscall.ENOENT:
		return "the file is not there, or the interpreter of its first line or its dynamic linker is not"
	case err == syscall.EACCES:
		return "the file, or a directory on the way, may not be executed; or it is a directory, or on a file system mounted noexec"
	case err == syscall.ENOEXEC:
		return "the file is built for another machine, or broken"
	}
	return ""
}

// cannotFork complains and returns the exit code for it.
func (r *reaper) cannotFork(err errno) int {
	initial, words := capitalReason(err)
	switch r.manners {
	case dumbInit:
		dumbInitPuts(str("Unable to fork. Exiting.\n"))
		return 1
	case tini:
		r.tiniSays(tiniFatal, str("fork failed: "), initial, words)
		return 1
	}
	put(2, str(ourName+": cannot start a process: "), reason(err), str("\n"))
	if err == syscall.EAGAIN {
		hint("the limit of the container's pids, or of the user's processes, is reached")
	}
	return codeCannotExecute
}

// search finds and executes a program the way execvp(3) of glibc does.
type search struct {
	name, path string
	argv       **byte // ends in a nil, like environ
	environ    **byte

	file  [unix.PathMax]byte
	shell [8]byte
}

const defaultPath = "/bin:/usr/bin" // what execvp(3) searches when PATH is unset

// execute returns the error if there is no way. Like execvp it goes on after a file that may not be executed, and reports
// that if nothing better turns up.
func (r *reaper) execute() errno {
	const longestName = 255
	switch {
	case r.search.name == "":
		return syscall.ENOENT
	case len(r.search.name) > longestName && index(r.search.name, '/') < 0:
		return syscall.ENAMETOOLONG
	}
	if index(r.search.name, '/') >= 0 {
		return r.try("")
	}
	result := errno(syscall.ENOENT)
	for rest, more := r.search.path, true; more; {
		dir := rest
		if at := index(rest, ':'); at >= 0 {
			dir, rest = rest[:at], rest[at+1:]
		} else {
			more = false
		}
		switch err := r.try(dir); err {
		case syscall.EACCES, syscall.ENOENT, syscall.ENOTDIR, syscall.ESTALE, syscall.ENODEV, syscall.ETIMEDOUT, syscall.ENAMETOOLONG:
			if result != syscall.EACCES {
				result = err
			}
		default:
			return err
		}
	}
	return result
}

// try executes the program in a directory; the empty one is the working directory, or none at all.
func (r *reaper) try(dir string) errno {
	if len(dir)+len(r.search.name)+2 > len(r.search.file) {
		return syscall.ENAMETOOLONG
	}
	n := copy(r.search.file[:], dir)
	if dir != "" {
		r.search.file[n] = '/'
		n++
	}
	n += copy(r.search.file[n:], r.search.name)
	r.search.file[n] = 0
	err := r.exec(&r.search.file[0], r.search.argv)
	if err != syscall.ENOEXEC || r.manners == ours && isELF(&r.search.file[0]) {
		return err
	}
	return r.interpret()
}

// interpret runs a file that the kernel does not know: a shell script without #! line.
func (r *reaper) interpret() errno {
	copy(r.search.shell[:], "/bin/sh")
	first := r.search.argv
	// The shell's own name takes the place of the script's, and the file the place before: argv lies in memory that the
	// kernel has laid out with another word in front of it, the element that ended our own options, or our own name.
	before := (**byte)(unsafe.Add(unsafe.Pointer(first), -pointerSize))
	keep, name := *before, *first
	setPointer(before, &r.search.shell[0])
	setPointer(first, &r.search.file[0])
	err := r.exec(&r.search.shell[0], before)
	*before, *first = keep, name
	return err
}

// setPointer stores a pointer as a number, because the compiler would move what it points at to the heap, which is not
// there yet.
func setPointer(at **byte, to *byte) {
	*(*uintptr)(unsafe.Pointer(at)) = uintptr(unsafe.Pointer(to))
}

// isELF says whether a file is a compiled program, whatever machine it was made for: a shell would only choke on it. See
// elf(5).
func isELF(file *byte) bool {
	fd, err := openFile(file, unix.O_RDONLY)
	if err != 0 {
		return false
	}
	var magic [4]byte
	n, err := readFile(fd, magic[:])
	closeFile(fd)
	return err == 0 && n == len(magic) && magic == [...]byte{0x7f, 'E', 'L', 'F'}
}
