package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"syscall"

	"github.com/runner-init/runner-init/internal/reference"
)

const (
	// fileSuffix makes of a variable's name the one that holds the path of a file with the value.
	fileSuffix = "_FILE"
	// valueFromSuffix makes of a variable's name the one that holds a reference to a secret store.
	valueFromSuffix = "_VALUE_FROM"
	// maxFile is the size in bytes of the largest file that is read: more than any credential, less than a mistake.
	maxFile = 1 << 20
)

// read returns what is set under one name of the environment, itself, through its file or by a reference, without the
// white space around it. Each name is read once, so that a problem with it is noted once.
func (r *reading) read(name string, secret bool) string {
	value, known := r.values[name]
	if !known {
		value = strings.TrimSpace(r.readOnce(name))
		r.values[name] = value
	}
	if secret {
		r.hide(value)
	}
	return value
}

func (r *reading) readOnce(name string) string {
	if f, ok := r.referred[name]; ok {
		if f.Err != nil {
			r.problem(f.Err, f.variable)
		}
		return f.Value
	}
	value, path, from := r.sources(name)
	if several := r.several(name); len(several) > 1 {
		r.problem(refuse("set one of them", "%s give a value", map[int]string{2: "both", 3: "all of them"}[len(several)]), several...)
		if reference.IsARN(value) { // which is no value, and has been refused
			return ""
		}
		return value
	}
	if path == "" || from != "" {
		return value
	}
	content, err := readFile(path)
	if err != nil {
		r.problem(refuse("check that the file is mounted, and that the user of the container may read it",
			"%s: %v", showPath(path), err), name+fileSuffix)
	}
	return content
}

// SecretFile is a file that a secret was read from.
type SecretFile struct {
	Variable string // that names it
	Path     string
}

// SecretFiles are the files that secrets were read from.
func (c Config) SecretFiles() []SecretFile { return slices.Clone(c.files) }

func (r *reading) secretFiles() (files []SecretFile) {
	for _, v := range r.table {
		for _, name := range v.Names() {
			if path := strings.TrimSpace(r.environ[name+fileSuffix]); v.Secret && path != "" {
				files = append(files, SecretFile{name + fileSuffix, path})
			}
		}
	}
	return files
}

// several are the names, of the three under which a value can be given, that are set.
func (r *reading) several(name string) (set []string) {
	for _, suffix := range []string{"", fileSuffix, valueFromSuffix} {
		if strings.TrimSpace(r.environ[name+suffix]) != "" {
			set = append(set, name+suffix)
		}
	}
	return set
}

// byteOrderMark begins the files that some editors write in UTF-8.
const byteOrderMark = "\ufeff"

// readFile returns the content of a small regular file without its last line break, nor a byte order mark. Anything else
// could keep us waiting at boot, or never end.
func readFile(path string) (string, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0) // a FIFO would block open(2) itself
	if err != nil {
		return "", cause(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return "", cause(err)
	}
	if !info.Mode().IsRegular() {
		return "", errors.New("it is not a regular file")
	}
	content, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return "", cause(err)
	}
	if len(content) > maxFile {
		return "", fmt.Errorf("it is larger than %d bytes", maxFile)
	}
	text := strings.TrimPrefix(string(content), byteOrderMark)
	return strings.TrimSuffix(strings.TrimSuffix(text, "\n"), "\r"), nil
}

// cause is an error of a file without the path, which the caller shows or does not.
func cause(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	return err
}

// showPath is a path for people. What is not absolute is not shown: somebody may have put the secret itself where its
// path belongs, and no credential of GitHub's begins with a slash.
func showPath(path string) string {
	if strings.HasPrefix(strings.TrimSpace(path), "/") {
		return path
	}
	return "(a relative path)"
}
