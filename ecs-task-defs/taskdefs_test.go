// Package taskdefs_test holds the task definitions, and what stands beside them, to what ECS and IAM accept and to what
// runner-init understands, without an account: names and types by AWS's own SDK, which really sends them, to loopback;
// the rest by the rules of AWS's documentation. The SDK's package for ECS is for these tests alone.
package taskdefs_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/runner-init/runner-init/internal/need"
)

const program = "/usr/local/bin/runner-init"

func TestMain(m *testing.M) {
	code := m.Run()
	need.RemovePrograms()
	os.Exit(code)
}

// definition is a file and what it says.
type definition struct {
	*ecs.RegisterTaskDefinitionInput
	name string
}

func definitions(t *testing.T) (all []definition) {
	t.Helper()
	for _, path := range files(t, "*.json") {
		d := decode[ecs.RegisterTaskDefinitionInput](t, path)
		all = append(all, definition{d, strings.TrimSuffix(path, ".json")})
	}
	return all
}

// runners are the containers that run runner-init: all but the helpers, which bring a program of their own.
func (d definition) runners() []types.ContainerDefinition {
	return slices.DeleteFunc(slices.Clone(d.ContainerDefinitions), func(c types.ContainerDefinition) bool { return len(c.EntryPoint) > 0 })
}

func (d definition) on(c types.Compatibility) bool {
	return slices.Contains(d.RequiresCompatibilities, c)
}

func TestTaskDefinitions(t *testing.T) {
	for _, d := range definitions(t) {
		t.Run(d.name, func(t *testing.T) {
			checkTask(t, d)
			checkContainers(t, d)
			checkMounts(t, d)
			switch {
			case d.on(types.CompatibilityFargate):
				checkFargate(t, d)
			case d.on(types.CompatibilityManagedInstances):
				checkUnprivileged(t, d)
				if d.NetworkMode != types.NetworkModeAwsvpc && d.NetworkMode != types.NetworkModeHost {
					t.Errorf("Managed Instances have no network mode %q", d.NetworkMode)
				}
			}
		})
	}
}

func checkTask(t *testing.T, d definition) {
	t.Helper()
	if got, want := aws.ToString(d.Family), "github-runner-"+d.name; got != want {
		t.Errorf("family %q, want %q, after the file", got, want)
	}
	if len(d.RequiresCompatibilities) != 1 {
		t.Errorf("%v: one file is one way to run", d.RequiresCompatibilities)
	}
	platform := orZero(d.RuntimePlatform)
	if !slices.Contains([]types.CPUArchitecture{types.CPUArchitectureX8664, types.CPUArchitectureArm64}, platform.CpuArchitecture) || platform.OperatingSystemFamily != types.OSFamilyLinux {
		t.Errorf("not a platform that runner-init is built for: %+v", platform)
	}
	if d.ExecutionRoleArn == nil {
		t.Error("executionRoleArn: without the role there is no image, no secret and no log")
	}
	switch n := len(d.runners()); {
	case n == 0:
		t.Error("there is no runner in it")
	case n > 1 && d.NetworkMode != types.NetworkModeAwsvpc:
		t.Errorf("network mode %q: several runners of one task have to see one another, to share its protection", d.NetworkMode)
	}
}

func checkContainers(t *testing.T, d definition) {
	t.Helper()
	essential := 0
	for _, c := range d.ContainerDefinitions {
		name := aws.ToString(c.Name)
		if aws.ToBool(c.Essential) {
			essential++
		}
		if p := c.LinuxParameters; p != nil && p.InitProcessEnabled != nil {
			t.Errorf("%s: initProcessEnabled: runner-init is the init", name)
		}
		if d.Memory == nil && c.Memory == nil {
			t.Errorf("%s: no limit of memory, neither its own nor the task's", name)
		}
		checkLogs(t, c.LogConfiguration)
		checkDepends(t, d, c)
	}
	if essential != 1 {
		t.Errorf("%d essential containers: the end of one ends all the others, so that a task has one", essential)
	}
	for _, c := range d.runners() {
		if len(c.Command) > 0 {
			t.Errorf("%s: the image's entry point is the command", aws.ToString(c.Name))
		}
		checkStop(t, c)
		if h := c.HealthCheck; h == nil || !slices.Equal(h.Command, []string{"CMD", program, "healthcheck"}) {
			t.Errorf("%s: no health check that does without a shell: %+v", aws.ToString(c.Name), h)
		}
		checkHealth(t, c)
		if r := c.RestartPolicy; r != nil && (aws.ToInt32(r.RestartAttemptPeriod) < 60 || aws.ToInt32(r.RestartAttemptPeriod) > 1800) {
			t.Errorf("%s: restartAttemptPeriod %d: ECS has 60 to 1800 seconds", aws.ToString(c.Name), aws.ToInt32(r.RestartAttemptPeriod))
		}
	}
}

