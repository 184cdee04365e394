package image_test

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/runner-init/runner-init/internal/sim/github"
	simrunner "github.com/runner-init/runner-init/internal/sim/runner"
)

// runnerHome is the runner's directory in the image.
const runnerHome = "/home/runner"

// testOOM lets the kernel's OOM killer end what has taken all the memory that a container has: the listener, the worker, or
// no more than a step, which is a failed job like any other.
func testOOM(t *testing.T, image string) {
	const hungry = `awk 'BEGIN { s = "x"; while (1) s = s s }'`
	for what, test := range map[string]struct {
		eats simrunner.Arrow
		run  string
		code int
		says string
	}{
		"listener": {simrunner.AtListening, "", 84, "the OOM killer struck: the listener died: 1 process killed, memory limit 96 MiB, peak 96 MiB"},
		"worker":   {simrunner.AtWorkerJob, "true", 84, "the OOM killer struck: the worker died, and its job: 1 process killed, memory limit 96 MiB, peak 96 MiB"},
		"step":     {"", hungry, 0, `"the OOM killer struck","reason":"1 process killed, memory limit 96 MiB, peak 96 MiB"`},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			gh := serve(t)
			home := t.TempDir()
			if err := simrunner.WriteBehaviour(home, simrunner.Behaviour{At: map[simrunner.Arrow]simrunner.Act{test.eats: {Eat: true}}}); err != nil {
				t.Fatal(err)
			}
			const behaviour = "/.sim.json"
			var job *github.JobRun
			if test.run != "" {
				job = gh.Queue(github.Job{Name: "build", Scope: scope, Labels: []string{"self-hosted"}, Run: test.run})
			}
			c := start(t, gh, image, "--memory=96m", "--memory-swap=96m", "--env=RUNNER_STOP_TIMEOUT=10",
				"--volume="+filepath.Join(home, behaviour)+":"+runnerHome+behaviour+":ro")
			c.checkExit(test.code)
			if job != nil && job.Wait(c.ctx) != github.Failed {
				t.Errorf("the job ended as %q, want %q", job.Result(), github.Failed)
			}
			gh.checkNoRunner(t)
			log, err := exec.Command("docker", "logs", c.id).CombinedOutput()
			if err != nil || !strings.Contains(string(log), test.says) {
				t.Errorf("the log does not say %q: %v", test.says, err)
			}
		})
	}
}
