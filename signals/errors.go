package signals

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
)

// Exit codes of a program that could not be started, as POSIX shells and env(1) use them.
const (
	codeCannotExecute = 126
	codeNotFound      = 127
)

// ExecError says that a program could not be started.
type ExecError struct {
	Path string // as the user gave it
	Err  error  // the kernel's reason, a syscall.Errno

	cause string // the same for people, with what was found at the time
}

func (e *ExecError) Error() string {
	cause := e.cause
	if cause == "" {
		cause = e.Err.Error()
	}
	return fmt.Sprintf("cannot execute %q: %s", e.Path, cause)
}

func (e *ExecError) Unwrap() error { return e.Err }

// Code is the exit code for it: 127 when there is no such program, 126 when there is one that cannot be executed.
func (e *ExecError) Code() int {
	if errors.Is(e.Err, syscall.ENOENT) {
		return codeNotFound
	}
	return codeCannotExecute
}

// explain looks at the file behind a failure, because the kernel's word for it is the same in very different cases.
func explain(name, file string, err error) string {
	switch err {
	case syscall.ENOENT:
		return explainMissing(name, file)
	case syscall.EACCES:
		return explainDenied(file)
	case syscall.ENOEXEC:
		return fmt.Sprintf("%s is built for another machine or broken", file)
	case syscall.EAGAIN:
		return "no further process is allowed (limit of the container's pids or the user's processes)"
	}
	return err.Error()
}

func explainMissing(name, file string) string {
	switch {
	case file != "" && exists(file):
		return fmt.Sprintf("%s is there, but its interpreter (its #! line or its dynamic linker) is not", file)
	case strings.Contains(name, "/"):
		return "no such file"
	}
	return "no such program in PATH"
}

func explainDenied(file string) string {
	info, err := os.Stat(file)
	switch {
	case err != nil:
		return "permission denied on the way to " + file
	case info.IsDir():
		return file + " is a directory"
	case info.Mode().Perm()&0o111 == 0:
		return file + " is not marked executable"
	}
	return "permission denied for " + file
}
