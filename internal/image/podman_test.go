package image_test

import (
	"context"
	"encoding/base64"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/runner-init/runner-init/internal/need"
	"github.com/runner-init/runner-init/internal/sim/github"
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

// podman is an engine with a storage of its own, in which pods of Kubernetes' manifests can be played.
type podman struct {
	t   *testing.T
	dir string
}

func newPodman(t *testing.T) podman {
	t.Helper()
	need.Root(t)
	need.Installed(t, "podman")
	dir, err := os.MkdirTemp("", "podman") // short: sockets are in there
	if err != nil {
		t.Fatal(err)
	}
	p := podman{t, dir}
	t.Cleanup(func() {
		p.command("pod", "rm", "--force", "--all").Run()
		os.RemoveAll(dir)
	})
	p.write("containers.conf", podmanSettings)
	return p
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
	c := exec.Command("podman", append([]string{"--root", p.dir + "/root", "--runroot", p.dir + "/run", "--storage-driver", "vfs"}, args...)...)
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

// images imports the two that a pod is made of: one with the program and a runner, and a pause.
func (p podman) images() {
	p.t.Helper()
	tree := p.t.TempDir()
	copyFile(p.t, busybox(p.t), filepath.Join(tree, "bin/busybox"))
	copyFile(p.t, need.Program(p.t, "cmd/runner-init"), filepath.Join(tree, "usr/local/bin/runner-init"))
	for _, applet := range []string{"sh", "sleep"} {
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
	tar := filepath.Join(p.dir, "image.tar")
	if out, err := exec.Command("tar", "-C", tree, "-cf", tar, ".").CombinedOutput(); err != nil {
		p.t.Fatalf("%v\n%s", err, out)
	}
	p.run("import", "--change", `ENTRYPOINT ["/usr/local/bin/runner-init"]`, "--change", "USER 1001:1001", tar, "localhost/runner:1")
	p.run("import", "--change", `CMD ["/bin/sleep","3600"]`, tar, "localhost/pause:1")
}

// TestKubePlay plays deployment.yaml as a reader has filled it in, and stops its pod as a kubelet does: while it is idle. It
// is as near to a kubelet as podman comes: it does not know a pod's namespace, and a Secret is JSON.
func TestKubePlay(t *testing.T) {
	t.Parallel()
	p, gh := newPodman(t), serve(t)
	p.images()
	manifest, err := os.ReadFile("../../deploy/kubernetes/deployment.yaml")
	if err != nil {
		t.Fatal(err)
	}
	filled := strings.NewReplacer("CHANGE-ME-IMAGE", "localhost/runner:1", "CHANGE-ME-OWNER", "acme", "CHANGE-ME-REPO", "widgets", "replicas: 2", "replicas: 1",
		"              valueFrom:\n                fieldRef:\n                  fieldPath: metadata.namespace\n", "              value: github-runners\n",
		"          env:\n", "          env:\n            - name: GITHUB_SERVER_URL\n              value: "+gh.url+"\n            - name: GITHUB_API_URL\n              value: "+gh.url+"\n",
	).Replace(string(manifest))
	p.run("secret", "create", "github-runner", p.write("secret.json", `{"GITHUB_TOKEN":"`+base64.StdEncoding.EncodeToString([]byte(pat))+`"}`))
	p.run("kube", "play", "--network=host", p.write("deployment.yaml", filled))
	const pod, runner = "github-runner-pod-0", "github-runner-pod-0-runner"
	defer func() {
		if t.Failed() {
			out, _ := p.command("logs", runner).CombinedOutput()
			t.Logf("the runner printed:\n%s", out)
		}
	}()
	ctx, cancel := context.WithTimeout(t.Context(), 45*time.Second)
	defer cancel()
	if _, err := gh.WaitRunner(ctx, "", github.Online); err != nil {
		t.Fatal(err)
	}
	if got := p.run("exec", runner, "/usr/local/bin/runner-init", "healthcheck", "--ready"); !strings.HasPrefix(got, "ready") {
		t.Errorf("the readiness probe prints %q", got)
	}
	p.run("stop", "--time=30", runner)
	if code := p.run("inspect", "--format={{.State.ExitCode}}", runner); code != "0" {
		t.Errorf("exit code %s", code)
	}
	gh.checkNoRunner(t)
	p.run("pod", "rm", "--force", pod)
}
