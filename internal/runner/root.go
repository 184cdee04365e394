package runner

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// listenerPath is the program that makes a directory a runner root.
const listenerPath = "bin/Runner.Listener"

// defaultRoots are the places where the usual images keep the runner, in the order in which they are tried.
var defaultRoots = []string{"/home/runner", "/actions-runner", "/runner", "/opt/actions-runner"}

// identityFiles hold the identity of a registration (Runner.Common ConfigurationStore.cs). One that survives from an
// earlier life makes configure refuse to work, or the listener run under a registration that no longer exists.
var identityFiles = []string{".runner", ".runner_migrated", ".credentials", ".credentials_migrated", ".credentials_rsaparams"}

// FindRoot returns the runner root: the named directory if there is one, else the first of the working directory and
// the usual places that holds bin/Runner.Listener.
func FindRoot(named string) (string, error) {
	candidates := []string{named}
	if named == "" {
		candidates = append([]string{"."}, defaultRoots...)
	}
	for _, dir := range candidates {
		if info, err := os.Stat(filepath.Join(dir, listenerPath)); err == nil && info.Mode().IsRegular() {
			return filepath.Abs(dir)
		}
	}
	if named != "" {
		return "", fmt.Errorf("cannot find the runner: %q holds no %s", named, listenerPath)
	}
	return "", fmt.Errorf("cannot find the runner: none of the working directory, %s holds %s",
		strings.Join(defaultRoots, ", "), listenerPath)
}

// RootOf returns the runner root that a command of an existing image means: its `run.sh` or its `Runner.Listener`.
func RootOf(program string) (root string, ok bool) {
	dir := filepath.Dir(program)
	switch filepath.Base(program) {
	case "run.sh":
		return dir, true
	case "Runner.Listener":
		return filepath.Dir(dir), true
	}
	return "", false
}

// Prepare wipes the identity of an earlier life and makes the directories that the listener writes to, owned by the
// job's user. It never follows a link out of the root, because an earlier job may have written there, and it never
// touches bin and externals.
func (r *Runner) Prepare() error {
	root, err := os.OpenRoot(r.Root)
	if err != nil {
		return fmt.Errorf("cannot open the runner directory: %w", err)
	}
	defer root.Close()
	if err := wipe(root); err != nil {
		return err
	}
	if err := r.own(root, "."); err != nil {
		return err
	}
	work := r.Work
	if work == "" {
		work = "_work"
	}
	if !filepath.IsLocal(work) {
		return errors.Join(r.makeDir(root, "_diag"), r.makeMount(work))
	}
	return errors.Join(r.makeDir(root, "_diag"), r.makeDir(root, work))
}

// makeDir makes a directory of the root, for the job's user.
func (r *Runner) makeDir(root *os.Root, dir string) error {
	if err := root.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("cannot make the runner's directory %q: %w", dir, err)
	}
	return r.own(root, dir)
}

// makeMount makes a work directory that is given by its absolute path, usually a volume that came up as root's, for the
// job's user.
func (r *Runner) makeMount(dir string) error {
	if !filepath.IsAbs(dir) {
		return fmt.Errorf("cannot use the work directory %q: it leaves the runner's directory", dir)
	}
	if err := RefuseLinks(dir); err != nil {
		return fmt.Errorf("cannot use the work directory %q: %w", dir, err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("cannot make the work directory: %w", err)
	}
	mount, err := os.OpenRoot(dir)
	if err != nil {
		return fmt.Errorf("cannot open the work directory: %w", err)
	}
	defer mount.Close()
	return r.own(mount, ".")
}

// RefuseLinks refuses a path that leads through a link which somebody other than root may have made: what lies behind it
// is about to be written to, or given to the job's user, by root. The last link of all counts too.
func RefuseLinks(path string) error {
	for dir := filepath.Clean(path); dir != "/" && dir != "."; dir = filepath.Dir(dir) {
		info, err := os.Lstat(dir)
		if err == nil && info.Mode()&fs.ModeSymlink != 0 && ownerOf(info) != 0 {
			return fmt.Errorf("%q is a link that is not root's", dir)
		}
	}
	return nil
}

func wipe(root *os.Root) error {
	for _, name := range identityFiles {
		if err := root.RemoveAll(name); err != nil { // a job may have made a directory of it
			return fmt.Errorf("cannot remove the stale %q of an earlier registration: %w", name, err)
		}
	}
	return nil
}

// own gives one entry of the root to the job's user, where we may do so and it is somebody else's.
func (r *Runner) own(root *os.Root, name string) error {
	if r.User == nil {
		return nil
	}
	info, err := root.Lstat(name)
	if err != nil {
		return fmt.Errorf("cannot look at the runner's %q: %w", name, err)
	}
	if ownerOf(info) == r.User.UID {
		return nil
	}
	if err := RefuseLinks(root.Name()); err != nil {
		return fmt.Errorf("cannot give the runner's %q to user %q: %w", name, r.User.Name, err)
	}
	if err := root.Lchown(name, int(r.User.UID), int(r.User.GID)); err != nil {
		return fmt.Errorf("cannot give the runner's %q to user %q: %w", name, r.User.Name, err)
	}
	return nil
}
