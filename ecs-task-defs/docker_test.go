package taskdefs_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/runner-init/runner-init/internal/need"
	"github.com/runner-init/runner-init/internal/sim/github"
	simrunner "github.com/runner-init/runner-init/internal/sim/runner"
)

// TestSocketInDocker is the task with the daemon's socket, on an engine as ECS's agent would have it: the externals get
// to the host, the job runs as nobody in particular, at a path that is the host's, and reaches the daemon.
func TestSocketInDocker(t *testing.T) {
	need.Root(t)
	need.Docker(t)
	all := definitions(t)
	d := all[slices.IndexFunc(all, func(d definition) bool { return d.name == "ec2-docker-sock" })]
	i := instance{t: t, dir: reachable(t, t.TempDir()), image: importImage(t)}
	hub, url := newGitHub(t)
	for _, c := range d.ContainerDefinitions {
		if len(c.EntryPoint) > 0 { // the runner depends on it
			if out, err := i.container(d, c, nil).CombinedOutput(); err != nil {
				t.Fatalf("%s: %v: %s", aws.ToString(c.Name), err, out)
			}
			continue
		}
		environ := environment(c)
		work := filepath.Join(i.dir, environ["RUNNER_WORKDIR"])
		environ["RUNNER_WORKDIR"], environ["GITHUB_SERVER_URL"], environ["GITHUB_API_URL"] = work, url, url
		p := &task{command: i.container(d, c, environ), lines: make(chan string, 1000)}
		p.begin(t)
		p.said(t, "Listening for Jobs")
		check := append([]string{"exec", i.name(c)}, c.HealthCheck.Command[1:]...)
		if out, err := exec.CommandContext(t.Context(), "docker", check...).CombinedOutput(); err != nil {
			t.Errorf("%v: %v: %s", check, err, out)
		}
		job := hub.Queue(github.Job{Name: "build", Scope: "repos/" + environ["RUNNER_REPO"], Labels: strings.Split(environ["RUNNER_LABELS"], ","),
			Run: "id -u; ls /home/runner/externals; echo made > " + work + "/by-the-job; docker"})
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		if got, log := job.Wait(ctx), job.Log(); got != github.Succeeded || !strings.Contains(log, "1001\nnode\n") || !strings.Contains(log, "the daemon answers 200 OK") {
			t.Errorf("the job ended as %q; it printed:\n%s", got, log)
		}
		p.expectEnd(t)
		if made, err := os.ReadFile(filepath.Join(work, "by-the-job")); err != nil || string(made) != "made\n" {
			t.Errorf("on the instance the daemon finds %q, %v, where the job has its work", made, err)
		}
	}
	if left := hub.Runners(); len(left) > 0 {
		t.Errorf("registrations left: %+v", left)
	}
}

// instance is where a task's containers run. Its paths are below a directory of the test's, but the daemon's socket.
type instance struct {
	t          *testing.T
	dir, image string
}

func (i instance) name(c types.ContainerDefinition) string {
	return fmt.Sprintf("runner-init-test-task-%d-%s", os.Getpid(), aws.ToString(c.Name))
}

// container is the command that runs a container as its definition says. It has the host's network, where the simulated
// GitHub is.
func (i instance) container(d definition, c types.ContainerDefinition, environ map[string]string) *exec.Cmd {
	i.t.Helper()
	args := []string{"run", "--name=" + i.name(c), "--network=host", "--user=" + aws.ToString(c.User)}
	if c.StopTimeout != nil {
		args = append(args, fmt.Sprint("--stop-timeout=", *c.StopTimeout))
	}
	for name, value := range environ {
		args = append(args, "--env="+name+"="+value)
	}
	for _, m := range c.MountPoints {
		v := d.Volumes[slices.IndexFunc(d.Volumes, func(v types.Volume) bool { return aws.ToString(v.Name) == aws.ToString(m.SourceVolume) })]
		from, to := aws.ToString(v.Host.SourcePath), aws.ToString(m.ContainerPath)
		if !strings.HasSuffix(from, ".sock") {
			from = filepath.Join(i.dir, from)
			if from == environ["RUNNER_WORKDIR"] {
				to = from
			}
		}
		if aws.ToBool(m.ReadOnly) {
			to += ":ro"
		}
		args = append(args, "--volume="+from+":"+to)
	}
	if len(c.EntryPoint) > 0 {
		args = append(args, "--entrypoint="+c.EntryPoint[0])
	}
	i.t.Cleanup(func() {
		if out, err := exec.Command("docker", "rm", "--force", "--volumes", i.name(c)).CombinedOutput(); err != nil {
			i.t.Errorf("cannot remove the container: %v: %s", err, out)
		}
	})
	ctx, cancel := context.WithTimeout(i.t.Context(), 2*patience)
	i.t.Cleanup(cancel)
	return exec.CommandContext(ctx, "docker", append(append(args, i.image), c.Command...)...)
}

// importImage makes an image that is laid out as the Dockerfile's is: busybox for a system, the simulated runner, and
// in the place of Docker's client one that greets the daemon.
func importImage(t *testing.T) string {
	t.Helper()
	root := reachable(t, t.TempDir())
	home := filepath.Join(root, "home/runner")
	for _, dir := range []string{"bin", "etc", "tmp", "usr/local/bin", "home/runner"} {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := simrunner.Install(home, need.Program(t, "internal/sim/cmd/simrunner")); err != nil {
		t.Fatal(err)
	}
	for path, text := range map[string]string{
		"etc/passwd": "root:x:0:0::/:/bin/sh\nrunner:x:1001:1001::/home/runner:/bin/sh\n", "etc/group": "runner:x:1001:\n", "home/runner/externals/node": "",
	} {
		if err := os.WriteFile(filepath.Join(root, path), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for path, program := range map[string]string{
		"bin/busybox": need.Installed(t, "busybox"), program: need.Program(t, "cmd/runner-init"), "usr/local/bin/docker": need.Program(t, "internal/image/testdata/engine"),
	} {
		if out, err := exec.Command("cp", program, filepath.Join(root, path)).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	for _, applet := range []string{"sh", "cp", "id", "ls"} {
		if err := os.Symlink("busybox", filepath.Join(root, "bin", applet)); err != nil {
			t.Fatal(err)
		}
	}
	image := fmt.Sprintf("runner-init-test-task-%d", os.Getpid())
	script := `chown -R 1001:1001 "$1" && tar -C "$2" -c . | docker import --change 'ENV PATH=/usr/local/bin:/bin' --change 'WORKDIR /home/runner' --change 'ENTRYPOINT ["` + program + `"]' - "$3"`
	if out, err := exec.CommandContext(t.Context(), "bash", "-o", "pipefail", "-euc", script, "import", home, root, image).CombinedOutput(); err != nil {
		t.Fatalf("cannot make the image: %v: %s", err, out)
	}
	t.Cleanup(func() {
		if out, err := exec.Command("docker", "rmi", "--force", image).CombinedOutput(); err != nil {
			t.Errorf("cannot remove the image: %v: %s", err, out)
		}
	})
	return image
}
