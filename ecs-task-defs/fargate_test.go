package taskdefs_test

import (
	"slices"
	"strconv"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

func checkFargate(t *testing.T, d definition) {
	t.Helper()
	checkUnprivileged(t, d)
	checkSize(t, d)
	if d.NetworkMode != types.NetworkModeAwsvpc {
		t.Errorf("network mode %q: Fargate has awsvpc and no other", d.NetworkMode)
	}
	if n := orZero(d.EphemeralStorage).SizeInGiB; n < 21 || n > 200 {
		t.Errorf("ephemeral storage of %d GiB: Fargate has 21 to 200", n)
	}
	if len(d.PlacementConstraints) > 0 {
		t.Error("Fargate has no placement constraints")
	}
	if d.IpcMode != "" || d.PidMode == types.PidModeHost {
		t.Error("Fargate has no namespaces of a host")
	}
	for _, c := range d.ContainerDefinitions {
		if n := aws.ToInt32(c.StopTimeout); n > 120 {
			t.Errorf("%s: stopTimeout %d: Fargate has 2 to 120 seconds", aws.ToString(c.Name), n)
		}
		for _, name := range unknownToFargate(c) {
			t.Errorf("%s: Fargate has no %s", aws.ToString(c.Name), name)
		}
	}
}

// unknownToFargate names what a container asks for and Fargate refuses
// (https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html).
func unknownToFargate(c types.ContainerDefinition) (names []string) {
	l := orZero(c.LinuxParameters)
	for name, asked := range map[string]bool{
		"disableNetworking": aws.ToBool(c.DisableNetworking), "dnsSearchDomains": len(c.DnsSearchDomains) > 0, "dnsServers": len(c.DnsServers) > 0,
		"dockerSecurityOptions": len(c.DockerSecurityOptions) > 0, "extraHosts": len(c.ExtraHosts) > 0, "links": len(c.Links) > 0,
		"resourceRequirements of a GPU": slices.ContainsFunc(c.ResourceRequirements, func(r types.ResourceRequirement) bool { return r.Type == types.ResourceTypeGpu }),
		"ulimits besides nofile":        slices.ContainsFunc(c.Ulimits, func(u types.Ulimit) bool { return u.Name != types.UlimitNameNofile }),
		"devices":                       len(l.Devices) > 0, "sharedMemorySize": l.SharedMemorySize != nil, "tmpfs": len(l.Tmpfs) > 0, "swap": l.MaxSwap != nil || l.Swappiness != nil,
		"capabilities besides SYS_PTRACE": slices.ContainsFunc(orZero(l.Capabilities).Add, func(name string) bool { return name != "SYS_PTRACE" }),
	} {
		if asked {
			names = append(names, name)
		}
	}
	return names
}

// checkUnprivileged refuses what leads out of a container: on Fargate and Managed Instances there is nothing behind it
// that would be ours.
func checkUnprivileged(t *testing.T, d definition) {
	t.Helper()
	if privileged(d) {
		t.Error("a privileged container")
	}
	for _, v := range d.Volumes {
		if v.Host != nil || v.DockerVolumeConfiguration != nil {
			t.Errorf("volume %q is the host's", aws.ToString(v.Name))
		}
	}
}

func privileged(d definition) bool {
	return slices.ContainsFunc(d.ContainerDefinitions, func(c types.ContainerDefinition) bool { return aws.ToBool(c.Privileged) })
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

// checkSize holds a task to Fargate's sizes, and the shares of its containers to the whole.
func checkSize(t *testing.T, d definition) {
	t.Helper()
	m, known := memory[aws.ToString(d.Cpu)]
	n, err := strconv.Atoi(aws.ToString(d.Memory))
	if !known || err != nil || n < m.from || n > m.to || (n-m.from)%m.step != 0 {
		t.Errorf("cpu %q with memory %q is no pair that Fargate offers", aws.ToString(d.Cpu), aws.ToString(d.Memory))
	}
	cpu, mem := 0, 0
	for _, c := range d.ContainerDefinitions {
		cpu, mem = cpu+int(c.Cpu), mem+int(aws.ToInt32(c.Memory))
	}
	if whole, _ := strconv.Atoi(aws.ToString(d.Cpu)); cpu > whole || mem > n {
		t.Errorf("the containers ask for %d CPU units and %d MiB, and there are %d and %d", cpu, mem, whole, n)
	}
}
