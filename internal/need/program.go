package need

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// built holds the programs that this test process has built, by what they are built from.
var built sync.Map

// Program builds a program of this module, static and without the race detector as it is released, once for all
// tests of the process, and returns its path. Tags are build tags. RemovePrograms deletes it.
func Program(t testing.TB, pkg string, tags ...string) string {
	t.Helper()
	return once(t, fmt.Sprint(pkg, tags), func(dir string) (string, *exec.Cmd) {
		path := filepath.Join(dir, filepath.Base(pkg))
		cmd := exec.Command("go", "build", "-tags", strings.Join(append(tags, "nethttpomithttp2"), ","), "-o", path, "github.com/runner-init/runner-init/"+pkg)
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		return path, cmd
	})
}

// CProgram compiles one file of C into a static program, for tests of what no Go program can do to itself: its runtime
// would have changed masks, handlers and descriptors. It needs a C compiler and a static C library. RemovePrograms deletes it.
func CProgram(t testing.TB, source string) string {
	t.Helper()
	gcc := Installed(t, "gcc")
	if path, err := exec.Command(gcc, "-print-file-name=libc.a").Output(); err != nil || !filepath.IsAbs(string(path)) {
		Missing(t, "there is no static C library on this machine")
	}
	return once(t, source, func(dir string) (string, *exec.Cmd) {
		path := filepath.Join(dir, strings.TrimSuffix(filepath.Base(source), ".c"))
		return path, exec.Command(gcc, "-Wall", "-Wextra", "-Werror", "-O1", "-static", "-o", path, source)
	})
}

// once builds what has not been built yet. The function is given a directory, and returns the path of what its command
// makes there.
func once(t testing.TB, key string, build func(dir string) (string, *exec.Cmd)) string {
	t.Helper()
	first, _ := built.LoadOrStore(key, sync.OnceValues(func() (string, error) {
		dir, err := os.MkdirTemp("", "runner-init-test-")
		if err != nil {
			return "", err
		}
		path, cmd := build(dir)
		cmd.Stderr = os.Stderr
		// Other users have to be able to execute it.
		return path, firstError(cmd.Run(), os.Chmod(dir, 0o755))
	}))
	path, err := first.(func() (string, error))()
	if err != nil {
		t.Fatalf("cannot build %s: %v", key, err)
	}
	return path
}

// RemovePrograms deletes what Program built. TestMain calls it at the end.
func RemovePrograms() {
	built.Range(func(_, build any) bool {
		if path, err := build.(func() (string, error))(); err == nil {
			os.RemoveAll(filepath.Dir(path))
		}
		return true
	})
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
