package image_test

import (
	"context"
	"encoding/base64"
	"net"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/runner-init/runner-init/internal/sim/github"
)

// A play is a manifest of deploy/kubernetes as a pod of podman's. That is as near to a kubelet as podman comes: it does not
// know a pod's namespace nor sidecars nor Jobs, whose pods it plays all the same, and a Secret is JSON.
type play struct {
	podman
	gh     *server
	ctx    context.Context
	runner string // the container
}

// TestKubePlay plays every manifest, as a reader has filled it in.
func TestKubePlay(t *testing.T) {
	t.Parallel()
	p := newPodman(t)
	p.images()
	p.run("secret", "create", "github-runner", p.write("secret.json", `{"GITHUB_TOKEN":"`+base64.StdEncoding.EncodeToString([]byte(pat))+`"}`))
	for name, c := range map[string]struct {
		file string
		edit func(pod string) string
		test func(play)
	}{
		"deployment":   {"deployment.yaml", asItIs, play.deployment},
		"shared":       {"deployment.yaml", sharedProcesses, play.shared},
		"job":          {"job.yaml", asItIs, play.job},
		"scaled-job":   {"scaledjob.yaml", asItIs, play.job},
		"stopped-busy": {"job.yaml", asItIs, play.stopBusy},
		"dind":         {"dind.yaml", besideTheRunner, play.sidecar},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			gh := serve(t)
			c.test(p.play(t, gh, name, c.edit(podOf(t, c.file, name, serverAt(gh.url))), "--network=host"))
		})
	}
	for name, test := range map[string]func(play){"restricted": play.restricted, "sysbox": play.daemon} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			gh := serve(t)
			const own = "127.0.0.1:8080" // who has users of its own has to have a network of its own
			p := p.play(t, gh, name, podOf(t, name+".yaml", name, serverAt("http://"+own)), "--network=none")
			p.serveInside(own)
			test(p)
		})
	}
	t.Run("scale-set", func(t *testing.T) {
		t.Parallel()
		gh := serve(t)
		env := "- name: ACTIONS_RUNNER_INPUT_JITCONFIG\n  value: " + makeJIT(t, gh) + "\n" // the controller adds it
		p.play(t, gh, "scale-set", podOf(t, "scale-set-values.yaml", "scale-set", env), "--network=host").job()
	})
}

// serverAt are the variables of a runner whose GitHub is at an address.
func serverAt(url string) string {
	return "- name: GITHUB_SERVER_URL\n  value: " + url + "\n- name: GITHUB_API_URL\n  value: " + url + "\n"
}

func asItIs(pod string) string { return pod }

func sharedProcesses(pod string) string {
	return strings.Replace(pod, "enableServiceLinks:", "shareProcessNamespace: true\n  enableServiceLinks:", 1)
}

// besideTheRunner makes an ordinary container of the sidecar.
func besideTheRunner(pod string) string {
	before, rest, _ := strings.Cut(pod, "    - name: dind\n")
	sidecar, after, _ := strings.Cut(rest, "  containers:\n")
	sidecar = strings.NewReplacer("restartPolicy: Always", "imagePullPolicy: Never", "docker:28-dind", engineImage).Replace(sidecar)
	return before + "  containers:\n    - name: dind\n" + sidecar + after
}

var (
	template     = regexp.MustCompile(`(?m)^( *)template:\n`)
	environment  = regexp.MustCompile(`(?m)^( *)env:\n`)
	podNamespace = regexp.MustCompile(`valueFrom:\n *fieldRef:\n *fieldPath: metadata.namespace\n`)
)

