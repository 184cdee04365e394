// Package kubernetes knows the pod that we run in, as far as the downward API tells of it, and marks it while a job runs, so
// that autoscalers spare it.
//
// It asks the API server for nothing but a patch of our own pod's annotations, with the token of the pod's service account,
// and refuses to need it: a pod without a token, or without the right, is a pod like any other.
package kubernetes

import (
	"strings"

	"github.com/runner-init/runner-init/internal/platform"
)

// The variables that a manifest fills in from the downward API
// (https://kubernetes.io/docs/concepts/workloads/pods/downward-api/).
const (
	NameVariable      = "POD_NAME"      // metadata.name
	NamespaceVariable = "POD_NAMESPACE" // metadata.namespace
	UIDVariable       = "POD_UID"       // metadata.uid
)

// Keys of log attributes.
const (
	keyNamespace = "namespace" // Kubernetes namespace
	keyPod       = "pod"       // name of the Kubernetes pod
	keyUID       = "uid"       // uid of the Kubernetes pod
)

// Pod is the pod that we run in, as it was told of itself. Each field may be empty.
type Pod struct{ Name, Namespace, UID string }

// Facts are what the pod tells. A pod that was told nothing is nowhere in particular.
func (p Pod) Facts() platform.Facts {
	if p == (Pod{}) {
		return platform.Facts{}
	}
	return platform.Facts{
		Name:    "Kubernetes",
		ID:      strings.ToLower(strings.ReplaceAll(p.UID, "-", "")),
		Labels:  []string{"kubernetes"},
		Attrs:   platform.Attrs(keyNamespace, p.Namespace, keyPod, p.Name),
		Details: platform.Attrs(keyUID, p.UID),
	}
}
