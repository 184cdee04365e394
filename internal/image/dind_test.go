package image_test

import (
	"archive/tar"
	"bufio"
	"net"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/runner-init/runner-init/internal/need"
	"github.com/runner-init/runner-init/internal/sim/github"
)

// engine are the programs of a Docker engine. The image has them from Docker's own; here they are this machine's.
var engine = []string{"dockerd", "containerd", "containerd-shim-runc-v2", "runc"}

// inside are the options of a container that may have a daemon of its own, in a network of its own: a second daemon in the
// machine's would take its bridge from the first.
func inside(t *testing.T) []string {
	t.Helper()
	options := []string{
		"--env=RUNNER_DOCKER=dind", "--env=RUNNER_DOCKER_ARGS=--iptables=false --bridge=none",
		"--cap-add=SYS_ADMIN", "--cap-add=NET_ADMIN", "--security-opt=seccomp=unconfined", "--security-opt=systempaths=unconfined",
		"--volume=/sys/fs/cgroup:/sys/fs/cgroup:rw",
	}
	for _, dir := range []string{"/lib", "/lib64"} {
		if _, err := os.Stat(dir); err == nil {
			options = append(options, "--volume="+dir+":"+dir+":ro")
		}
	}
	for _, program := range engine {
		path := need.Installed(t, program)
		options = append(options, "--volume="+path+":/usr/local/bin/"+program+":ro")
	}
	return append(options, "--volume="+need.Installed(t, builder())+":/usr/local/bin/docker:ro")
}

// serveBridge is serve where containers of the engine's default network reach it.
func serveBridge(t *testing.T) *server {
	t.Helper()
	name := docker(t, "network", "inspect", "bridge", "--format", `{{index .Options "com.docker.network.bridge.name"}}`)
	bridge, err := net.InterfaceByName(name)
	if err != nil {
		need.Missing(t, "the engine has no bridge: "+err.Error())
	}
	addresses, err := bridge.Addrs()
	if err != nil || len(addresses) == 0 {
		t.Fatalf("the engine's bridge has the addresses %v (%v)", addresses, err)
	}
	l, err := net.Listen("tcp", net.JoinHostPort(addresses[0].(*net.IPNet).IP.String(), "0"))
	if err != nil {
		t.Fatal(err)
	}
	gh := github.New(github.Options{})
	gh.AddPAT(pat, github.Classic("repo"))
	s := httptest.NewUnstartedServer(gh)
	s.Listener.Close()
	s.Listener = l
	s.Start()
	t.Cleanup(func() {
		s.CloseClientConnections()
		s.Close()
	})
	return &server{gh, s.URL}
}

