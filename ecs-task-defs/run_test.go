package taskdefs_test

import (
	"bufio"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/runner-init/runner-init/internal/need"
	"github.com/runner-init/runner-init/internal/sim/github"
	simrunner "github.com/runner-init/runner-init/internal/sim/runner"
)

const (
	jobUser  = 1001 // the image's
	patience = time.Minute
)

// TestRun is a task without ECS: the program gets the environment of each container as PID 1 of a namespace, registers at a
// simulated GitHub, answers the definition's health check, does a job with the definition's labels, and leaves nothing.
func TestRun(t *testing.T) {
	need.Root(t)
	need.PIDNamespace(t)
	for _, d := range definitions(t) {
		for _, c := range d.runners() {
			t.Run(d.name+"/"+aws.ToString(c.Name), func(t *testing.T) {
				t.Parallel()
				run(t, c)
			})
		}
	}
}

func run(t *testing.T, c types.ContainerDefinition) {
	hub, url := newGitHub(t)
	environ := environment(c)
	scope := "repos/" + environ["RUNNER_REPO"]
	if organization := environ["RUNNER_ORG"]; organization != "" {
		scope = "orgs/" + organization
		environ["GITHUB_APP_ID"], environ["GITHUB_APP_PRIVATE_KEY"] = newApp(t, hub, scope)
	}
	if environ["RUNNER_DOCKER"] != "" {
		environ["RUNNER_DOCKER"] = "off" // a daemon is more than a namespace can bear
	}
	p := start(t, c, environ, url)
	p.said(t, "Listening for Jobs")
	p.healthy(t, c)
	job := hub.Queue(github.Job{Name: "build", Scope: scope, Labels: strings.Split("self-hosted,"+environ["RUNNER_LABELS"], ","), Run: "echo done"})
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if got := job.Wait(ctx); got != github.Succeeded {
		t.Errorf("the job ended as %q; it printed:\n%s", got, job.Log())
	}
	if environ["RUNNER_EPHEMERAL"] == "false" {
		p.healthy(t, c) // it goes on
		p.stop(t)       // as ECS does
	}
	p.expectEnd(t)
	if left := hub.Runners(); len(left) > 0 {
		t.Errorf("registrations left: %+v", left)
	}
}

// newGitHub is one on loopback. It knows the token that environment gives for every secret.
func newGitHub(t *testing.T) (*github.Server, string) {
	t.Helper()
	hub := github.New(github.Options{})
	hub.AddPAT("not-a-real-secret", github.Classic("repo"))
	server := httptest.NewServer(hub)
	t.Cleanup(func() {
		server.CloseClientConnections() // a poll may still be held
		server.Close()
	})
	return hub, server.URL
}

// newApp makes GitHub know an App that is installed at a place, and returns its id and its key.
func newApp(t *testing.T, hub *github.Server, at string) (id, text string) {
	t.Helper()
	key, text := newKey(t)
	hub.AddApp(github.App{ID: 77, Name: "bot", Key: &key.PublicKey})
	hub.Install(github.Installation{Account: at, Permissions: []string{"organization_self_hosted_runners:write"}})
	return "77", text
}

func newKey(t *testing.T) (*rsa.PrivateKey, string) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return key, string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}))
}

// task is a container that runs.
type task struct {
	command *exec.Cmd
	program string
	lines   chan string // of its output
}

// start makes a container of a definition: its environment, its directories below one of the test's.
func start(t *testing.T, c types.ContainerDefinition, environ map[string]string, url string) *task {
	t.Helper()
	root := newRoot(t)
	if dir := environ["RUNNER_WORKDIR"]; dir != "" {
		environ["RUNNER_WORKDIR"] = filepath.Join(filepath.Dir(root), dir)
	}
	p := &task{program: need.Program(t, "cmd/runner-init"), lines: make(chan string, 1000)}
	ctx, cancel := context.WithTimeout(t.Context(), 2*patience)
	t.Cleanup(cancel)
	p.command = exec.CommandContext(ctx, "unshare", "--pid", "--fork", "--mount-proc", "--kill-child", p.program)
	p.command.Dir = root
	p.command.Env = []string{"PATH=" + os.Getenv("PATH"), "GITHUB_SERVER_URL=" + url, "GITHUB_API_URL=" + url}
	for name, value := range environ {
		p.command.Env = append(p.command.Env, name+"="+value)
	}
	p.begin(t)
	return p
}

