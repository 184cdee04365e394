package image_test

import (
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/runner-init/runner-init/internal/sim/github"
)

// anyUser is as OpenShift gives a namespace: an ID that no image knows, in the group 0.
const anyUser = "--user=1000650000:0"

// testPods starts containers as a kubelet would, from the manifests in deploy/kubernetes.
func testPods(t *testing.T, image string) {
	for name, test := range map[string]func(*testing.T, string){
		"shared process namespace": testSharedProcesses, "restricted": testRestricted, "scale set": testScaleSet, "termination message": testTermination,
	} {
		t.Run(name, func(t *testing.T) { t.Parallel(); test(t, image) })
	}
}

// testSharedProcesses has another container's program as PID 1, as shareProcessNamespace has the pod's pause.
func testSharedProcesses(t *testing.T, image string) {
	pause := watch(t, docker(t, "run", "--detach", "--network=none", "--entrypoint=/bin/sh", image, "-c", "while :; do sleep 1; done"))
	testPlacement(t, image, placement{[]string{"--pid=container:" + pause.id}, runner1001})
}

// testRestricted is restricted.yaml: a read-only image and any user. Where its volumes are emptyDirs, directories of the
// host stand here, as open to everybody as those.
func testRestricted(t *testing.T, image string) {
	runner := t.TempDir()
	if err := os.Chmod(runner, 0o777); err != nil {
		t.Fatal(err)
	}
	volume := "--volume=" + runner + ":/runner"
	options := []string{anyUser, "--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges", volume}
	bounded(t, append(append([]string{"run", "--rm", "--network=none", "--entrypoint=cp"}, options...), image, "-R", "/home/runner/.", "/runner/")...)
	options = append(options, "--tmpfs=/tmp", "--env=RUNNER_HOME=/runner")
	testPlacement(t, image, placement{options, "uid=1000650000 home=/runner"})
	bounded(t, "run", "--rm", "--network=none", "--user=0", "--entrypoint=/bin/sh", volume, image, "-c", "rm -rf /runner/* /runner/.[!.]*")
}

// testScaleSet is scale-set-values.yaml: the controller of Actions Runner Controller has registered the runner, and gives the
// pod nothing but that. Its command is the official image's, after ours.
func testScaleSet(t *testing.T, image string) {
	gh := serve(t)
	jit := makeJIT(t, gh)
	job := gh.Queue(github.Job{Name: "build", Scope: scope, Labels: []string{"self-hosted"}, Run: snoop})
	c := watch(t, docker(t, "run", "--detach", "--network=host", "--entrypoint=/usr/local/bin/runner-init", anyUser,
		"--env=KUBERNETES_SERVICE_HOST=127.0.0.1", "--env=ACTIONS_RUNNER_INPUT_JITCONFIG="+jit, image, "/home/runner/run.sh"))
	if got := job.Wait(c.ctx); got != github.Succeeded {
		t.Errorf("job %q, want %q", got, github.Succeeded)
	}
	c.checkExit(0)
	gh.checkNoRunner(t)
	if strings.Contains(job.Log(), jit) {
		t.Error("the job found the registration")
	}
}

// makeJIT registers a runner as a controller does, and returns what its pod gets.
func makeJIT(t *testing.T, gh *server) string {
	t.Helper()
	body := `{"name":"arc-1","runner_group_id":1,"labels":["self-hosted"]}`
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, gh.url+"/"+scope+"/actions/runners/generate-jitconfig", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+pat)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var made struct {
		JIT string `json:"encoded_jit_config"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&made); err != nil || made.JIT == "" {
		t.Fatalf("status %d, %v", resp.StatusCode, err)
	}
	return made.JIT
}

// testTermination mounts the file for the last words as a kubelet does: writable to everybody, in a container that is not.
func testTermination(t *testing.T, image string) {
	file := t.TempDir() + "/termination-log"
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(file, 0o666); err != nil {
		t.Fatal(err)
	}
	gh := serve(t)
	job := gh.Queue(github.Job{Name: "build", Scope: scope, Labels: []string{"self-hosted"}, Run: "true"})
	c := start(t, gh, image, anyUser, "--cap-drop=ALL", "--volume="+file+":/dev/termination-log")
	job.Wait(c.ctx)
	c.checkExit(0)
	text, err := os.ReadFile(file)
	var words struct {
		ExitCode int
		Job      struct{ Name, Result string }
		Ghost    bool
	}
	if err != nil || json.Unmarshal(text, &words) != nil || words.Job.Name != "build" || words.Job.Result != "Succeeded" || words.ExitCode != 0 || words.Ghost {
		t.Errorf("the termination message is %q, %v", text, err)
	}
}
