package kubernetes_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// passedOn are variables that are for the job, not for us.
var passedOn = []string{"DOCKER_HOST"}

// downward is what a pod can be told of itself, under the names that runner-init goes by.
var downward = map[string]string{"POD_NAME": "metadata.name", "POD_NAMESPACE": "metadata.namespace", "POD_UID": "metadata.uid"}

// TestProgram gives the environment of every runner to the program, with what a reader would fill in, and has it say what
// it makes of it.
func TestProgram(t *testing.T) {
	binary := filepath.Join(t.TempDir(), "runner-init")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", binary, "./cmd/runner-init")
	build.Dir, build.Env = "../..", append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, w := range workloads(read(t)) {
		t.Run(w.file, func(t *testing.T) {
			c := w.runner(t)
			said := ask(t, binary, environ(t, w))
			if len(said.Warnings) > 0 {
				t.Errorf("runner-init remarks: %q", said.Warnings)
			}
			for _, v := range c.Env {
				if _, known := said.setting(v.Name); !known && !slices.Contains(passedOn, v.Name) && downward[v.Name] == "" {
					t.Errorf("%s: runner-init does not know it", v.Name)
				}
			}
			stop, _ := said.setting("RUNNER_STOP_TIMEOUT")
			got, err := time.ParseDuration(stop)
			if want := w.Spec.TerminationGracePeriodSeconds; err != nil || want == nil || got != time.Duration(*want)*time.Second {
				t.Errorf("RUNNER_STOP_TIMEOUT %q, terminationGracePeriodSeconds %v: they are one number", stop, want)
			}
		})
	}
}

// answer is what config prints.
type answer struct {
	Settings []struct{ Name, Value string }
	Warnings []string
}

func (a answer) setting(name string) (value string, known bool) {
	for _, s := range a.Settings {
		if s.Name == name {
			return s.Value, true
		}
	}
	return "", false
}

func ask(t *testing.T, binary string, environ []string) (said answer) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), binary, "config", "--output", "json")
	var out, complaints bytes.Buffer
	cmd.Env, cmd.Stdout, cmd.Stderr = environ, &out, &complaints
	if err := cmd.Run(); err != nil {
		t.Fatalf("runner-init refuses the environment: %v\n%s", err, complaints.String())
	}
	if err := json.Unmarshal(out.Bytes(), &said); err != nil {
		t.Fatal(err)
	}
	return said
}

// environ is the environment of the runner in a cluster.
func environ(t *testing.T, w workload) []string {
	t.Helper()
	all := []string{"KUBERNETES_SERVICE_HOST=10.96.0.1", "KUBERNETES_SERVICE_PORT=443"}
	if w.file == valuesFile { // the controller adds it (actions-runner-controller, controllers/actions.github.com)
		all = append(all, "ACTIONS_RUNNER_INPUT_JITCONFIG="+base64.StdEncoding.EncodeToString([]byte(`{".runner":"e30="}`)))
	}
	for _, v := range w.runner(t).Env {
		all = append(all, v.Name+"="+valueOf(t, v))
	}
	return all
}

func valueOf(t *testing.T, v corev1.EnvVar) string {
	t.Helper()
	switch {
	case v.ValueFrom == nil:
		return strings.NewReplacer("CHANGE-ME-OWNER", "octo", "CHANGE-ME-REPO", "widgets").Replace(v.Value)
	case v.ValueFrom.SecretKeyRef != nil:
		if v.Name != "GITHUB_TOKEN" || v.ValueFrom.SecretKeyRef.Key != v.Name {
			t.Errorf("%s: key %q of the secret", v.Name, v.ValueFrom.SecretKeyRef.Key)
		}
		return "not-a-real-token"
	case v.ValueFrom.FieldRef != nil:
		if path := v.ValueFrom.FieldRef.FieldPath; downward[v.Name] != path {
			t.Errorf("%s: field %q", v.Name, path)
		}
		return "github-runner-1"
	}
	t.Fatalf("%s: comes from elsewhere", v.Name)
	return ""
}
