package image_test

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/runner-init/runner-init/internal/need"
	simrunner "github.com/runner-init/runner-init/internal/sim/runner"
)

// podmanSettings are for machines where no limits may be raised and no systemd makes cgroups. The infra container of a pod
// takes the place of Kubernetes' pause.
const podmanSettings = `[containers]
default_ulimits = ["nofile=4096:4096", "nproc=4096:4096"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
infra_image = "localhost/pause:1"
`

// podman is an engine with a storage of its own, in which pods of Kubernetes' manifests can be played. It has mounts of its
// own too, in which root has user IDs to give away, for pods with users of their own.
type podman struct {
	t      *testing.T
	dir    string
	mounts string // the namespace
}

func newPodman(t *testing.T) podman {
	t.Helper()
	need.Root(t)
	need.Installed(t, "podman")
	dir, err := os.MkdirTemp("", "podman") // short: sockets are in there
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil { // root of a user namespace gets there too
		t.Fatal(err)
	}
	p := podman{t: t, dir: dir}
	p.mounts = p.unshare(p.write("subid", "containers:1000000:1000000\n"))
	t.Cleanup(func() {
		p.command("pod", "rm", "--force", "--all").Run()
		os.RemoveAll(dir)
	})
	p.write("containers.conf", podmanSettings)
	return p
}

// unshare returns a mount namespace that lasts as long as the test.
func (p podman) unshare(ids string) (path string) {
	p.t.Helper()
	const hold = `mount --bind "$0" /etc/subuid && mount --bind "$0" /etc/subgid && echo ready && exec cat`
	cmd := exec.Command("unshare", "--mount", "sh", "-c", hold, ids)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		p.t.Fatal(err)
	}
	said, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { stdin.Close(); cmd.Wait() })
	if line, err := bufio.NewReader(said).ReadString('\n'); line != "ready\n" {
		need.Missing(p.t, "user IDs cannot be given away here: "+fmt.Sprint(err))
	}
	return fmt.Sprintf("/proc/%d/ns/mnt", cmd.Process.Pid)
}

func (p podman) write(name, text string) (path string) {
	p.t.Helper()
	path = filepath.Join(p.dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		p.t.Fatal(err)
	}
	return path
}

func (p podman) command(args ...string) *exec.Cmd {
	c := exec.Command("nsenter", append([]string{"--mount=" + p.mounts, "podman", "--root", p.dir + "/root", "--runroot", p.dir + "/run", "--storage-driver", "vfs"}, args...)...)
	c.Env = append(os.Environ(), "CONTAINERS_CONF="+p.dir+"/containers.conf")
	return c
}

func (p podman) run(args ...string) string {
	p.t.Helper()
	out, err := p.command(args...).CombinedOutput()
	if err != nil {
		p.t.Fatalf("podman %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

// The images that pods are made of.
const (
	runnerImage = "localhost/runner:1" // the program and a runner, and what a copy takes
	engineImage = "localhost/docker:1" // what stands for Docker's programs
)

// images imports them, and a pause.
func (p podman) images() {
	p.t.Helper()
	tree := p.t.TempDir()
	copyFile(p.t, busybox(p.t), filepath.Join(tree, "bin/busybox"))
	copyFile(p.t, need.Program(p.t, "cmd/runner-init"), filepath.Join(tree, "usr/local/bin/runner-init"))
	for _, applet := range []string{"sh", "sleep", "cp", "touch", "id", "cat"} {
		if err := os.Symlink("busybox", filepath.Join(tree, "bin", applet)); err != nil {
			p.t.Fatal(err)
		}
	}
	home := filepath.Join(tree, "home/runner")
	if err := os.MkdirAll(home, 0o755); err != nil {
		p.t.Fatal(err)
	}
	if err := simrunner.Install(home, need.Program(p.t, "internal/sim/cmd/simrunner")); err != nil {
		p.t.Fatal(err)
	}
	if err := os.Chmod(home, 0o777); err != nil {
		p.t.Fatal(err)
	}
	for _, dir := range []string{"tmp", "home/runner/_work", "externals", "runner"} { // where pods have an emptyDir, as open as that is
		dir = filepath.Join(tree, dir)
		if err := errors.Join(os.MkdirAll(dir, 0o777), os.Chmod(dir, 0o777)); err != nil {
			p.t.Fatal(err)
		}
	}
	for _, err := range []error{os.Chown(home, 1001, 0), os.Chown(filepath.Join(home, "_diag"), 1001, 0), os.Chown(filepath.Join(home, "_work"), 1001, 0)} {
		if err != nil {
			p.t.Fatal(err)
		}
	}
	for _, name := range []string{"docker", "dockerd"} {
		copyFile(p.t, need.Program(p.t, "internal/image/testdata/engine"), filepath.Join(tree, "usr/local/bin", name))
	}
	tar := filepath.Join(p.dir, "image.tar")
	if out, err := exec.Command("tar", "-C", tree, "-cf", tar, ".").CombinedOutput(); err != nil {
		p.t.Fatalf("%v\n%s", err, out)
	}
	const path = "ENV PATH=/usr/local/bin:/bin"
	p.run("import", "--change", path, "--change", `ENTRYPOINT ["/usr/local/bin/runner-init"]`, "--change", "USER 1001:1001", tar, runnerImage)
	p.run("import", "--change", path, tar, engineImage)
	p.run("import", "--change", `CMD ["/bin/sleep","3600"]`, tar, "localhost/pause:1")
}