// packProgram writes an image of nothing but one program.
func packProgram(t *testing.T, path, program string) {
	t.Helper()
	text, err := os.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w := tar.NewWriter(file)
	_ = w.WriteHeader(&tar.Header{Name: "busybox", Size: int64(len(text)), Mode: 0o755}) // an error stays and Close returns it
	_, _ = w.Write(text)
	for _, err := range []error{w.Close(), file.Close()} {
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestDaemonInside(t *testing.T) {
	need.Docker(t)
	image := build(t).docker
	t.Run("drain", func(t *testing.T) { t.Parallel(); testDaemonDrains(t, image) })
	t.Run("killed", func(t *testing.T) { t.Parallel(); testDaemonKilled(t, image) })
}

// startInside starts a container with a daemon of its own.
func startInside(t *testing.T, gh *server, image string, options ...string) *container {
	t.Helper()
	args := []string{"run", "--detach", "--env=GITHUB_SERVER_URL=" + gh.url, "--env=GITHUB_API_URL=" + gh.url, "--env=GITHUB_TOKEN",
		"--env=RUNNER_REPO=acme/widgets", "--env=RUNNER_STOP_TIMEOUT=60s"}
	return watch(t, docker(t, slices.Concat(args, inside(t), options, []string{image})...))
}

// testDaemonKilled kills the daemon, under which it is started again, and the container, which is started again: what was
// left behind keeps nobody from coming up, and jobs have a daemon.
func testDaemonKilled(t *testing.T, image string) {
	gh := serveBridge(t)
	c := startInside(t, gh, image, "--env=RUNNER_DOCKER_MIRRORS=https://mirror.example.com,http://127.0.0.1:5000", "--env=RUNNER_DOCKER_ADDRESS_POOLS=10.200.0.0/16:24")
	if _, err := gh.WaitRunner(c.ctx, "", github.Online); err != nil {
		t.Fatal(err)
	}
	const look = `tr '\0' ' ' <"/proc/$(cat /var/run/docker.pid)/cmdline"; echo; cat /sys/class/net/eth0/mtu`
	arguments, mtu, _ := strings.Cut(docker(t, "exec", c.id, "sh", "-c", look), "\n")
	if !strings.Contains(arguments, " --mtu="+mtu+" ") {
		t.Errorf("dockerd runs with %q, and the network has an MTU of %s", arguments, mtu)
	}
	docker(t, "exec", c.id, "sh", "-c", "kill -KILL $(cat /var/run/docker.pid)")
	c.expectLog("docker is back")
	docker(t, "kill", c.id)
	c.checkExit(137)
	docker(t, "start", c.id)
	job := gh.Queue(github.Job{Name: "build", Scope: scope, Labels: []string{"self-hosted"}, Run: `set -e
docker info --format '{{.RegistryConfig.Mirrors}}'
docker network create --driver=bridge own
docker network inspect own --format '{{(index .IPAM.Config 0).Subnet}}'`})
	if got, log := job.Wait(c.ctx), job.Log(); got != github.Succeeded || !strings.Contains(log, "https://mirror.example.com/ http://127.0.0.1:5000/") || !strings.Contains(log, "10.200.0.0/24\n") {
		t.Errorf("job %q printed:\n%s", got, log)
	}
	c.checkExit(0)
}

// expectLog waits until the container has printed this.
func (c *container) expectLog(want string) {
	c.t.Helper()
	cmd := exec.CommandContext(c.ctx, "docker", "logs", "--follow", c.id)
	out, err := cmd.StderrPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		c.t.Fatal(err)
	}
	defer cmd.Wait() //nolint:errcheck // it was killed
	defer cmd.Process.Kill()
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if strings.Contains(lines.Text(), want) {
			return
		}
	}
	c.t.Fatalf("the container did not print %q", want)
}

// testDaemonDrains has the real daemon run the container of a job's step, with a user who is not root, while the runner is
// stopped; the daemon lives until the job is done, and is stopped then.
func testDaemonDrains(t *testing.T, image string) {
	gh, gate := serveBridge(t), newGate(t)
	packProgram(t, filepath.Join(gate.dir, "image.tar"), busybox(t))
	job := gh.Queue(github.Job{Name: "build", Scope: scope, Labels: []string{"self-hosted"}, Run: `set -e
id -u
docker import /gate/image.tar tiny
docker run --rm --network=none tiny /busybox echo before
` + gate.command() + `
docker run --rm --network=none tiny /busybox echo from within
docker run --detach --network=none tiny /busybox sleep 1000`})
	c := startInside(t, gh, image, gate.options()...)
	if err := job.Printed(c.ctx, "before"); err != nil {
		t.Fatalf("%v; the job printed:\n%s", err, job.Log())
	}
	go func() {
		refused := func(e github.Entry) bool { return e.Method == "DELETE" && e.Status == 422 }
		if _, err := gh.WaitFor(c.ctx, refused); err == nil {
			gate.open()
		}
	}()
	c.stop(60 * time.Second)
	if got := job.Wait(c.ctx); got != github.Succeeded || !strings.Contains(job.Log(), "from within\n") || !strings.HasPrefix(job.Log(), "1001\n") {
		t.Errorf("job %q printed:\n%s", got, job.Log())
	}
	c.checkExit(0)
	gh.checkNoRunner(t)
	log, err := exec.Command("docker", "logs", c.id).CombinedOutput()
	if err != nil {
		t.Fatal(err)
	}
	rest := string(log)
	for _, text := range []string{"dockerd: ", `"docker answers"`, `"registering"`, `"stop requested"`, `"job ended"`, `"phase":"exited"`, "Processing signal 'terminated'", `"exited"`} {
		_, after, found := strings.Cut(rest, text)
		if !found {
			t.Errorf("no %q at its place in the log", text)
			break
		}
		rest = after
	}
	for _, text := range []string{"docker was killed", "processes that a job left behind"} {
		if strings.Contains(string(log), text) {
			t.Errorf("the log says: %s", text)
		}
	}
}
