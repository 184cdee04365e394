package runner_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/runner-init/runner-init/internal/sim/github"
	"github.com/runner-init/runner-init/internal/sim/runner"
)

func generateJIT(t *testing.T, base, name string, labels []string) string {
	t.Helper()
	body, err := json.Marshal(map[string]any{"name": name, "runner_group_id": 1, "labels": append([]string{"self-hosted"}, labels...)})
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), "POST", base+"/api/v3/repos/acme/widgets/actions/runners/generate-jitconfig", strings.NewReader(string(body)))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+pat)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var answer struct {
		Config string `json:"encoded_jit_config"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil || answer.Config == "" {
		t.Fatalf("no JIT configuration: status %d, %v", resp.StatusCode, err)
	}
	return answer.Config
}

func TestJITRunnerDoesOneJob(t *testing.T) {
	w := newWorld(t, github.Options{}, runner.Behaviour{})
	job := w.github.Queue(github.Job{Name: "build", Scope: owner, Run: "echo hello $WHO; pwd", Env: map[string]string{"WHO": "world"}})
	p := w.listener("run", "--jitconfig", w.jit("one"))
	p.ends(0)
	if got := job.Wait(w.ctx); got != github.Succeeded {
		t.Errorf("job %s, want Succeeded", got)
	}
	t.Log(p.stdout(), p.stderr(), job.Log())
	for _, e := range w.github.Journal() {
		t.Logf("%+v", e)
	}
}

func TestConfiguredRunnerDoesOneJob(t *testing.T) {
	w := newWorld(t, github.Options{}, runner.Behaviour{})
	c := w.configure("two", "--ephemeral")
	c.ends(0)
	t.Log(c.stdout(), c.stderr())
	job := w.github.Queue(github.Job{Name: "build", Scope: owner, Run: "echo hello $WHO; pwd", Env: map[string]string{"WHO": "world"}})
	p := w.listener("run")
	p.ends(0)
	if got := job.Wait(w.ctx); got != github.Succeeded {
		t.Errorf("job %s, want Succeeded", got)
	}
	t.Log(p.stdout(), p.stderr(), job.Log())
	for _, r := range w.records() {
		t.Logf("%+v %+v", r, r.Given)
	}
}
