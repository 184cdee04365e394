package image_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/runner-init/runner-init/internal/config"
	"github.com/runner-init/runner-init/internal/sim/github"
)

const deploy = root + "/deploy/docker"

// mark is what a user has to write over.
const mark = "RUNNER_REPO=CHANGE-ME-OWNER/CHANGE-ME-REPOSITORY\n"

func readDeploy(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(deploy, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestDeployVariables holds the files for Docker to the variables that there are, and the marks to the places of a user's
// own values.
func TestDeployVariables(t *testing.T) {
	known := map[string]bool{}
	for _, v := range config.Variables() {
		for _, suffix := range []string{"", "_FILE", "_VALUE_FROM"} {
			known[v.Name+suffix] = true
		}
	}
	for _, name := range []string{".env.example", "compose.yaml", "compose.socket.yaml", "compose.sysbox.yaml", "README.md"} {
		for _, variable := range regexp.MustCompile(`\b(RUNNER|GITHUB)_[A-Z_]+\b`).FindAllString(readDeploy(t, name), -1) {
			if !known[variable] {
				t.Errorf("%s: runner-init does not know %s", name, variable)
			}
		}
		if marks := strings.Count(readDeploy(t, name), "CHANGE-ME"); name != "README.md" && marks != 2*strings.Count(readDeploy(t, name), mark) {
			t.Errorf("%s: a value is marked that need not be", name)
		}
	}
	example := readDeploy(t, ".env.example")
	if strings.Count(example, mark) != 1 {
		t.Errorf(".env.example: the repository is not marked, or more than once")
	}
	environ := environOf(strings.Replace(edited(example), "GITHUB_TOKEN_FILE=/run/secrets/github_token", "GITHUB_TOKEN="+pat, 1))
	if c, err := config.Load(append(environ, "RUNNER_DOCKER=dind")); err != nil || len(c.Warnings()) > 0 { // with sysbox
		t.Errorf("compose.sysbox.yaml: %v, warnings %q", err, c.Warnings())
	}
	c, err := config.Load(environ)
	if err != nil || len(c.Warnings()) > 0 {
		t.Errorf(".env.example: %v, warnings %q", err, c.Warnings())
	}
	seconds := fmt.Sprintf("--stop-timeout %d ", int(c.StopTimeout.Seconds()))
	readme := readDeploy(t, "README.md")
	if runs := strings.Count(readme, "docker run --detach"); runs == 0 || strings.Count(readme, seconds) != runs {
		t.Errorf("README.md: docker run without %q, which is RUNNER_STOP_TIMEOUT in .env.example", seconds)
	}
}

// edited is what a user makes of a file.
func edited(text string) string { return strings.Replace(text, mark, "RUNNER_REPO=acme/widgets\n", 1) }

// environOf is what Docker makes of an environment file.
func environOf(text string) (environ []string) {
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			environ = append(environ, line)
		}
	}
	return environ
}

// deployed is the directory as a user has it after the edits, and the simulated GitHub that it is to use.
func deployed(t *testing.T) (dir string, gh *server) {
	t.Helper()
	gh, dir = serve(t), t.TempDir()
	for name, text := range map[string]string{
		".env":                edited(readDeploy(t, ".env.example")) + "GITHUB_SERVER_URL=" + gh.url + "\nGITHUB_API_URL=" + gh.url + "\n",
		"token":               pat + "\n",
		"compose.yaml":        readDeploy(t, "compose.yaml"),
		"compose.socket.yaml": readDeploy(t, "compose.socket.yaml"),
		"compose.sysbox.yaml": readDeploy(t, "compose.sysbox.yaml"),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir, gh
}

// testRunLines runs the README's docker run lines as they are written, except that the image is the test's and the network
// the machine's. There is no sysbox here: its line has to be refused for want of that alone.
func testRunLines(t *testing.T, made images) {
	_, block, _ := strings.Cut(readDeploy(t, "README.md"), "or without, one of:\n\n```sh\n")
	block, _, _ = strings.Cut(block, "```")
	lines := strings.Split(strings.TrimSpace(block), "\n\n")
	if len(lines) != 3 {
		t.Fatalf("README.md has %d docker run lines: %q", len(lines), lines)
	}
	for i, line := range lines {
		t.Run([]string{"plain", "socket", "sysbox"}[i], func(t *testing.T) {
			t.Parallel()
			dir, gh := deployed(t)
			line = strings.NewReplacer("docker run", "docker run --network=host", "github-runner:docker", made.docker, "github-runner\n", made.minimal).Replace(line + "\n")
			cmd := exec.CommandContext(t.Context(), "sh", "-c", line)
			cmd.Dir = dir
			out, err := cmd.CombinedOutput()
			id, _, _ := strings.Cut(string(out), "\n")
			if i == 2 {
				if id == "" || err == nil || !strings.Contains(string(out), "sysbox-runc") {
					t.Errorf("%s\n%v %s", line, err, out)
				}
				return
			}
			if err != nil {
				t.Fatalf("%s\n%v %s", line, err, out)
			}
			c := watch(t, strings.TrimSpace(id))
			checkDeployed(t, gh, c, func() { docker(t, "stop", c.id) })
		})
	}
}

// testDoctorLine runs the README's line for when it does not come up.
func testDoctorLine(t *testing.T, made images) {
	_, line, _ := strings.Cut(readDeploy(t, "README.md"), "registering\nanything:\n\n```sh\n")
	line, _, found := strings.Cut(line, "\n```")
	if !found {
		t.Fatal("README.md has no line with doctor")
	}
	dir, gh := deployed(t)
	line = strings.NewReplacer("docker run", "docker run --network=host", "github-runner doctor", made.minimal+" doctor").Replace(line)
	cmd := exec.CommandContext(t.Context(), "sh", "-c", line)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "acme/widgets") {
		t.Errorf("%s\n%v %s", line, err, out)
	}
	gh.checkNoRunner(t)
}

// checkDeployed has a job done by the runner, and by the one after it, and stops that.
func checkDeployed(t *testing.T, gh *server, c *container, stop func()) {
	t.Helper()
	var said struct {
		StopTimeout *int
		Env         []string
	}
	if err := json.Unmarshal([]byte(docker(t, "inspect", "--format={{json .Config}}", c.id)), &said); err != nil {
		t.Fatal(err)
	}
	grace, err := config.ParseDuration(valueOf(said.Env, "RUNNER_STOP_TIMEOUT"))
	if err != nil || said.StopTimeout == nil || time.Duration(*said.StopTimeout)*time.Second != grace {
		t.Errorf("the engine waits for %v s, and RUNNER_STOP_TIMEOUT is %s", said.StopTimeout, grace)
	}
	for range 2 {
		job := gh.Queue(github.Job{Name: "build", Scope: scope, Labels: []string{"docker"}, Run: `id -u; cat /run/secrets/github_token || echo "no token"`})
		if got := job.Wait(c.ctx); got != github.Succeeded {
			t.Errorf("job %q, want %q", got, github.Succeeded)
		}
		if log := job.Log(); !strings.Contains(log, "1001\n") || !strings.Contains(log, "no token") {
			t.Errorf("the job printed:\n%s", log)
		}
	}
	if _, err := gh.WaitRunner(c.ctx, "", github.Online); err != nil {
		t.Fatal(err)
	}
	stop()
	c.checkExit(0)
	gh.checkNoRunner(t)
}

func valueOf(environ []string, name string) string {
	for _, kv := range environ {
		if value, ok := strings.CutPrefix(kv, name+"="); ok {
			return value
		}
	}
	return ""
}
