// Package image_test builds the container image from the Dockerfile and tries it with a real Docker engine: the program
// as it is shipped, a simulated runner in the place of the official one, a simulated GitHub on loopback. It does not pull
// anything and does not reach any network; the base image is a static busybox.
package image_test

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/runner-init/runner-init/internal/need"
	"github.com/runner-init/runner-init/internal/sim/github"
)

func TestMain(m *testing.M) {
	code := m.Run()
	need.RemovePrograms()
	os.Exit(code)
}

// A placement is a way in which people start containers, and whom the job is to see itself as.
type placement struct {
	options []string
	user    string
}

const runner1001 = "uid=1001 home=/home/runner"

// Under --init, as with --pid=host, runner-init is not PID 1. Docker's own init then keeps the environment of the container,
// the token included, for every process of its user to read, which nobody but root should be: hence --user=0.
var placements = map[string]placement{
	"pid 1":     {nil, runner1001},
	"init":      {[]string{"--init", "--user=0"}, runner1001},
	"root":      {[]string{"--user=0"}, runner1001},
	"anybody":   {[]string{"--user=4242:0"}, "uid=4242 home=/home/runner"},
	"read-only": {[]string{"--read-only", "--tmpfs=/tmp", "--volume=/home/runner"}, runner1001},
	"poor":      {[]string{"--pids-limit=80", "--memory=64m", "--cap-drop=ALL", "--security-opt=no-new-privileges"}, runner1001},
}

func TestImage(t *testing.T) {
	t.Parallel()
	need.Docker(t)
	made := build(t)
	t.Run("minimal", func(t *testing.T) { testTarget(t, made.minimal, "1001:1001", "null") })
	t.Run("docker", func(t *testing.T) { testTarget(t, made.docker, "0:0", `{"/var/lib/docker":{}}`) })
	// By itself where a job sees all others: a container that is just starting has not erased its environment yet, and the
	// jobs of all belong to the same user.
	t.Run("host pid", func(t *testing.T) { testPlacement(t, made.minimal, placement{[]string{"--pid=host"}, runner1001}) })
	for name, p := range placements {
		t.Run(name, func(t *testing.T) { t.Parallel(); testPlacement(t, made.minimal, p) })
	}
	t.Run("docker run", func(t *testing.T) { t.Parallel(); testRunLines(t, made) })
	t.Run("doctor", func(t *testing.T) { t.Parallel(); testDoctorLine(t, made) })
	t.Run("compose", func(t *testing.T) { t.Parallel(); testCompose(t, made) })
	t.Run("socket", func(t *testing.T) { t.Parallel(); testSocket(t, made) })
	t.Run("pod", func(t *testing.T) { t.Parallel(); testPods(t, made.minimal) })
	for name, test := range map[string]func(*testing.T, string){
		"health": testHealth, "restart": testRestart, "kill and start": testKillAndStart, "fork bomb": testForkBomb, "refused for ever": testRefusedForEver, "out of memory": testOOM,
	} {
		t.Run(name, func(t *testing.T) { t.Parallel(); test(t, made.minimal) })
	}
}

func testPlacement(t *testing.T, image string, p placement) {
	t.Run("job", func(t *testing.T) { testJob(t, image, p) })
	t.Run("stop while idle", func(t *testing.T) { testStopIdle(t, image, p) })
	t.Run("stop while busy", func(t *testing.T) { testStopBusy(t, image, p) })
}

