package kubernetes

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/runner-init/runner-init/internal/platform"
)

// The annotations by which a pod is spared, and marked as one that others are to be deleted before:
// https://github.com/kubernetes/autoscaler/blob/master/cluster-autoscaler/FAQ.md,
// https://karpenter.sh/docs/concepts/disruption,
// https://kubernetes.io/docs/concepts/workloads/controllers/replicaset/#pod-deletion-cost.
var marks = map[string]string{
	"cluster-autoscaler.kubernetes.io/safe-to-evict": "false",
	"karpenter.sh/do-not-disrupt":                    "true",
	"controller.kubernetes.io/pod-deletion-cost":     "1000", // that of all others is 0
}

// ledger is the annotation that names the marks which are ours, so that whoever comes after us in this pod knows: the next
// runner in it, or a supervisor that takes over. What is there without it is somebody else's, and stays as it is.
const ledger = "runner-init/marks"

// patience is how long one wish may take.
const patience = 2 * time.Second

// Guard marks the pod while a job runs. Use it for one pod, and one call at a time.
type Guard struct {
	Cluster Cluster
	Pod     Pod

	known bool     // whether the pod has been looked at, since it was marked the last time
	ours  []string // the marks to set, or set: those that it does not have by itself
}

var _ platform.Heir = (*Guard)(nil)

// Inherited reports whether the pod has marks of a runner's that was killed: those that the ledger names.
func (g *Guard) Inherited(ctx context.Context) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	found, err := g.Cluster.annotate(ctx, g.Pod, nil, false)
	if err != nil {
		return false, err
	}
	named, left := found[ledger]
	if left {
		g.ours = slices.DeleteFunc(strings.Split(named, ","), func(name string) bool { return marks[name] == "" })
	}
	return left, nil
}

// Protect marks the pod. It looks first what the pod has by itself: a patch that changes nothing is answered with the pod,
// and takes no right besides that to patch.
func (g *Guard) Protect(ctx context.Context) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if !g.known {
		found, err := g.Cluster.annotate(ctx, g.Pod, nil, false)
		if err != nil {
			return 0, err
		}
		g.ours, g.known = missing(found), true
	}
	if len(g.ours) == 0 {
		return 0, nil
	}
	_, err := g.Cluster.annotate(ctx, g.Pod, g.wish(true), false)
	return 0, err
}

// Release takes our marks away. What the pod has by itself may change until the next job.
func (g *Guard) Release(ctx context.Context) error {
	g.known = false
	if len(g.ours) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	_, err := g.Cluster.annotate(ctx, g.Pod, g.wish(false), false)
	if err == nil {
		g.ours = nil
	}
	return err
}

// Try asks for what Protect would, and changes nothing. It reports whether the pod is marked now, by whomever.
func (g *Guard) Try(ctx context.Context) (marked bool, err error) {
	found, err := g.Cluster.annotate(ctx, g.Pod, nil, false)
	if err != nil {
		return false, err
	}
	all := Guard{ours: slices.Sorted(maps.Keys(marks))}
	_, err = g.Cluster.annotate(ctx, g.Pod, all.wish(true), true)
	for name, value := range marks {
		marked = marked || found[name] == value
	}
	return marked, err
}

// missing are the marks that are not there, or are ours.
func missing(annotations map[string]string) (names []string) {
	ours := strings.Split(annotations[ledger], ",")
	for name := range marks {
		if _, there := annotations[name]; !there || slices.Contains(ours, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// wish is the change of annotations that sets our marks, or takes them away.
func (g *Guard) wish(on bool) map[string]*string {
	wish := map[string]*string{ledger: nil}
	if on {
		wish[ledger] = new(strings.Join(g.ours, ","))
	}
	for _, name := range g.ours {
		wish[name] = nil
		if on {
			wish[name] = new(marks[name])
		}
	}
	return wish
}
