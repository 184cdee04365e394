package kubernetes_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// Names, and what is to be replaced. Nothing else may look like somebody's own, or be left for the reader to guess.
var (
	placeholder = regexp.MustCompile(`CHANGE-ME-[A-Z]+`)
	suspicious  = regexp.MustCompile(`(?i)[<>{}$]|change[-_ ](me|this|it)|replace[-_ ](me|this|it)|example|\byour|xxx|todo|acme|@sha256|\.(com|io|dev|org)/`)
	innocent    = []string{"https://github.com/CHANGE-ME-OWNER/CHANGE-ME-REPO", "docker:28-dind"}
	parts       = []string{"({})", "controller.kubernetes.io/", "cluster-autoscaler.kubernetes.io/", "karpenter.sh/", "app.kubernetes.io/", "authentication.kubernetes.io/", "rbac.authorization.k8s.io", "admissionregistration.k8s.io/"}
)

// TestPlaceholders: every value that is the reader's own is marked, and the README says what each mark is for.
func TestPlaceholders(t *testing.T) {
	for _, w := range workloads(read(t)) {
		for _, c := range slices.Concat(w.Spec.InitContainers, w.Spec.Containers) {
			if c.Image != "CHANGE-ME-IMAGE" && !slices.Contains(innocent, c.Image) {
				t.Errorf("%s: image %q is not marked", w.file, c.Image)
			}
		}
		if place := value(w.runner(t), "RUNNER_REPO"); w.file != valuesFile && place != "CHANGE-ME-OWNER/CHANGE-ME-REPO" {
			t.Errorf("%s: RUNNER_REPO %q is not marked", w.file, place)
		}
	}
	_, values := read(t)
	if values.GithubConfigURL != innocent[0] {
		t.Errorf("githubConfigUrl %q is not marked", values.GithubConfigURL)
	}
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	files, _ := filepath.Glob("*.yaml")
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, mark := range placeholder.FindAllString(string(text), -1) {
			if !strings.Contains(string(readme), "| `"+mark+"` |") {
				t.Errorf("%s: the README does not say what %s is for", file, mark)
			}
		}
		if !strings.Contains(string(readme), "]("+file+")") {
			t.Errorf("%s: the README does not speak of it", file)
		}
		for _, s := range scalars(t, text) {
			if rest := withoutKnown(s); suspicious.MatchString(rest) {
				t.Errorf("%s: %q: what the reader has to fill in is written CHANGE-ME-…", file, s)
			}
		}
	}
}

func withoutKnown(s string) string {
	if slices.Contains(innocent, s) {
		return ""
	}
	for _, p := range parts {
		s = strings.ReplaceAll(s, p, "")
	}
	return placeholder.ReplaceAllString(s, "")
}

// scalars are all keys and values of all documents.
func scalars(t *testing.T, text []byte) (all []string) {
	t.Helper()
	var walk func(any)
	walk = func(v any) {
		switch v := v.(type) {
		case string:
			all = append(all, v)
		case []any:
			for _, e := range v {
				walk(e)
			}
		case map[string]any:
			for k, e := range v {
				all = append(all, k)
				walk(e)
			}
		}
	}
	for document := range strings.SplitSeq(string(text), "\n---\n") {
		var v any
		if err := yaml.Unmarshal([]byte(document), &v); err != nil {
			t.Fatal(err)
		}
		walk(v)
	}
	return all
}

// TestNamespace: an object that is somewhere else would not be found by the others.
func TestNamespace(t *testing.T) {
	files, _ := filepath.Glob("*.yaml")
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for document := range strings.SplitSeq(string(text), "\n---\n") {
			var o struct {
				Kind     string
				Metadata struct{ Namespace string }
			}
			if err := yaml.Unmarshal([]byte(document), &o); err != nil {
				t.Fatal(err)
			}
			if want := namespace; o.Metadata.Namespace != want && o.Kind != "" && !strings.HasPrefix(o.Kind, "ValidatingAdmissionPolicy") {
				t.Errorf("%s: %s in namespace %q, want %q", file, o.Kind, o.Metadata.Namespace, want)
			}
		}
	}
}
