package signals

import (
	"io"
	"os"
	"strings"
	"syscall"
)

const (
	shell       = "/bin/sh"
	defaultPath = "/bin:/usr/bin" // what execvp(3) of glibc searches when PATH is unset
)

// search finds and starts a program the way execvp(3) does, and returns its pid. On failure file is the file the error
// is about, empty when there was none. Like execvp it goes on after a file that may not be executed, and reports that if
// nothing better turns up; a file that is not there costs no fork.
func search(name string, environ []string, try func(path string) (int, error)) (pid int, file string, err error) {
	if strings.Contains(name, "/") {
		pid, err = try(name)
		return pid, name, err
	}
	if name == "" {
		return 0, "", syscall.ENOENT
	}
	err = syscall.ENOENT
	for dir := range strings.SplitSeq(pathOf(environ), ":") {
		path := candidate(dir, name)
		pid, tried := tryExisting(path, try)
		switch {
		case tried == nil:
			return pid, path, nil
		case tried == syscall.EACCES:
			err, file = tried, path
		case !passable(tried):
			return 0, path, tried
		case err == syscall.ENOENT && exists(path):
			file = path // its interpreter is missing
		}
	}
	return 0, file, err
}

// passable says which errors execvp(3) takes for "not here, try the next directory".
func passable(err error) bool {
	switch err {
	case syscall.ENOENT, syscall.ENOTDIR, syscall.ESTALE, syscall.ENODEV, syscall.ETIMEDOUT:
		return true
	}
	return false
}

func tryExisting(path string, try func(string) (int, error)) (int, error) {
	var st syscall.Stat_t
	if err := syscall.Stat(path, &st); err != nil {
		return 0, err
	}
	return try(path)
}

// candidate joins as execvp(3) does: an empty element of PATH is the working directory.
func candidate(dir, name string) string {
	if dir == "" {
		return name
	}
	return dir + "/" + name
}

// pathOf returns the PATH of an environment: the first one, as getenv(3) would.
func pathOf(environ []string) string {
	for _, entry := range environ {
		if path, ok := strings.CutPrefix(entry, "PATH="); ok {
			return path
		}
	}
	return defaultPath
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// isELF says whether a file is a compiled program, whatever machine it was made for. See elf(5).
func isELF(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	magic := make([]byte, 4)
	_, err = io.ReadFull(f, magic)
	return err == nil && string(magic) == "\x7fELF"
}
