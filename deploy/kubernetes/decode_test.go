// Package kubernetes_test holds the manifests to Kubernetes' own types, and to the program that they start. It is a module
// of its own, so that the program's does not depend on Kubernetes.
package kubernetes_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	yamlstream "k8s.io/apimachinery/pkg/util/yaml"
	strictjson "sigs.k8s.io/json"
	"sigs.k8s.io/yaml"
)

// scaledJob is the part of KEDA's ScaledJob that we use (kedacore/keda, apis/keda/v1alpha1/scaledjob_types.go).
type scaledJob struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`
	Spec              struct {
		JobTargetRef               batchv1.JobSpec `json:"jobTargetRef"`
		PollingInterval            int32           `json:"pollingInterval"` // seconds
		SuccessfulJobsHistoryLimit int32           `json:"successfulJobsHistoryLimit"`
		FailedJobsHistoryLimit     int32           `json:"failedJobsHistoryLimit"`
		MinReplicaCount            int32           `json:"minReplicaCount"`
		MaxReplicaCount            int32           `json:"maxReplicaCount"`
		Rollout                    struct {
			Strategy string `json:"strategy"`
		} `json:"rollout"`
		Triggers []struct {
			Type              string            `json:"type"`
			Metadata          map[string]string `json:"metadata"`
			AuthenticationRef struct {
				Name string `json:"name"`
			} `json:"authenticationRef"`
		} `json:"triggers"`
	} `json:"spec"`
}

// triggerAuthentication is that of KEDA's TriggerAuthentication.
type triggerAuthentication struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`
	Spec              struct {
		SecretTargetRef []struct {
			Parameter string `json:"parameter"`
			Name      string `json:"name"`
			Key       string `json:"key"`
		} `json:"secretTargetRef"`
	} `json:"spec"`
}

func (s *scaledJob) DeepCopyObject() runtime.Object             { c := *s; return &c }
func (a *triggerAuthentication) DeepCopyObject() runtime.Object { c := *a; return &c }

// scaleSet is the part of the values of the chart gha-runner-scale-set that we use
// (actions/actions-runner-controller, charts/gha-runner-scale-set/values.yaml).
type scaleSet struct {
	GithubConfigURL    string                 `json:"githubConfigUrl"`
	GithubConfigSecret string                 `json:"githubConfigSecret"`
	MinRunners         int                    `json:"minRunners"`
	MaxRunners         int                    `json:"maxRunners"`
	Template           corev1.PodTemplateSpec `json:"template"`
}

// valuesFile is no manifest but the values of a Helm chart.
const valuesFile = "scale-set-values.yaml"

// read returns what each file holds. A field that its type does not have, in this spelling, is an error, and so is one that
// is there twice.
func read(t *testing.T) (objects map[string][]runtime.Object, values scaleSet) {
	t.Helper()
	files, err := filepath.Glob("*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no manifests: %v", err)
	}
	objects = map[string][]runtime.Object{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if file == valuesFile {
			readValues(t, text, &values)
			continue
		}
		objects[file] = decode(t, file, text)
	}
	return objects, values
}

func decode(t *testing.T, file string, text []byte) (all []runtime.Object) {
	t.Helper()
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{corev1.AddToScheme, appsv1.AddToScheme, batchv1.AddToScheme, rbacv1.AddToScheme, admissionv1.AddToScheme} {
		if err := add(scheme); err != nil {
			t.Fatal(err)
		}
	}
	keda := schema.GroupVersion{Group: "keda.sh", Version: "v1alpha1"}
	scheme.AddKnownTypeWithName(keda.WithKind("ScaledJob"), &scaledJob{})
	scheme.AddKnownTypeWithName(keda.WithKind("TriggerAuthentication"), &triggerAuthentication{})
	decoder := serializer.NewCodecFactory(scheme, serializer.EnableStrict).UniversalDeserializer()
	for documents := yamlstream.NewDocumentDecoder(io.NopCloser(bytes.NewReader(text))); ; {
		document := make([]byte, len(text))
		n, err := documents.Read(document)
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		object, _, err := decoder.Decode(document[:n], nil, nil)
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		all = append(all, object)
	}
}

func readValues(t *testing.T, text []byte, values *scaleSet) {
	t.Helper()
	asJSON, err := yaml.YAMLToJSONStrict(text)
	if err != nil {
		t.Fatal(err)
	}
	unknown, err := strictjson.UnmarshalStrict(asJSON, values)
	if err != nil || len(unknown) > 0 {
		t.Errorf("%s: %v", valuesFile, errors.Join(append(unknown, err)...))
	}
}

// workload is one of our pods, and where it comes from.
type workload struct {
	file string
	corev1.PodTemplateSpec
	job *batchv1.JobSpec // nil for a pod that is nobody's job
}

// workloads are all pods of the manifests, by what makes them.
func workloads(objects map[string][]runtime.Object, values scaleSet) (all []workload) {
	for file, some := range objects {
		for _, object := range some {
			switch o := object.(type) {
			case *appsv1.Deployment:
				all = append(all, workload{file, o.Spec.Template, nil})
			case *batchv1.Job:
				all = append(all, workload{file, o.Spec.Template, &o.Spec})
			case *scaledJob:
				all = append(all, workload{file, o.Spec.JobTargetRef.Template, &o.Spec.JobTargetRef})
			}
		}
	}
	return append(all, workload{valuesFile, values.Template, nil})
}

// runner is the container with the runner.
func (w workload) runner(t *testing.T) corev1.Container {
	t.Helper()
	for _, c := range w.Spec.Containers {
		if c.Name == "runner" {
			return c
		}
	}
	t.Fatalf("%s: no container is called runner", w.file)
	return corev1.Container{}
}
