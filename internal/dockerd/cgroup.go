package dockerd

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// leaf is the cgroup that takes the processes of the container.
const leaf = "runner-init"

// moves is how often the processes of a cgroup are moved: some may have forked meanwhile, or come from outside, as those of
// a health check and of docker exec.
const moves = 10

// Nest makes room for the cgroups of containers below a cgroup of version 2, which has either processes or controllers for
// its children (cgroups(7), "no internal processes"): the processes go into a leaf, and every controller is handed down.
// It leaves alone what is no such cgroup, what is the machine's own, and what has handed its controllers down already.
func Nest(cgroup string) error {
	controllers, err := os.ReadFile(filepath.Join(cgroup, "cgroup.controllers"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil // version 1
	}
	if _, rootless := os.Stat(filepath.Join(cgroup, "cgroup.type")); rootless != nil {
		return nil // every cgroup but the machine's root has one
	}
	down, err2 := os.ReadFile(filepath.Join(cgroup, "cgroup.subtree_control"))
	if err := errors.Join(err, err2); err != nil {
		return fmt.Errorf("cannot read the cgroup: %w", err)
	}
	var missing []string
	for c := range strings.FieldsSeq(string(controllers)) {
		if !slices.Contains(strings.Fields(string(down)), c) {
			missing = append(missing, "+"+c)
		}
	}
	if missing == nil {
		return nil
	}
	var failed error
	for range moves {
		if err := vacate(cgroup); err != nil {
			return fmt.Errorf("cannot move the container's processes into a cgroup of their own: %w", err)
		}
		if failed = handDown(cgroup, missing); !errors.Is(failed, syscall.EBUSY) { // somebody has come in between
			break
		}
	}
	return failed
}

// vacate moves the processes of a cgroup into the leaf.
func vacate(cgroup string) error {
	if err := os.Mkdir(filepath.Join(cgroup, leaf), 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	var last error
	for range moves {
		text, err := os.ReadFile(filepath.Join(cgroup, "cgroup.procs"))
		pids := strings.Fields(string(text))
		if err != nil || len(pids) == 0 {
			return err
		}
		for _, pid := range pids {
			last = enter(filepath.Join(cgroup, leaf), pid)
		}
	}
	return last
}

// enter moves one process.
func enter(cgroup, pid string) error {
	file, err := os.OpenFile(filepath.Join(cgroup, "cgroup.procs"), os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = file.WriteString(pid)
	return errors.Join(err, file.Close())
}

// handDown enables controllers for the children of a cgroup, one by one: what the kernel cannot hand down is no reason to
// do without the others.
func handDown(cgroup string, controllers []string) error {
	var failed []error
	for _, c := range controllers {
		if err := os.WriteFile(filepath.Join(cgroup, "cgroup.subtree_control"), []byte(c), 0o644); err != nil {
			failed = append(failed, fmt.Errorf("cannot hand down the controller %s: %w", c[1:], err))
		}
	}
	return errors.Join(failed...)
}
