package need

import (
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// built holds the programs that this test process has built, by package path.
var built sync.Map

// Program builds a program of this module, static and without the race detector as it is released, once for all
// tests of the process, and returns its path. RemovePrograms deletes it.
func Program(t testing.TB, pkg string) string {
	t.Helper()
	build := sync.OnceValues(func() (string, error) {
		dir, err := os.MkdirTemp("", "runner-init-test-")
		if err != nil {
			return "", err
		}
		path := filepath.Join(dir, filepath.Base(pkg))
		cmd := exec.Command("go", "build", "-o", path, "github.com/runner-init/runner-init/"+pkg)
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		cmd.Stderr = os.Stderr
		// Other users have to be able to execute it.
		return path, firstError(cmd.Run(), os.Chmod(dir, 0o755))
	})
	once, _ := built.LoadOrStore(pkg, build)
	path, err := once.(func() (string, error))()
	if err != nil {
		t.Fatalf("cannot build %s: %v", pkg, err)
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
