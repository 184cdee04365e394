package kubernetes_test

import (
	"maps"
	"strings"
	"testing"

	"github.com/runner-init/runner-init/internal/platform/kubernetes"
)

// A pod has our marks while there is a job, and afterwards what it had before. Its own marks are never touched.
func TestMarks(t *testing.T) {
	all := map[string]string{evict: "false", disrupt: "true", deletion: "1000", ledger: strings.Join([]string{evict, deletion, disrupt}, ",")}
	for name, c := range map[string]struct{ before, during, after map[string]string }{
		"no annotations":       {nil, all, map[string]string{}},
		"somebody else's":      {map[string]string{"a": "b"}, with(all, "a", "b"), map[string]string{"a": "b"}},
		"one of its own":       {map[string]string{deletion: "7"}, map[string]string{evict: "false", disrupt: "true", deletion: "7", ledger: evict + "," + disrupt}, map[string]string{deletion: "7"}},
		"all of its own":       {map[string]string{evict: "false", disrupt: "true", deletion: "7"}, map[string]string{evict: "false", disrupt: "true", deletion: "7"}, map[string]string{evict: "false", disrupt: "true", deletion: "7"}},
		"evicted all the same": {map[string]string{evict: "true"}, map[string]string{evict: "true", disrupt: "true", deletion: "1000", ledger: deletion + "," + disrupt}, map[string]string{evict: "true"}},
		"left by a runner":     {all, all, map[string]string{}},
	} {
		t.Run(name, func(t *testing.T) {
			server, cluster := serve(t, c.before)
			g := &kubernetes.Guard{Cluster: cluster, Pod: ourPod}
			for range 2 {
				if lease, err := g.Protect(t.Context()); err != nil || lease != 0 {
					t.Fatalf("got %s, %v", lease, err)
				}
				if got := server.Annotations(); !maps.Equal(got, c.during) {
					t.Errorf("with a job %q, want %q", got, c.during)
				}
				if err := g.Release(t.Context()); err != nil {
					t.Fatal(err)
				}
				if got := server.Annotations(); !maps.Equal(got, c.after) {
					t.Errorf("after it %q, want %q", got, c.after)
				}
			}
		})
	}
}

func with(m map[string]string, name, value string) map[string]string {
	m = maps.Clone(m)
	m[name] = value
	return m
}

// The marks of a runner that was killed are known by the ledger, and taken away without a job; all others stay.
func TestInherited(t *testing.T) {
	for name, c := range map[string]struct {
		before, after map[string]string
		left          bool
	}{
		"nothing":         {map[string]string{"a": "b"}, map[string]string{"a": "b"}, false},
		"somebody else's": {map[string]string{evict: "false", disrupt: "true"}, map[string]string{evict: "false", disrupt: "true"}, false},
		"marks":           {map[string]string{"a": "b", evict: "false", disrupt: "true", ledger: evict}, map[string]string{"a": "b", disrupt: "true"}, true},
		"more than marks": {map[string]string{"a": "b", evict: "false", ledger: evict + ",a"}, map[string]string{"a": "b"}, true},
		"an empty ledger": {map[string]string{disrupt: "true", ledger: ""}, map[string]string{disrupt: "true", ledger: ""}, true},
	} {
		t.Run(name, func(t *testing.T) {
			server, cluster := serve(t, c.before)
			g := &kubernetes.Guard{Cluster: cluster, Pod: ourPod}
			if left, err := g.Inherited(t.Context()); left != c.left || err != nil {
				t.Fatalf("got %t, %v", left, err)
			}
			if got := server.Annotations(); !maps.Equal(got, c.before) {
				t.Errorf("a look has made %q of it", got)
			}
			if err := g.Release(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got := server.Annotations(); !maps.Equal(got, c.after) {
				t.Errorf("afterwards %q, want %q", got, c.after)
			}
		})
	}
}

// What somebody marks between two jobs is theirs, and stays.
func TestMarkedMeanwhile(t *testing.T) {
	server, cluster := serve(t, nil)
	g := &kubernetes.Guard{Cluster: cluster, Pod: ourPod}
	for _, want := range []map[string]string{{}, {disrupt: "true"}} {
		if _, err := g.Protect(t.Context()); err != nil || server.Annotations()[evict] != "false" {
			t.Fatalf("%v; with a job %q", err, server.Annotations())
		}
		if err := g.Release(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := server.Annotations(); !maps.Equal(got, want) {
			t.Errorf("after a job %q, want %q", got, want)
		}
		server.Annotate(disrupt, "true")
	}
}
