package kubernetes_test

import (
	"maps"
	"testing"

	"cel.dev/cel-go/cel"
	admissionv1 "k8s.io/api/admissionregistration/v1"
)

// pod is a pod as an expression sees it.
type pod = map[string]any

// runnerPod returns a pod with annotations, changed as told.
func runnerPod(annotations map[string]any, change func(pod)) pod {
	p := pod{"metadata": pod{"name": "github-runner-1", "annotations": annotations, "labels": pod{"app": "runner"}}, "spec": pod{"image": "runner"}}
	if change != nil {
		change(p)
	}
	return p
}

func metadata(p pod) pod { return p["metadata"].(pod) }

// TestPolicy evaluates the admission policy, which is what keeps a job with the token of its pod to annotations of it.
func TestPolicy(t *testing.T) {
	policy := find[*admissionv1.ValidatingAdmissionPolicy](t, "rbac.yaml")
	who := func(name, podName string) pod {
		user := pod{"username": "system:serviceaccount:" + name, "extra": pod{}}
		if podName != "" {
			user["extra"] = pod{"authentication.kubernetes.io/pod-name": []string{podName}}
		}
		return pod{"userInfo": user}
	}
	const ours = "github-runners:github-runner"
	busy := pod{"karpenter.sh/do-not-disrupt": "true"}
	for name, c := range map[string]struct {
		request        pod
		change         func(pod)
		binds, allowed bool
	}{
		"its own annotations":      {who(ours, "github-runner-1"), nil, true, true},
		"another pod":              {who(ours, "github-runner-2"), nil, true, false},
		"a token without a pod":    {who(ours, ""), nil, true, false},
		"its own image":            {who(ours, "github-runner-1"), func(p pod) { p["spec"] = pod{"image": "other"} }, true, false},
		"its own labels":           {who(ours, "github-runner-1"), func(p pod) { metadata(p)["labels"] = pod{"app": "other"} }, true, false},
		"without labels":           {who(ours, "github-runner-1"), func(p pod) { delete(metadata(p), "labels") }, true, false},
		"its own owner":            {who(ours, "github-runner-1"), func(p pod) { metadata(p)["ownerReferences"] = []any{pod{"name": "other"}} }, true, false},
		"a finalizer":              {who(ours, "github-runner-1"), func(p pod) { metadata(p)["finalizers"] = []any{"other"} }, true, false},
		"somebody else":            {who("kube-system:replicaset-controller", ""), nil, false, false},
		"the same name, elsewhere": {who("default:github-runner", "github-runner-1"), nil, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			vars := map[string]any{"request": c.request, "object": runnerPod(busy, c.change), "oldObject": runnerPod(nil, nil)}
			binds, allowed := true, true
			for _, m := range policy.Spec.MatchConditions {
				binds = binds && evaluate(t, m.Expression, vars)
			}
			if binds != c.binds {
				t.Fatalf("the policy binds the request: %t, want %t", binds, c.binds)
			}
			for _, v := range policy.Spec.Validations {
				allowed = allowed && evaluate(t, v.Expression, vars)
			}
			if c.binds && allowed != c.allowed {
				t.Errorf("allowed: %t, want %t", allowed, c.allowed)
			}
		})
	}
}

// evaluate has the language of admission policies as far as ours goes: with optional fields.
func evaluate(t *testing.T, expression string, vars map[string]any) bool {
	t.Helper()
	options := []cel.EnvOption{cel.OptionalTypes()}
	for name := range maps.Keys(vars) {
		options = append(options, cel.Variable(name, cel.DynType))
	}
	env, err := cel.NewEnv(options...)
	if err != nil {
		t.Fatal(err)
	}
	parsed, issues := env.Compile(expression)
	if issues.Err() != nil {
		t.Fatalf("%s: %v", expression, issues.Err())
	}
	program, err := env.Program(parsed)
	if err != nil {
		t.Fatal(err)
	}
	value, _, err := program.Eval(vars)
	if err != nil {
		return false // failurePolicy: Fail
	}
	return value.Value() == true
}
