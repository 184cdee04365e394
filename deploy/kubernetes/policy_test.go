package kubernetes_test

import (
	"maps"
	"slices"
	"testing"

	"cel.dev/cel-go/cel"
	admissionv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
)

// TestRBAC: the account of deployment.yaml has the one right that there is a use for.
func TestRBAC(t *testing.T) {
	role, binding := find[*rbacv1.Role](t, "rbac.yaml"), find[*rbacv1.RoleBinding](t, "rbac.yaml")
	if len(role.Rules) != 1 || !slices.Equal(role.Rules[0].Verbs, []string{"patch"}) || !slices.Equal(role.Rules[0].Resources, []string{"pods"}) || !slices.Equal(role.Rules[0].APIGroups, []string{""}) {
		t.Errorf("rules %+v", role.Rules)
	}
	if r := binding.RoleRef; r.Kind != "Role" || r.Name != role.Name || r.APIGroup != rbacv1.GroupName {
		t.Errorf("roleRef %+v", r)
	}
	subject := rbacv1.Subject{Kind: "ServiceAccount", Name: account, Namespace: namespace}
	if !slices.Equal(binding.Subjects, []rbacv1.Subject{subject}) {
		t.Errorf("subjects %+v", binding.Subjects)
	}
	if a := find[*corev1.ServiceAccount](t, "rbac.yaml"); a.Name != account || a.AutomountServiceAccountToken == nil || *a.AutomountServiceAccountToken {
		t.Errorf("account %+v", a)
	}
	d := find[*appsv1.Deployment](t, "deployment.yaml")
	for key, label := range d.Spec.Selector.MatchLabels {
		if d.Spec.Template.Labels[key] != label {
			t.Errorf("the selector looks for %s=%s, which its pods do not have", key, label)
		}
	}
	if d.Spec.Template.Spec.ServiceAccountName != account {
		t.Error("deployment.yaml has another account")
	}
}

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

// annotate changes an annotation; one that is empty is taken away.
func annotate(name, value string) func(pod) {
	return func(p pod) {
		all := maps.Clone(metadata(p)["annotations"].(pod))
		if all[name] = value; value == "" {
			delete(all, name)
		}
		metadata(p)["annotations"] = all
	}
}

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
	idle, busy := pod{"prometheus.io/scrape": "true"}, pod{"prometheus.io/scrape": "true", "karpenter.sh/do-not-disrupt": "true"}
	for name, c := range map[string]struct {
		request        pod
		change         func(pod)
		binds, allowed bool
	}{
		"its own annotations":      {who(ours, "github-runner-1"), nil, true, true},
		"no longer":                {who(ours, "github-runner-1"), annotate("karpenter.sh/do-not-disrupt", ""), true, true},
		"all of them":              {who(ours, "github-runner-1"), annotate("runner-init/marks", "a"), true, true},
		"its deletion cost":        {who(ours, "github-runner-1"), annotate("controller.kubernetes.io/pod-deletion-cost", "1000"), true, true},
		"its eviction":             {who(ours, "github-runner-1"), annotate("cluster-autoscaler.kubernetes.io/safe-to-evict", "false"), true, true},
		"another annotation":       {who(ours, "github-runner-1"), annotate("k8s.v1.cni.cncf.io/networks", "other"), true, false},
		"somebody's annotation":    {who(ours, "github-runner-1"), annotate("prometheus.io/scrape", "false"), true, false},
		"without somebody's":       {who(ours, "github-runner-1"), annotate("prometheus.io/scrape", ""), true, false},
		"without any":              {who(ours, "github-runner-1"), func(p pod) { delete(metadata(p), "annotations") }, true, false},
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
			vars := map[string]any{"request": c.request, "object": runnerPod(busy, c.change), "oldObject": runnerPod(idle, nil)}
			composed := map[string]any{} // a variable may use those before it
			vars["variables"] = composed
			for _, v := range policy.Spec.Variables {
				composed[v.Name] = evaluate(t, v.Expression, vars)
			}
			binds, allowed := true, true
			for _, m := range policy.Spec.MatchConditions {
				binds = binds && evaluate(t, m.Expression, vars) == true
			}
			if binds != c.binds {
				t.Fatalf("the policy binds the request: %t, want %t", binds, c.binds)
			}
			for _, v := range policy.Spec.Validations {
				allowed = allowed && evaluate(t, v.Expression, vars) == true
			}
			if c.binds && allowed != c.allowed {
				t.Errorf("allowed: %t, want %t", allowed, c.allowed)
			}
		})
	}
}

// evaluate has the language of admission policies as far as ours goes: with optional fields. What cannot be evaluated is
// nothing, and so denied: failurePolicy is Fail.
func evaluate(t *testing.T, expression string, vars map[string]any) any {
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
		return nil
	}
	return value.Value()
}