// testTarget looks at what the image says of itself, and at what is in it that should not be.
func testTarget(t *testing.T, image, user, volumes string) {
	const says = `{{index .Config.Labels "io.github.runner-init.runner-version"}} {{index .Config.Labels "org.opencontainers.image.licenses"}} ` +
		`{{.Config.User}} {{.Config.Entrypoint}} {{.Config.Cmd}} {{.Config.StopSignal}} {{.Config.Healthcheck.Test}} {{json .Config.Volumes}}`
	got := docker(t, "inspect", "--format", says, image)
	const program = "/usr/local/bin/runner-init"
	if want := runnerVersion + " Apache-2.0 " + user + " [" + program + "] [] SIGTERM [CMD " + program + " healthcheck] " + volumes; got != want {
		t.Errorf("image says %q, want %q", got, want)
	}
	// A file with the bits of set-user-ID or set-group-ID would make a job somebody else. The base image has such files.
	const look = "{ find / -xdev -type f -perm /6000; tini --version; dumb-init --version; docker-credential-ecr-login version; grep 1001 /etc/passwd /etc/group; cat /etc/shadow; } 2>&1"
	got = bounded(t, "run", "--rm", "--network=none", "--user=0", "--entrypoint=/bin/sh", image, "-c", look)
	if want := "tini version 0.19.0"; !strings.HasPrefix(got, want) || !strings.Contains(got, "\ndumb-init v") || !strings.Contains(got, "\ndocker-credential-ecr-login (runner-init)") {
		t.Errorf("the image holds %q, want nothing before %q, then dumb-init and the credential helper", got, want)
	}
	const account = "/etc/passwd:runner:x:1001:1001:GitHub Actions runner:/home/runner:/bin/sh\n/etc/group:runner:x:1001:\nroot:*:::::::\nrunner:*:::::::"
	if !strings.HasSuffix(got, account) {
		t.Errorf("the image holds %q, want at its end %q", got, account)
	}
}

// snoop is a job that shows who it is and everything it may read of any process's environment and arguments.
const snoop = `echo "uid=$(id -u) home=$HOME"; env; cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline 2>/dev/null | tr '\0' '\n'; echo snooped`

func testJob(t *testing.T, image string, p placement) {
	gh := serve(t)
	job := gh.Queue(github.Job{Name: "build", Scope: scope, Labels: []string{"self-hosted"}, Run: snoop})
	c := start(t, gh, image, p.options...)
	if got := job.Wait(c.ctx); got != github.Succeeded {
		t.Errorf("job %q, want %q", got, github.Succeeded)
	}
	c.checkExit(0)
	gh.checkNoRunner(t)

	checkSnoop(t, job.Log(), p.user, gh.Secrets())
}

func checkSnoop(t *testing.T, log, user string, secrets []string) {
	t.Helper()
	for _, want := range []string{user + "\n", "LANG=C.UTF-8\n", "Runner.Listener\n", "snooped\n"} {
		if !strings.Contains(log, want) {
			t.Errorf("the job did not print %q, but:\n%s", want, log)
		}
	}
	for line := range strings.Lines(log) {
		if slices.ContainsFunc(secrets, func(s string) bool { return strings.Contains(line, s) }) {
			t.Errorf("the job found a secret in an environment or an argument list: %s", line)
		}
	}
}

func testStopIdle(t *testing.T, image string, p placement) {
	gh := serve(t)
	c := start(t, gh, image, p.options...)
	if _, err := gh.WaitRunner(c.ctx, "", github.Online); err != nil {
		t.Fatal(err)
	}
	// docker's own default, which is also what runner-init assumes when nobody tells it.
	c.stop(10 * time.Second)
	c.checkExit(0)
	gh.checkNoRunner(t)
}

// testStopBusy lets the job end only when the stop has been refused by GitHub, because a job is running.
func testStopBusy(t *testing.T, image string, p placement) {
	const grace = 20 * time.Second
	gh, gate := serve(t), newGate(t)
	job := gh.Queue(github.Job{Name: "build", Scope: scope, Labels: []string{"self-hosted"}, Run: gate.command()})
	c := start(t, gh, image, slices.Concat(gate.options(), []string{"--env=RUNNER_STOP_TIMEOUT=20s"}, p.options)...)
	if err := job.Reached(c.ctx, github.Running); err != nil {
		t.Fatal(err)
	}
	go func() {
		refused := func(e github.Entry) bool { return e.Method == "DELETE" && e.Status == 422 }
		if _, err := gh.WaitFor(c.ctx, refused); err == nil {
			gate.open()
		}
	}()
	c.stop(grace)
	if got := job.Wait(c.ctx); got != github.Succeeded {
		t.Errorf("job %q, want %q", got, github.Succeeded)
	}
	c.checkExit(0)
	gh.checkNoRunner(t)
}