// podOf is the pod that a manifest of deploy/kubernetes is about, filled in, and with more variables for its runner.
func podOf(t *testing.T, file, name, env string) string {
	t.Helper()
	text, err := os.ReadFile("../../deploy/kubernetes/" + file)
	if err != nil {
		t.Fatal(err)
	}
	at := template.FindSubmatchIndex(text)
	if at == nil {
		t.Fatalf("%s has no template of a pod", file)
	}
	pod, indent := "apiVersion: v1\nkind: Pod\n", strings.Repeat(" ", at[3]-at[2]+2)
	for line := range strings.Lines(string(text[at[1]:])) {
		line, inside := strings.CutPrefix(line, indent)
		if !inside {
			break
		}
		pod += line
	}
	pod = strings.Replace(pod, "metadata:\n", "metadata:\n  name: "+name+"\n", 1)
	pod = podNamespace.ReplaceAllString(pod, "value: github-runners\n")
	pod = environment.ReplaceAllStringFunc(pod, func(line string) string {
		indent := strings.Repeat(" ", strings.Index(line, "env:")+2)
		return line + indent + strings.ReplaceAll(strings.TrimSpace(env), "\n", "\n"+indent) + "\n"
	})
	return strings.NewReplacer("CHANGE-ME-IMAGE", runnerImage, "CHANGE-ME-OWNER", "acme", "CHANGE-ME-REPO", "widgets").Replace(pod)
}

// play starts a pod. It is removed after the test.
func (p podman) play(t *testing.T, gh *server, name, pod, network string) play {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	p.t = t
	started := play{podman: p, gh: gh, ctx: ctx, runner: name + "-runner"}
	t.Cleanup(func() {
		cancel()
		if t.Failed() {
			out, _ := p.command("logs", started.runner).CombinedOutput()
			t.Logf("of\n%s\nthe runner printed:\n%s", pod, out)
		}
		p.command("pod", "rm", "--force", name).Run() // what is busy yet, newPodman removes
	})
	p.run("kube", "play", network, p.write(name+".yaml", pod))
	return started
}

// serveInside has the simulated GitHub at an address in the network of the pod as well. The runner tries until it is there.
func (p play) serveInside(address string) {
	p.t.Helper()
	pid := p.run("inspect", "--format={{.State.Pid}}", p.runner)
	opened := make(chan error)
	var l net.Listener
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with the goroutine
		network, err := os.Open("/proc/" + pid + "/ns/net")
		if err == nil {
			err = unix.Setns(int(network.Fd()), unix.CLONE_NEWNET)
		}
		if err == nil {
			l, err = net.Listen("tcp", address)
		}
		opened <- err
	}()
	if err := <-opened; err != nil {
		p.t.Fatal(err)
	}
	s := &http.Server{Handler: p.gh.Server}
	go s.Serve(l)
	p.t.Cleanup(func() { s.Close() })
}

// labels are those of all manifests.
var labels = []string{"self-hosted"}

// build has a job done, and returns what it printed.
func (p play) build(command string) string {
	p.t.Helper()
	job := p.gh.Queue(github.Job{Name: "build", Scope: scope, Labels: labels, Run: command})
	if got := job.Wait(p.ctx); got != github.Succeeded {
		p.t.Errorf("job %q, want %q; it printed:\n%s", got, github.Succeeded, job.Log())
	}
	return job.Log()
}

// online waits for a runner that is there for jobs, and probes it as a kubelet does.
func (p play) online() {
	p.t.Helper()
	if _, err := p.gh.WaitRunner(p.ctx, "", github.Online); err != nil {
		p.t.Fatal(err)
	}
	for p.ctx.Err() == nil { // GitHub hears of it first
		if out, err := p.command("exec", p.runner, "/usr/local/bin/runner-init", "healthcheck", "--ready").CombinedOutput(); err == nil && strings.HasPrefix(string(out), "ready ") {
			return
		}
	}
	p.t.Fatal("the readiness probe fails")
}

// ended waits for the end of the runner's container, as long as the test has patience.
func (p play) ended() {
	p.t.Helper()
	c := p.command("wait", p.runner)
	waits := exec.CommandContext(p.ctx, c.Args[0], c.Args[1:]...)
	waits.Env = c.Env
	if code, err := waits.Output(); err != nil || string(code) != "0\n" {
		p.t.Errorf("exit code %q, %v", code, err)
	}
	p.gh.checkNoRunner(p.t)
}