func (p *task) begin(t *testing.T) {
	t.Helper()
	output, err := p.command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.command.Stderr = p.command.Stdout
	if err := p.command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.command.Process.Kill()
		p.command.Wait()
	})
	go func() {
		defer close(p.lines)
		for s := bufio.NewScanner(output); s.Scan(); {
			p.lines <- s.Text()
		}
	}()
}

// newRoot installs a simulated runner that belongs to the job's user, where that user finds it.
func newRoot(t *testing.T) string {
	t.Helper()
	root := filepath.Join(t.TempDir(), "runner")
	if err := os.Mkdir(root, 0o755); err != nil {
		t.Fatal(err)
	}
	reachable(t, root)
	if err := simrunner.Install(root, need.Program(t, "internal/sim/cmd/simrunner")); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(root, jobUser, jobUser); err != nil {
		t.Fatal(err)
	}
	return root
}

// reachable lets every user into a directory of the test's, and returns it.
func reachable(t *testing.T, dir string) string {
	t.Helper()
	for up := dir; up != os.TempDir() && up != "/"; up = filepath.Dir(up) {
		if err := os.Chmod(up, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// said waits for a line.
func (p *task) said(t *testing.T, text string) {
	t.Helper()
	var all []string
	for line := range p.lines {
		if all = append(all, line); strings.Contains(line, text) {
			return
		}
	}
	t.Fatalf("ended without having said %q:\n%s", text, strings.Join(all, "\n"))
}

// init is PID 1, from outside: the only child of unshare.
func (p *task) init(t *testing.T) string {
	t.Helper()
	path := "/proc/" + strconv.Itoa(p.command.Process.Pid) + "/task/" + strconv.Itoa(p.command.Process.Pid) + "/children"
	text, err := os.ReadFile(path)
	if err != nil || len(strings.Fields(string(text))) != 1 {
		t.Fatalf("no PID 1: %q, %v", text, err)
	}
	return strings.TrimSpace(string(text))
}

// healthy runs the definition's health check in the container, as ECS does: no shell, and nothing of the environment.
func (p *task) healthy(t *testing.T, c types.ContainerDefinition) {
	t.Helper()
	check := slices.Clone(c.HealthCheck.Command[1:])
	check[0] = p.program
	cmd := exec.CommandContext(t.Context(), "nsenter", append([]string{"--mount", "--pid", "--target", p.init(t), "--setuid", strconv.Itoa(jobUser)}, check...)...)
	cmd.Env = []string{}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v: %v: %s", check, err, out)
	}
}

func (p *task) stop(t *testing.T) {
	t.Helper()
	pid, err := strconv.Atoi(p.init(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(pid, syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
}

func (p *task) expectEnd(t *testing.T) {
	t.Helper()
	var all []string
	for line := range p.lines {
		all = append(all, line)
	}
	if err := p.command.Wait(); err != nil {
		t.Errorf("%v:\n%s", err, strings.Join(all, "\n"))
	}
}

// The SDK's package for ECS is for these tests: nothing of it is in the program.
func TestNotLinked(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "../cmd/runner-init").Output()
	if err != nil {
		t.Fatal(err)
	}
	linked := strings.Fields(string(out))
	if !slices.Contains(linked, "github.com/aws/aws-sdk-go-v2/service/ssm") {
		t.Error("the list is not of what is linked")
	}
	for _, path := range linked {
		if strings.HasPrefix(path, "github.com/aws/aws-sdk-go-v2/service/ecs") {
			t.Errorf("%s is linked into the program", path)
		}
	}
}
