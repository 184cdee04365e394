package config

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// checkHook refuses a program that could not be run when its time has come.
func (r *reading) checkHook(variable, path string) {
	if path == "" || r.bad[variable] {
		return
	}
	if !filepath.IsAbs(path) {
		r.refuse(variable, refuse("write the whole path of one program, without arguments", "%q is not an absolute path", path))
		return
	}
	const mayExecute = 1 // X_OK, see access(2)
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		r.refuse(variable, refuse("put it into the image, or mount it", "there is no %q", path))
	case err != nil:
		r.refuse(variable, refuse("see that the user of the container may look there", "%v", err))
	case !info.Mode().IsRegular():
		r.refuse(variable, refuse("name a program, or a script that begins with #!", "%q is no file", path))
	case syscall.Access(path, mayExecute) != nil:
		r.refuse(variable, refuse("chmod +x it, and see that its volume is not mounted noexec", "%q is not executable", path))
	}
}