func (p play) job() {
	p.build("true")
	p.ended()
}

// deployment takes one job after another, and is stopped while it is idle.
func (p play) deployment() {
	p.build("true")
	p.build("true")
	p.online()
	p.run("stop", "--time=30", p.runner)
	p.ended()
}

// shared has another container's program as PID 1.
func (p play) shared() {
	if log := p.build("cat /proc/1/cmdline; " + snoop); !strings.Contains(log, "/bin/sleep\x003600") {
		p.t.Errorf("PID 1 of the pod is another one; the job printed:\n%s", log)
	} else {
		checkSnoop(p.t, log+"LANG=C.UTF-8\n", runner1001, p.gh.Secrets())
	}
	p.online()
	p.run("stop", "--time=30", p.runner)
	p.ended()
}

// stopBusy is stopped with a job, which goes on, and ends in its own time.
func (p play) stopBusy() {
	job := p.gh.Queue(github.Job{Name: "build", Scope: scope, Labels: labels, Run: `i=0; until [ -e /home/runner/open ]; do i=$((i+1)); [ $i -lt 600 ] || exit 1; sleep 0.1; done`})
	if err := job.Reached(p.ctx, github.Running); err != nil {
		p.t.Fatal(err)
	}
	inside := "/proc/" + p.run("inspect", "--format={{.State.Pid}}", p.runner) + "/root" // of which a stopping container does not tell
	stopped := p.command("stop", "--time=100", p.runner)
	if err := stopped.Start(); err != nil {
		p.t.Fatal(err)
	}
	if _, err := p.gh.WaitFor(p.ctx, func(e github.Entry) bool { return e.Method == "DELETE" && e.Status == 422 }); err != nil {
		p.t.Error(err)
	}
	if err := os.WriteFile(inside+"/home/runner/open", nil, 0o644); err != nil {
		p.t.Error(err)
	}
	if got := job.Wait(p.ctx); got != github.Succeeded {
		p.t.Errorf("job %q, want %q", got, github.Succeeded)
	}
	if err := stopped.Wait(); err != nil {
		p.t.Error(err)
	}
	p.ended()
}

// restricted has a read-only image, a copy of the runner in a volume, and users that are nobody's outside.
func (p play) restricted() {
	log := p.build(`echo "uid=$(id -u) home=$HOME"; touch /home/runner/x || echo "read-only"; touch /tmp/x $HOME/x && echo "writable"; cat /proc/self/uid_map`)
	if !strings.Contains(log, "uid=1001 home=/runner\n") || !strings.Contains(log, "read-only\n") || !strings.Contains(log, "writable\n") || strings.Contains(log, "4294967295") {
		p.t.Errorf("the job printed:\n%s", log)
	}
	p.ended()
}

// sidecar has a daemon in another container, which jobs use as an ordinary user.
func (p play) sidecar() {
	log := p.build(`echo "uid=$(id -u)"; i=0; until docker info; do i=$((i+1)); [ $i -lt 300 ] || exit 1; sleep 0.1; done`)
	if !strings.Contains(log, "uid=1001\n") || !strings.Contains(log, "the daemon answers 200") {
		p.t.Errorf("the job printed:\n%s", log)
	}
	p.ended()
}

// daemon has one inside, as root of a user namespace, though of no sysbox. Jobs are an ordinary user there too.
func (p play) daemon() {
	log := p.build(`echo "uid=$(id -u)"; docker info; cat /proc/self/uid_map`)
	if !strings.Contains(log, "uid=1001\n") || !strings.Contains(log, "the daemon answers 200") || strings.Contains(log, "4294967295") {
		p.t.Errorf("the job printed:\n%s", log)
	}
	p.ended()
}
