package dockerd_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/runner-init/runner-init/internal/dockerd"
	"github.com/runner-init/runner-init/internal/need"
)

// cgroup makes the files of one.
func cgroup(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// What is not to be touched is not: the machine's own cgroup above all, whose processes are everybody's.
func TestNestLeavesAlone(t *testing.T) {
	for name, files := range map[string]map[string]string{
		"version 1":     {"cgroup.procs": "1\n"},
		"the machine's": {"cgroup.controllers": "cpu memory\n", "cgroup.subtree_control": "\n", "cgroup.procs": "1\n"},
		"done":          {"cgroup.type": "domain\n", "cgroup.controllers": "cpu memory\n", "cgroup.subtree_control": "memory cpu\n", "cgroup.procs": ""},
	} {
		dir := cgroup(t, files)
		if err := dockerd.Nest(dir); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := os.Stat(filepath.Join(dir, "runner-init")); err == nil {
			t.Errorf("%s: a leaf was made", name)
		}
	}
}

func TestNestComplains(t *testing.T) {
	dir := cgroup(t, map[string]string{
		"cgroup.type": "domain\n", "cgroup.controllers": "cpu\n", "cgroup.subtree_control": "", "cgroup.procs": "12\n34\n",
	})
	if err := dockerd.Nest(dir); err == nil || !strings.Contains(err.Error(), "cannot move") {
		t.Errorf("got %v", err) // these are plain files: the leaf has no cgroup.procs
	}
}

// The files stand for a kernel's, which takes a process out of one when it is written to another.
func TestNest(t *testing.T) {
	dir := cgroup(t, map[string]string{
		"cgroup.type": "domain\n", "cgroup.controllers": "cpu memory pids\n", "cgroup.subtree_control": "cpu\n", "cgroup.procs": "12\n",
	})
	leaf := filepath.Join(dir, "runner-init")
	if err := os.Mkdir(leaf, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(leaf, "cgroup.procs"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := dockerd.Nest(dir); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{filepath.Join(leaf, "cgroup.procs"): "12", filepath.Join(dir, "cgroup.subtree_control"): "+pids"} {
		if got, err := os.ReadFile(path); err != nil || string(got) != want {
			t.Errorf("%s holds %q, want %q (%v)", path, got, want, err)
		}
	}
}

// A kernel's own cgroup, with a process in it: what is made below it has the controllers that it has itself.
func TestNestForReal(t *testing.T) {
	group := realCgroup(t)
	cmd := exec.Command("sleep", "1000")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	defer cmd.Process.Kill()
	pid := strconv.Itoa(cmd.Process.Pid)
	write(t, filepath.Join(group, "cgroup.procs"), pid)
	for range 2 { // the second one has nothing to do
		if err := dockerd.Nest(group); err != nil {
			t.Fatal(err)
		}
	}
	if got := read(t, filepath.Join(group, "runner-init/cgroup.procs")); got != pid {
		t.Errorf("in the leaf is %q, want %q", got, pid)
	}
	container := filepath.Join(group, "container")
	if err := os.Mkdir(container, 0o755); err != nil {
		t.Fatal(err)
	}
	if got, want := read(t, filepath.Join(container, "cgroup.controllers")), read(t, filepath.Join(group, "cgroup.controllers")); got != want || got == "" {
		t.Errorf("a container has the controllers %q, want %q", got, want)
	}
}

// realCgroup makes a cgroup of version 2 that has controllers, as an engine makes one for a container.
func realCgroup(t *testing.T) string {
	t.Helper()
	need.Root(t)
	top, err := os.MkdirTemp("", "cgroup") // not t.TempDir, which would clear it if it could not be unmounted
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Remove(top) })
	if err := syscall.Mount("none", top, "cgroup2", 0, ""); err != nil {
		need.Missing(t, "no cgroups of version 2 can be mounted: "+err.Error())
	}
	t.Cleanup(func() { syscall.Unmount(top, syscall.MNT_DETACH) })
	group, control, enabled := filepath.Join(top, "runner-init-test-"+strconv.Itoa(os.Getpid())), filepath.Join(top, "cgroup.subtree_control"), ""
	if err := os.Mkdir(group, 0o755); err != nil {
		need.Missing(t, "no cgroup can be made: "+err.Error())
	}
	t.Cleanup(func() {
		for _, dir := range []string{"container", "runner-init", ""} {
			os.Remove(filepath.Join(group, dir))
		}
		if enabled != "" {
			write(t, control, "-"+enabled)
		}
	})
	if read(t, filepath.Join(group, "cgroup.controllers")) == "" {
		if enabled, _, _ = strings.Cut(read(t, filepath.Join(top, "cgroup.controllers")), " "); enabled == "" {
			need.Missing(t, "version 2 has no controllers here")
		}
		write(t, control, "+"+enabled)
	}
	return group
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(text))
}