// checkHealth holds a health check to ECS's limits in seconds, and times.
func checkHealth(t *testing.T, c types.ContainerDefinition) {
	t.Helper()
	h := orZero(c.HealthCheck)
	for name, is := range map[string]struct {
		value    *int32
		from, to int32
	}{"interval": {h.Interval, 5, 300}, "timeout": {h.Timeout, 2, 60}, "retries": {h.Retries, 1, 10}, "startPeriod": {h.StartPeriod, 0, 300}} {
		if is.value == nil || *is.value < is.from || *is.value > is.to {
			t.Errorf("%s: health check %s %d: ECS has %d to %d", aws.ToString(c.Name), name, aws.ToInt32(is.value), is.from, is.to)
		}
	}
}

// checkDepends: who waits for the end of another container may not wait for one whose end is that of the task.
func checkDepends(t *testing.T, d definition, c types.ContainerDefinition) {
	t.Helper()
	for _, on := range c.DependsOn {
		i := slices.IndexFunc(d.ContainerDefinitions, func(o types.ContainerDefinition) bool { return aws.ToString(o.Name) == aws.ToString(on.ContainerName) })
		if ends := on.Condition == types.ContainerConditionSuccess || on.Condition == types.ContainerConditionComplete; i < 0 || ends && aws.ToBool(d.ContainerDefinitions[i].Essential) {
			t.Errorf("%s waits for the %s of %q, which is not there, or essential", aws.ToString(c.Name), on.Condition, aws.ToString(on.ContainerName))
		}
	}
}

// checkStop compares the two places where the grace period stands.
func checkStop(t *testing.T, c types.ContainerDefinition) {
	t.Helper()
	if c.StopTimeout == nil || *c.StopTimeout < 2 {
		t.Error("stopTimeout is missing: ECS would wait for 30 seconds")
	}
	i := slices.IndexFunc(c.Environment, func(v types.KeyValuePair) bool { return aws.ToString(v.Name) == "RUNNER_STOP_TIMEOUT" })
	if i < 0 {
		t.Fatal("RUNNER_STOP_TIMEOUT is missing: ECS does not tell a container its stopTimeout")
	}
	got, err := time.ParseDuration(aws.ToString(c.Environment[i].Value))
	if want := time.Duration(aws.ToInt32(c.StopTimeout)) * time.Second; err != nil || got != want {
		t.Errorf("RUNNER_STOP_TIMEOUT %q, stopTimeout %v: they are one number", aws.ToString(c.Environment[i].Value), want)
	}
}

