package image_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/runner-init/runner-init/internal/need"
	"github.com/runner-init/runner-init/internal/sim/github"
)

// project is a directory with the files for compose, as a user has it after the edits.
type project struct {
	t    *testing.T
	dir  string
	args []string
}

// compose lays a file of the test's own, with its images and the machine's network, over the files.
func compose(t *testing.T, dir, here string, files ...string) project {
	t.Helper()
	p := project{t, dir, []string{"--project-name=" + filepath.Base(t.Name()) + "-" + strings.ReplaceAll(unique("runner-init-test"), ":", "-")}}
	if err := os.WriteFile(filepath.Join(dir, "here.yaml"), []byte("services:\n"+here), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, file := range append(files, "here.yaml") {
		p.args = append(p.args, "-f", file)
	}
	t.Cleanup(func() { p.run("down", "--volumes") })
	return p
}

func (p project) try(args ...string) (string, error) {
	cmd := exec.Command(need.Installed(p.t, "docker-compose"), slices.Concat(p.args, args)...)
	cmd.Dir = p.dir
	out, err := cmd.CombinedOutput()
	return strings.TrimSpace(string(out)), err
}

func (p project) run(args ...string) string {
	p.t.Helper()
	out, err := p.try(args...)
	if err != nil {
		p.t.Fatalf("docker-compose %q: %v\n%s", args, err, out)
	}
	return out
}

// testCompose starts runners with compose, from the files as they are but for the images. There is no sysbox here: its file
// has to be refused for want of that alone.
func testCompose(t *testing.T, made images) {
	t.Run("plain", func(t *testing.T) {
		t.Parallel()
		dir, gh := deployed(t)
		p := compose(t, dir, "  runner:\n    image: "+made.minimal+"\n    network_mode: host\n", "compose.yaml")
		p.run("up", "--detach")
		checkDeployed(t, gh, watch(t, p.run("ps", "--quiet", "runner")), func() { p.run("stop") })
	})
	t.Run("socket", func(t *testing.T) { t.Parallel(); testComposeSocket(t, made) })
	t.Run("sysbox", func(t *testing.T) {
		t.Parallel()
		dir, _ := deployed(t)
		p := compose(t, dir, "  runner:\n    image: "+made.docker+"\n", "compose.yaml", "compose.sysbox.yaml")
		if out, err := p.try("up", "--detach"); err == nil || !strings.Contains(out, "sysbox-runc") {
			t.Errorf("%v %s", err, out)
		}
	})
}

// testComposeSocket has the machine's directories elsewhere, under the same names in the container. What the engine would
// mount into the container of a job is there before the first job.
func testComposeSocket(t *testing.T, made images) {
	dir, gh := deployed(t)
	work, externals := t.TempDir(), filepath.Join(t.TempDir(), "externals")
	file := strings.NewReplacer("- /var/lib/github-runner/work:", "- "+work+":", "- /home/runner/externals:", "- "+externals+":").Replace(readDeploy(t, "compose.socket.yaml"))
	if !strings.Contains(file, "      externals:\n        condition: service_completed_successfully\n") {
		t.Error("compose.socket.yaml: the runner may start before its Node.js is there")
	}
	if strings.Count(file, work) != 1 || strings.Count(file, externals) != 2 {
		t.Fatalf("compose.socket.yaml mounts other directories:\n%s", file)
	}
	if err := os.WriteFile(filepath.Join(dir, "compose.socket.yaml"), []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	here := "  externals:\n    image: " + made.docker + "\n  runner:\n    image: " + made.docker + "\n    network_mode: host\n"
	p := compose(t, dir, here, "compose.yaml", "compose.socket.yaml")
	job := gh.Queue(github.Job{Name: "build", Scope: scope, Labels: []string{"docker"}, Run: `pwd; docker version; test -x /home/runner/` + nodeOfRunner})
	p.run("up", "--detach")
	c := watch(t, p.run("ps", "--quiet", "runner"))
	if got := job.Wait(c.ctx); got != github.Succeeded || !strings.Contains(job.Log(), "the daemon answers 200") || !strings.Contains(job.Log(), "/var/lib/github-runner/work/") {
		t.Errorf("job %q, want %q; it printed:\n%s", got, github.Succeeded, job.Log())
	}
	if _, err := os.Stat(filepath.Join(filepath.Dir(externals), nodeOfRunner)); err != nil {
		t.Errorf("the machine has no Node.js of the runner's: %v", err)
	}
	checkDeployed(t, gh, c, func() { p.run("stop") })
}
