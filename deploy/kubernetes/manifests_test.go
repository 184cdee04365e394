package kubernetes_test

import (
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

const (
	program   = "/usr/local/bin/runner-init" // where the Dockerfile puts it
	namespace = "github-runners"
	account   = "github-runner"
)

// find returns the one object of a type in a file.
func find[T runtime.Object](t *testing.T, file string) (found T) {
	t.Helper()
	objects, _ := read(t)
	n := 0
	for _, object := range objects[file] {
		if o, ok := object.(T); ok {
			found, n = o, n+1
		}
	}
	if n != 1 {
		t.Fatalf("%s has %d of %T, want one", file, n, found)
	}
	return found
}

// TestPods holds every pod to what Kubernetes would refuse, and to what a runner needs.
func TestPods(t *testing.T) {
	for _, w := range workloads(read(t)) {
		t.Run(w.file, func(t *testing.T) {
			checkContainers(t, w)
			checkRunner(t, w.runner(t))
			checkJob(t, w)
			if w.Spec.EnableServiceLinks == nil || *w.Spec.EnableServiceLinks {
				t.Error("enableServiceLinks: a service called runner would set variables like ours")
			}
			if mounts := w.Spec.AutomountServiceAccountToken; mounts == nil || *mounts && w.Spec.ServiceAccountName != account {
				t.Error("automountServiceAccountToken: jobs can read the token, so it is said which one it is, or that there is none")
			}
		})
	}
}

// checkContainers: what the API server says no to.
func checkContainers(t *testing.T, w workload) {
	t.Helper()
	volumes, mounted, names := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, v := range w.Spec.Volumes {
		volumes[v.Name] = true
		if v.EmptyDir == nil {
			t.Errorf("volume %s: nothing outlives a runner but its emptyDir", v.Name)
		}
	}
	for _, c := range slices.Concat(w.Spec.InitContainers, w.Spec.Containers) {
		if names[c.Name] {
			t.Errorf("container %s: twice", c.Name)
		}
		names[c.Name] = true
		for _, m := range c.VolumeMounts {
			if !volumes[m.Name] {
				t.Errorf("container %s mounts volume %q, which is nowhere", c.Name, m.Name)
			}
			mounted[m.Name] = true
		}
		if privileged := c.SecurityContext != nil && c.SecurityContext.Privileged != nil && *c.SecurityContext.Privileged; privileged != (c.Name == "dind") {
			t.Errorf("container %s: privileged %t", c.Name, privileged)
		}
	}
	if len(mounted) != len(volumes) {
		t.Errorf("volumes %v, mounted %v", volumes, mounted)
	}
}

// checkRunner holds the container to how runner-init is run.
func checkRunner(t *testing.T, c corev1.Container) {
	t.Helper()
	if c.Command != nil && c.Command[0] != program {
		t.Errorf("command %q: runner-init has to be the first process", c.Command)
	}
	if c.Lifecycle != nil {
		t.Error("a hook before the stop is not needed: SIGTERM begins a drain")
	}
	check := func(name string, p *corev1.Probe, command ...string) {
		if p == nil || p.Exec == nil || !slices.Equal(p.Exec.Command, command) {
			t.Errorf("%s: %v, want exec %q", name, p, command)
		}
	}
	check("livenessProbe", c.LivenessProbe, program, "healthcheck")
	if p := c.LivenessProbe; p != nil && p.PeriodSeconds*p.FailureThreshold < 300 {
		t.Error("livenessProbe: five minutes at least before a job is killed")
	}
	if c.ReadinessProbe != nil {
		check("readinessProbe", c.ReadinessProbe, program, "healthcheck", "--ready")
	}
	if c.Resources.Requests.Cpu().IsZero() || c.Resources.Requests.Memory().IsZero() || c.Resources.Limits.Memory().IsZero() {
		t.Error("resources: without them a node is shared out as if runners needed nothing")
	}
}

// checkJob: a runner that has done its job must not be followed by another one, and a failure is repeated only where that
// may help.
func checkJob(t *testing.T, w workload) {
	t.Helper()
	if w.file == "deployment.yaml" {
		if w.Spec.RestartPolicy != "" && w.Spec.RestartPolicy != corev1.RestartPolicyAlways {
			t.Error("a Deployment restarts its containers always")
		}
		return
	}
	if w.Spec.RestartPolicy != corev1.RestartPolicyNever {
		t.Error("restartPolicy: a runner that is done is done")
	}
	for _, mark := range []string{"cluster-autoscaler.kubernetes.io/safe-to-evict=false", "karpenter.sh/do-not-disrupt=true"} {
		if name, value, _ := strings.Cut(mark, "="); w.Annotations[name] != value {
			t.Errorf("annotation %s: %q, want %q", name, w.Annotations[name], value)
		}
	}
	if w.job == nil {
		return
	}
	if p := w.job.PodReplacementPolicy; p == nil || *p != batchv1.Failed {
		t.Error("podReplacementPolicy: a second runner would start while the first one drains")
	}
	codes, err := os.ReadFile("../../docs/exit-codes.md")
	if err != nil {
		t.Fatal(err)
	}
	if w.job.PodFailurePolicy == nil {
		t.Fatal("podFailurePolicy is missing")
	}
	for _, rule := range w.job.PodFailurePolicy.Rules {
		if rule.OnExitCodes == nil {
			continue
		}
		for _, code := range rule.OnExitCodes.Values {
			if !strings.Contains(string(codes), "\n| "+strconv.Itoa(int(code))+" |") {
				t.Errorf("exit code %d: runner-init has no such", code)
			}
		}
		if *rule.OnExitCodes.ContainerName != w.runner(t).Name {
			t.Errorf("exit codes of container %q", *rule.OnExitCodes.ContainerName)
		}
	}
}

// TestSidecar: the daemon is there before the runner, and goes after it.
func TestSidecar(t *testing.T) {
	pod := find[*batchv1.Job](t, "dind.yaml").Spec.Template.Spec
	i := slices.IndexFunc(pod.InitContainers, func(c corev1.Container) bool { return c.Name == "dind" })
	if i < 0 {
		t.Fatal("no init container is called dind")
	}
	dind := pod.InitContainers[i]
	if dind.RestartPolicy == nil || *dind.RestartPolicy != corev1.ContainerRestartPolicyAlways || dind.StartupProbe == nil {
		t.Error("a sidecar is an init container with restartPolicy: Always, and others wait for it by its startupProbe")
	}
	path := func(c corev1.Container, volume string) string {
		for _, m := range c.VolumeMounts {
			if m.Name == volume {
				return m.MountPath
			}
		}
		return ""
	}
	runner := workload{"dind.yaml", corev1.PodTemplateSpec{Spec: pod}, nil}.runner(t)
	if at := path(dind, "work"); at == "" || at != path(runner, "work") {
		t.Error("the daemon mounts directories of the runner's into containers: they are at the same path for both")
	}
	if path(dind, "externals") != "/home/runner/externals" {
		t.Error("the runner's externals are not where the daemon looks for them")
	}
	socket := "unix://" + path(runner, "socket") + "/docker.sock"
	if !slices.Contains(dind.Args, "--host="+socket) || !slices.Contains(dind.StartupProbe.Exec.Command, "--host="+socket) {
		t.Errorf("dockerd listens elsewhere than at %s", socket)
	}
	if value(runner, "DOCKER_HOST") != socket {
		t.Errorf("DOCKER_HOST is %q, want %q", value(runner, "DOCKER_HOST"), socket)
	}
	// The image with Docker's client is root's, and a kubelet does not start what is to be no root and does not say who.
	s := runner.SecurityContext
	if s.RunAsUser == nil || s.RunAsGroup == nil || *s.RunAsUser == 0 {
		t.Fatal("runAsUser, runAsGroup: the image with Docker's client starts as root otherwise")
	}
	if group := "--group=" + strconv.FormatInt(*s.RunAsGroup, 10); !slices.Contains(dind.Args, group) {
		t.Errorf("the socket is not the runner's: dockerd without %s", group)
	}
}

// TestDockerImage: where jobs use docker, the image has to have its client, and the README says so.
func TestDockerImage(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range workloads(read(t)) {
		c, says := w.runner(t), false
		for row := range strings.Lines(string(readme)) {
			says = says || strings.HasPrefix(row, "| [`"+w.file+"`]") && strings.Contains(row, "target `docker`")
		}
		if docker := value(c, "DOCKER_HOST") != "" || value(c, "RUNNER_DOCKER") != ""; docker != says {
			t.Errorf("%s: jobs use docker: %t; the README wants the image with its client: %t", w.file, docker, says)
		}
	}
}

func value(c corev1.Container, name string) string {
	for _, v := range c.Env {
		if v.Name == name {
			return v.Value
		}
	}
	return ""
}

// TestRestricted: what the Pod Security Standard "restricted" asks for, and that no user is named, so that any may run it.
func TestRestricted(t *testing.T) {
	pod := find[*batchv1.Job](t, "restricted.yaml").Spec.Template.Spec
	if s := pod.SecurityContext; s == nil || s.RunAsNonRoot == nil || !*s.RunAsNonRoot || s.SeccompProfile == nil || s.SeccompProfile.Type != corev1.SeccompProfileTypeRuntimeDefault || s.RunAsUser != nil {
		t.Errorf("securityContext of the pod: %+v", s)
	}
	if pod.HostUsers == nil || *pod.HostUsers {
		t.Error("hostUsers is to be false")
	}
	for _, c := range slices.Concat(pod.InitContainers, pod.Containers) {
		s := c.SecurityContext
		if s == nil || s.AllowPrivilegeEscalation == nil || *s.AllowPrivilegeEscalation || s.ReadOnlyRootFilesystem == nil || !*s.ReadOnlyRootFilesystem ||
			s.RunAsUser != nil || s.Capabilities == nil || !slices.Contains(s.Capabilities.Drop, "ALL") || len(s.Capabilities.Add) > 0 {
			t.Errorf("securityContext of %s: %+v", c.Name, s)
		}
	}
	home := value(workload{"", corev1.PodTemplateSpec{Spec: pod}, nil}.runner(t), "RUNNER_HOME")
	if !slices.ContainsFunc(pod.Containers[0].VolumeMounts, func(m corev1.VolumeMount) bool { return m.MountPath == home }) {
		t.Errorf("RUNNER_HOME %q is no volume: nothing can be written there", home)
	}
}

// TestSysbox: the daemon is inside, and nothing is privileged, which checkContainers sees to.
func TestSysbox(t *testing.T) {
	pod := find[*batchv1.Job](t, "sysbox.yaml").Spec.Template.Spec
	if pod.RuntimeClassName == nil || *pod.RuntimeClassName != "sysbox-runc" || pod.HostUsers == nil || *pod.HostUsers {
		t.Error("runtimeClassName is to be sysbox-runc, and hostUsers false")
	}
	if inside := value(workload{"", corev1.PodTemplateSpec{Spec: pod}, nil}.runner(t), "RUNNER_DOCKER"); inside != "dind" {
		t.Errorf("RUNNER_DOCKER is %q", inside)
	}
}

// TestScaledJob: KEDA counts the jobs that the runners it starts can take.
func TestScaledJob(t *testing.T) {
	s, a := find[*scaledJob](t, "scaledjob.yaml"), find[*triggerAuthentication](t, "scaledjob.yaml")
	if len(s.Spec.Triggers) != 1 {
		t.Fatalf("triggers %+v", s.Spec.Triggers)
	}
	trigger := s.Spec.Triggers[0]
	runner := workload{"", s.Spec.JobTargetRef.Template, nil}.runner(t)
	place := trigger.Metadata["owner"] + "/" + trigger.Metadata["repos"]
	if trigger.Type != "github-runner" || trigger.Metadata["runnerScope"] != "repo" || place != value(runner, "RUNNER_REPO") || trigger.Metadata["labels"] != value(runner, "RUNNER_LABELS") {
		t.Errorf("trigger %+v, runner %+v", trigger, runner.Env)
	}
	if trigger.AuthenticationRef.Name != a.Name || len(a.Spec.SecretTargetRef) != 1 || a.Spec.SecretTargetRef[0].Parameter != "personalAccessToken" {
		t.Errorf("the trigger refers to %q, there is %+v", trigger.AuthenticationRef.Name, a)
	}
	i := slices.IndexFunc(runner.Env, func(v corev1.EnvVar) bool { return v.Name == "GITHUB_TOKEN" })
	if key := runner.Env[i].ValueFrom.SecretKeyRef; key.Name != a.Spec.SecretTargetRef[0].Name || key.Key != a.Spec.SecretTargetRef[0].Key {
		t.Error("KEDA and the runner have different secrets")
	}
}