// checkLogs wants a log that never holds up a job. awslogs-stream-prefix is required on Fargate.
func checkLogs(t *testing.T, l *types.LogConfiguration) {
	t.Helper()
	if l == nil || l.LogDriver != types.LogDriverAwslogs || l.Options["mode"] != "non-blocking" {
		t.Fatalf("the log is not awslogs that is non-blocking: %+v", l)
	}
	for _, option := range []string{"awslogs-group", "awslogs-region", "awslogs-stream-prefix", "max-buffer-size"} {
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

// checkMounts wants each mount to have its volume, each volume its mount, and what the runner asks a Docker daemon outside
// to mount at the same path outside.
func checkMounts(t *testing.T, d definition) {
	t.Helper()
	used := map[string]bool{}
	for _, c := range d.ContainerDefinitions {
		for _, m := range c.MountPoints {
			name := aws.ToString(m.SourceVolume)
			used[name] = true
			i := slices.IndexFunc(d.Volumes, func(v types.Volume) bool { return aws.ToString(v.Name) == name })
			if i < 0 {
				t.Errorf("there is no volume %q", name)
			} else if h := d.Volumes[i].Host; h != nil && len(c.EntryPoint) == 0 && aws.ToString(h.SourcePath) != aws.ToString(m.ContainerPath) {
				t.Errorf("%s is mounted at %s: the daemon knows the host's paths only", aws.ToString(h.SourcePath), aws.ToString(m.ContainerPath))
			}
		}
	}
	for _, v := range d.Volumes {
		if !used[aws.ToString(v.Name)] {
			t.Errorf("nobody mounts the volume %q", aws.ToString(v.Name))
		}
	}
}

// Each way to run is what its name says.
func TestWaysToRun(t *testing.T) {
	all := map[string]definition{}
	for _, d := range definitions(t) {
		all[d.name] = d
		if privileged(d) && d.name != "ec2-dind" {
			t.Errorf("%s: privileged", d.name)
		}
	}
	for name, is := range map[string]func(definition) bool{
		"fargate":           func(d definition) bool { return d.on(types.CompatibilityFargate) && len(d.ContainerDefinitions) == 1 },
		"fargate-spot":      func(d definition) bool { return d.on(types.CompatibilityFargate) && len(d.ContainerDefinitions) == 1 },
		"fargate-fleet":     func(d definition) bool { return d.on(types.CompatibilityFargate) && len(d.runners()) > 1 },
		"managed-instances": func(d definition) bool { return d.on(types.CompatibilityManagedInstances) },
		"ec2-docker-sock":   func(d definition) bool { return d.on(types.CompatibilityEc2) && d.mounts("/var/run/docker.sock") },
		"ec2-sysbox": func(d definition) bool {
			return d.on(types.CompatibilityEc2) && d.dockerInside() && len(d.PlacementConstraints) == 1 && d.NetworkMode == types.NetworkModeBridge
		},
		"ec2-dind": func(d definition) bool { return d.on(types.CompatibilityEc2) && d.dockerInside() && privileged(d) },
	} {
		if d, there := all[name]; !there || !is(d) {
			t.Errorf("%s.json is missing, or something else", name)
		}
	}
}

// dockerInside says that a daemon runs in the container. It has to begin as root, and finds no room on top of the layers of
// another one, unless that is sysbox's affair.
func (d definition) dockerInside() bool {
	c := d.runners()[0]
	return environment(c)["RUNNER_DOCKER"] == "dind" && aws.ToString(c.User) == "0" && (len(d.PlacementConstraints) > 0 || d.mounts("/var/lib/docker"))
}

func (d definition) mounts(path string) bool {
	return slices.ContainsFunc(d.runners()[0].MountPoints, func(m types.MountPoint) bool { return aws.ToString(m.ContainerPath) == path })
}

// A workflow's job container gets the work directory and the externals of the runner, by the daemon of the host, which two
// tasks on one instance would share.
func TestDockerSocket(t *testing.T) {
	for _, d := range definitions(t) {
		if !d.mounts("/var/run/docker.sock") {
			continue
		}
		for _, path := range []string{environment(d.runners()[0])["RUNNER_WORKDIR"], "/home/runner/externals"} {
			if !d.mounts(path) {
				t.Errorf("%s: %q is not mounted from the host", d.name, path)
			}
		}
		distinct := func(c []types.PlacementConstraint) bool {
			return slices.ContainsFunc(c, func(c types.PlacementConstraint) bool { return c.Type == types.PlacementConstraintTypeDistinctInstance })
		}
		if !distinct(decode[ecs.RunTaskInput](t, filepath.Join("run-task", d.name+".json")).PlacementConstraints) {
			t.Errorf("%s: two tasks may meet on one instance, in one work directory", d.name)
		}
		if !distinct(decode[ecs.CreateServiceInput](t, filepath.Join("service", d.name+".json")).PlacementConstraints) {
			t.Errorf("%s: two tasks of a service may meet on one instance, in one work directory", d.name)
		}
	}
}

func orZero[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}
