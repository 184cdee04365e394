//go:build !(amd64 || arm64) || purego || race || msan || asan

package signals

import (
	"errors"
	"fmt"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// environ returns the environment that the process was started with, verbatim: in order, with duplicates and with entries
// that have no `=`, while os.Environ keeps the first of a name only. It is found in the process's own memory, not in /proc,
// which may be missing and is closed to an undumpable process, and the result points there. Where that memory does not
// look as expected it is os.Environ's. It needs os.Args to be as it was at the start.
func environ() []*byte {
	block, err := environBlock()
	if err != nil {
		return cStrings(os.Environ())
	}
	var list []*byte
	for at, begin := 0, 0; at < len(block); at++ {
		if block[at] == 0 {
			list = append(list, &block[begin])
			begin = at + 1
		}
	}
	return append(list, nil)[:len(list)]
}

// eraseEnviron overwrites the environment of the process with zeros where /proc/PID/environ shows it, and forgets it.
// Strings that os.Getenv or os.Environ returned earlier are windows onto that memory and become zeros too. An error says
// that the block was not found and /proc still shows it.
func eraseEnviron() error {
	os.Clearenv() // first, because its keys lie in the block
	block, err := environBlock()
	if err != nil {
		return fmt.Errorf("cannot erase the environment: %w", err)
	}
	clear(block)
	return nil
}

// Key of the auxiliary vector: the address of the name the program was executed under. See getauxval(3).
const auxExecutedName = 31

// More than the kernel allows for arguments and environment together (6 MiB, execve(2)): a larger distance means that
// os.Args is not what the kernel handed over.
const largestBlock = 8 << 20

var (
	errNoBlock   = errors.New("the process does not say where it lies")
	errOddLayout = errors.New("the memory around it does not look as the kernel leaves it")
)

// environBlock returns the memory that holds the environment. The kernel puts the strings of a new process on top of
// its stack in this order: arguments, environment, executed name (copy_strings in fs/exec.c). The first entry thus
// follows the last argument, onto which os.Args still is a window, and the last one ends where the executed name begins.
func environBlock() ([]byte, error) {
	end := executedName()
	if end == 0 || len(os.Args) == 0 {
		return nil, errNoBlock
	}
	if !adjacent(os.Args) {
		return nil, errOddLayout
	}
	last := os.Args[len(os.Args)-1]
	begin := address(last) + uintptr(len(last)) + 1
	if begin > end || end-begin > largestBlock {
		return nil, errOddLayout
	}
	start := unsafe.Add(unsafe.Pointer(unsafe.StringData(last)), len(last)+1) // begin, in a form the compiler trusts
	block := unsafe.Slice((*byte)(start), end-begin)
	if len(block) > 0 && block[len(block)-1] != 0 {
		return nil, errOddLayout
	}
	return block, nil
}

// adjacent says whether each argument begins where the one before ends, as the kernel lays them out.
func adjacent(args []string) bool {
	for i, arg := range args[1:] {
		before := args[i]
		if address(arg) != address(before)+uintptr(len(before))+1 {
			return false
		}
	}
	return true
}

func address(s string) uintptr { return uintptr(unsafe.Pointer(unsafe.StringData(s))) }

func executedName() uintptr {
	vector, err := unix.Auxv()
	if err != nil {
		return 0
	}
	for _, entry := range vector {
		if entry[0] == auxExecutedName {
			return entry[1]
		}
	}
	return 0
}
