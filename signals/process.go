package signals

import "unsafe"

// ProcessAt reads what the kernel leaves on the stack of a new process: the number of arguments, pointers to them, a nil,
// pointers to the environment, a nil. See the System V ABI of the architecture, "process initialization".
func ProcessAt(stack unsafe.Pointer) Process {
	count := *(*int)(stack)
	args := (**byte)(unsafe.Add(stack, pointerSize))
	environ := (**byte)(unsafe.Add(unsafe.Pointer(args), (count+1)*pointerSize))
	return Process{Args: unsafe.Slice(args, count), Environ: unsafe.Slice(environ, length(environ))}
}

const pointerSize = int(unsafe.Sizeof(uintptr(0)))

// length counts pointers up to the nil that ends them.
func length(first **byte) int {
	n := 0
	for *(**byte)(unsafe.Add(unsafe.Pointer(first), n*pointerSize)) != nil {
		n++
	}
	return n
}

// Name is the program's name as it was called, without directories.
func (p Process) Name() string { return base(p.Arg(0)) }

// Arg returns an argument, and nothing where there are not as many.
func (p Process) Arg(i int) string {
	if i >= len(p.Args) {
		return ""
	}
	return text(p.Args[i])
}

// From leaves the first arguments out.
func (p Process) From(i int) Process {
	p.Args = p.Args[i:]
	return p
}
