// Package taskdefs_test holds the task definitions to what ECS accepts and to what runner-init understands, without an
// account: names and types by strict decoding, the rest by the rules of the ECS API reference (RegisterTaskDefinition).
// It does not know every field of ECS: one that appears in a file for the first time is added to definition_test.go.
package taskdefs_test

import (
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/runner-init/runner-init/internal/config"
)

func TestTaskDefinitions(t *testing.T) {
	paths, err := filepath.Glob("*.json")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no task definitions here: %v", err)
	}
	for _, path := range paths {
		t.Run(path, func(t *testing.T) {
			d := read(t, path)
			checkTask(t, d)
			checkSize(t, d)
			checkPlaceholders(t, d)
			for _, c := range d.ContainerDefinitions {
				checkVariables(t, c)
				checkStop(t, c)
				checkLogs(t, c.LogConfiguration)
			}
		})
	}
}

func checkTask(t *testing.T, d definition) {
	t.Helper()
	if !slices.Equal(d.RequiresCompatibilities, []string{"FARGATE"}) || d.NetworkMode != "awsvpc" {
		t.Errorf("Fargate has awsvpc networking and no other: %v, %q", d.RequiresCompatibilities, d.NetworkMode)
	}
	if !slices.Contains([]string{"X86_64", "ARM64"}, d.RuntimePlatform.CPUArchitecture) || d.RuntimePlatform.OperatingSystemFamily != "LINUX" {
		t.Errorf("not a platform that runner-init is built for: %+v", d.RuntimePlatform)
	}
	if d.Family == "" || d.ExecutionRoleARN == "" {
		t.Error("family and executionRoleArn: without the role there is no image, no secret and no log")
	}
	if n := d.EphemeralStorage.SizeInGiB; n < 21 || n > 200 {
		t.Errorf("ephemeral storage of %d GiB: Fargate has 21 to 200", n)
	}
	if len(d.ContainerDefinitions) != 1 || !d.ContainerDefinitions[0].Essential || d.ContainerDefinitions[0].Image == "" {
		t.Error("one container, essential, with an image: the task is the runner and ends with it")
	}
}

// memory is what Fargate offers for a number of CPU units: from, to, in steps of; MiB. 256 units are left out: a runner
// needs more.
var memory = map[string]struct{ from, to, step int }{
	"512":   {1024, 4096, 1024},
	"1024":  {2048, 8192, 1024},
	"2048":  {4096, 16384, 1024},
	"4096":  {8192, 30720, 1024},
	"8192":  {16384, 61440, 4096},
	"16384": {32768, 122880, 8192},
}

func checkSize(t *testing.T, d definition) {
	t.Helper()
	m, known := memory[d.CPU]
	n, err := strconv.Atoi(d.Memory)
	if !known || err != nil || n < m.from || n > m.to || (n-m.from)%m.step != 0 {
		t.Errorf("cpu %q with memory %q is no pair that Fargate offers", d.CPU, d.Memory)
	}
}

// What is to be replaced says CHANGE-ME; nothing else may look like somebody's own or be left for the reader to guess.
var (
	placeholder = regexp.MustCompile(`CHANGE-ME-[A-Z]+(-[A-Z]+)*`)
	suspicious  = regexp.MustCompile(`(?i)[<>{}$]|change|replace|example|your|xxx|todo|\b\d{12}\b|arn:|amazonaws`)
)

func checkPlaceholders(t *testing.T, d definition) {
	t.Helper()
	for _, text := range texts(t, d) {
		if s := suspicious.FindString(placeholder.ReplaceAllString(text, "")); s != "" {
			t.Errorf("%q in %q: what the reader has to fill in is written CHANGE-ME-…", s, text)
		}
	}
}

// checkVariables holds names to what runner-init reads: ECS takes any.
func checkVariables(t *testing.T, c container) {
	t.Helper()
	secrets, seen := map[string]bool{}, map[string]bool{}
	for _, v := range config.Variables() {
		secrets[v.Name] = v.Secret
	}
	check := func(name string, value bool) {
		isSecret, known := secrets[name]
		switch {
		case !known:
			t.Errorf("%s: runner-init does not know it", name)
		case isSecret == value:
			t.Errorf("%s: a secret belongs into secrets, anything else into environment", name)
		case seen[name]:
			t.Errorf("%s: twice", name)
		}
		seen[name] = true
	}
	for _, v := range c.Environment {
		check(v.Name, true)
	}
	for _, s := range c.Secrets {
		check(s.Name, false)
		if s.ValueFrom == "" {
			t.Errorf("%s: has no valueFrom", s.Name)
		}
	}
}

// checkStop compares the two places where the grace period stands.
func checkStop(t *testing.T, c container) {
	t.Helper()
	if c.StopTimeout < 2 || c.StopTimeout > 120 {
		t.Errorf("stopTimeout %d: Fargate has 2 to 120 seconds", c.StopTimeout)
	}
	i := slices.IndexFunc(c.Environment, func(v variable) bool { return v.Name == "RUNNER_STOP_TIMEOUT" })
	if i < 0 {
		t.Fatal("RUNNER_STOP_TIMEOUT is missing: ECS does not tell a container its stopTimeout")
	}
	got, err := time.ParseDuration(c.Environment[i].Value)
	if want := time.Duration(c.StopTimeout) * time.Second; err != nil || got != want {
		t.Errorf("RUNNER_STOP_TIMEOUT %q, stopTimeout %v: they are one number", c.Environment[i].Value, want)
	}
}

func checkLogs(t *testing.T, l logs) {
	t.Helper()
	if l.LogDriver != "awslogs" {
		t.Errorf("log driver %q", l.LogDriver)
	}
	// awslogs-stream-prefix is required on Fargate.
	for _, option := range []string{"awslogs-group", "awslogs-region", "awslogs-stream-prefix"} {
		if l.Options[option] == "" {
			t.Errorf("%s is missing", option)
		}
	}
	for option := range l.Options {
		if !strings.HasPrefix(option, "awslogs-") && option != "mode" && option != "max-buffer-size" {
			t.Errorf("%s is no option of awslogs", option)
		}
	}
}
