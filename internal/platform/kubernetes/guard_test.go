package kubernetes_test

import (
	"context"
	"encoding/pem"
	"errors"
	"log/slog"
	"maps"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/runner-init/runner-init/internal/platform"
	"github.com/runner-init/runner-init/internal/platform/kubernetes"
	sim "github.com/runner-init/runner-init/internal/sim/kubernetes"
)

const (
	token       = "not-a-real-token-of-a-service-account"
	evict       = "cluster-autoscaler.kubernetes.io/safe-to-evict"
	disrupt     = "karpenter.sh/do-not-disrupt"
	deletion    = "controller.kubernetes.io/pod-deletion-cost"
	ledger      = "runner-init/marks"
	testTimeout = 30 * time.Second
)

var ourPod = kubernetes.Pod{Name: "github-runner-1", Namespace: "github-runners", UID: "a9b1"}

// serve starts the API server of a pod with annotations, and returns it with what the pod finds of it.
func serve(t *testing.T, annotations map[string]string) (*sim.Server, kubernetes.Cluster) {
	t.Helper()
	server := sim.NewServer(sim.Pod{Name: ourPod.Name, Namespace: ourPod.Namespace, UID: ourPod.UID, Annotations: annotations}, token)
	tls := httptest.NewTLSServer(server)
	t.Cleanup(func() { tls.CloseClientConnections(); tls.Close() })
	host, port, err := net.SplitHostPort(tls.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	c := kubernetes.Cluster{Host: host, Port: port, Account: t.TempDir()}
	put(t, c, "token", token+"\n")
	put(t, c, "namespace", ourPod.Namespace)
	put(t, c, "ca.crt", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: tls.Certificate().Raw})))
	return server, c
}

func put(t *testing.T, c kubernetes.Cluster, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(c.Account, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// Every answer is understood: what will not change is a refusal, with what to do, and all else is worth another attempt.
// Nothing of the token is said.
func TestEveryAnswer(t *testing.T) {
	const again = slog.Level(99)
	want := map[string]struct {
		level slog.Level
		says  string
	}{
		"unauthorized":      {again, "Unauthorized"},
		"forbidden":         {slog.LevelDebug, "cannot patch resource"},
		"not found":         {slog.LevelWarn, "not found"},
		"conflict":          {again, "has been modified"},
		"another pod":       {slog.LevelWarn, "field is immutable"},
		"denied by policy":  {slog.LevelWarn, "denied request: no annotations here"},
		"bad request":       {slog.LevelWarn, "error decoding patch"},
		"media type":        {slog.LevelWarn, "unknown format"},
		"too many requests": {again, "Too many requests"},
		"internal error":    {again, "failed calling webhook"},
		"unavailable":       {again, "currently unable"},
		"timeout":           {again, "did not complete"},
		"hang":              {again, "does not answer"},
		"connection lost":   {again, "breaks off"},
		"garbage":           {again, "200, and says"},
		"nothing":           {again, `200, and says ""`},
		"another object":    {again, "Success"},
		"a redirection":     {again, "302"},
	}
	if known := slices.Sorted(maps.Keys(want)); !slices.Equal(known, slices.Sorted(maps.Keys(sim.Answers()))) {
		t.Fatalf("answers without an expectation: %q", slices.Sorted(maps.Keys(sim.Answers())))
	}
	for name, answer := range sim.Answers() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, cluster := serve(t, nil)
			server.Answer(answer)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if answer.Hang {
				go func() {
					server.Await(ctx, func() bool { return len(server.Journal()) > 0 })
					cancel()
				}()
			}
			_, err := (&kubernetes.Guard{Cluster: cluster, Pod: ourPod}).Protect(ctx)
			checkRefusal(t, err, want[name].level, again, want[name].says)
		})
	}
}

func checkRefusal(t *testing.T, err error, level, again slog.Level, says string) {
	t.Helper()
	refusal, refused := errors.AsType[*platform.Refusal](err)
	if err == nil || !strings.Contains(err.Error(), says) || refused != (level != again) || strings.Contains(err.Error(), token) || strings.ContainsAny(err.Error(), "\n\x00") {
		t.Fatalf("got %v, a refusal: %t; want %q", err, refused, says)
	}
	if refused && (refusal.Level != level || !strings.Contains(refusal.Hint, "RUNNER_PROTECT=off")) {
		t.Errorf("got level %s, hint %q", refusal.Level, refusal.Hint)
	}
}

// What a pod may lack. A service account that is not there is nothing to speak of.
func TestNoAccount(t *testing.T) {
	const again = slog.Level(99)
	for name, c := range map[string]struct {
		spoil func(t *testing.T, s *sim.Server, g *kubernetes.Guard)
		level slog.Level
		says  string
	}{
		"no token":      {func(t *testing.T, _ *sim.Server, g *kubernetes.Guard) { remove(t, g, "token") }, slog.LevelDebug, "no service account"},
		"no file of it": {func(t *testing.T, _ *sim.Server, g *kubernetes.Guard) { g.Cluster.Account += "/token" }, slog.LevelDebug, "no service account"},
		"an empty one":  {func(t *testing.T, _ *sim.Server, g *kubernetes.Guard) { put(t, g.Cluster, "token", "\n") }, slog.LevelDebug, "token is empty"},
		"a directory": {func(t *testing.T, _ *sim.Server, g *kubernetes.Guard) {
			remove(t, g, "token")
			if err := os.Mkdir(filepath.Join(g.Cluster.Account, "token"), 0o755); err != nil {
				t.Fatal(err)
			}
		}, slog.LevelDebug, "no service account"},
		"no authority":  {func(t *testing.T, _ *sim.Server, g *kubernetes.Guard) { remove(t, g, "ca.crt") }, slog.LevelDebug, "no service account"},
		"an empty file": {func(t *testing.T, _ *sim.Server, g *kubernetes.Guard) { put(t, g.Cluster, "ca.crt", "") }, slog.LevelDebug, "no certificate"},
		"no namespace": {func(t *testing.T, _ *sim.Server, g *kubernetes.Guard) {
			remove(t, g, "namespace")
			g.Pod.Namespace = ""
		}, slog.LevelDebug, "no service account"},
		"no role":           {func(_ *testing.T, s *sim.Server, _ *kubernetes.Guard) { s.Allow(false) }, slog.LevelDebug, "forbidden"},
		"another authority": {func(t *testing.T, _ *sim.Server, g *kubernetes.Guard) { put(t, g.Cluster, "ca.crt", otherAuthority(t)) }, again, "certificate"},
		"another pod":       {func(_ *testing.T, _ *sim.Server, g *kubernetes.Guard) { g.Pod.UID = "b" }, slog.LevelWarn, "immutable"},
		"a name of no pod":  {func(_ *testing.T, _ *sim.Server, g *kubernetes.Guard) { g.Pod.Name = "node-1" }, slog.LevelWarn, "not found"},
		"an old token":      {func(_ *testing.T, s *sim.Server, _ *kubernetes.Guard) { s.SetToken("a newer one") }, again, "Unauthorized"},
		"an address of nobody": {func(_ *testing.T, _ *sim.Server, g *kubernetes.Guard) {
			g.Cluster.Host, g.Cluster.Port = "127.0.0.1", "1"
		}, again, "does not answer"},
	} {
		t.Run(name, func(t *testing.T) {
			server, cluster := serve(t, nil)
			g := &kubernetes.Guard{Cluster: cluster, Pod: ourPod}
			c.spoil(t, server, g)
			_, err := g.Protect(t.Context())
			checkRefusal(t, err, c.level, again, c.says)
			if err := g.Release(t.Context()); err != nil {
				t.Errorf("what was never marked is released: %v", err)
			}
			if len(server.Annotations()) > 0 {
				t.Errorf("the pod has %q", server.Annotations())
			}
		})
	}
}

func remove(t *testing.T, g *kubernetes.Guard, name string) {
	t.Helper()
	if err := os.Remove(filepath.Join(g.Cluster.Account, name)); err != nil {
		t.Fatal(err)
	}
}

// otherAuthority is a certificate that has not signed the server's.
func otherAuthority(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../config/testdata/ca.pem")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// A kubelet replaces the token while the runner lives, and the namespace is known by the account where the pod was not told.
func TestTokenIsReadAnew(t *testing.T) {
	server, cluster := serve(t, nil)
	g := &kubernetes.Guard{Cluster: cluster, Pod: kubernetes.Pod{Name: ourPod.Name}}
	if _, err := g.Protect(t.Context()); err != nil {
		t.Fatal(err)
	}
	server.SetToken("another")
	put(t, cluster, "token", "another")
	if err := g.Release(t.Context()); err != nil || len(server.Annotations()) > 0 {
		t.Errorf("%v; the pod has %q", err, server.Annotations())
	}
}

// An API server that hangs is waited for no longer than two seconds.
func TestPatience(t *testing.T) {
	t.Parallel()
	server, cluster := serve(t, nil)
	server.Answer(sim.Answer{Hang: true})
	began := time.Now()
	_, err := (&kubernetes.Guard{Cluster: cluster, Pod: ourPod}).Protect(t.Context())
	if took := time.Since(began); !errors.Is(err, context.DeadlineExceeded) || took < time.Second || took > testTimeout {
		t.Errorf("%v after %s", err, took)
	}
}

// Whoever only tries changes nothing, and learns what a job would meet.
func TestTry(t *testing.T) {
	server, cluster := serve(t, map[string]string{deletion: "7"})
	g := &kubernetes.Guard{Cluster: cluster, Pod: ourPod}
	if marked, err := g.Try(t.Context()); marked || err != nil || len(server.Annotations()) != 1 {
		t.Errorf("got %t, %v; the pod has %q", marked, err, server.Annotations())
	}
	if _, err := g.Protect(t.Context()); err != nil {
		t.Fatal(err)
	}
	if marked, err := g.Try(t.Context()); !marked || err != nil {
		t.Errorf("of a marked pod: %t, %v", marked, err)
	}
	server.Allow(false)
	_, err := g.Try(t.Context())
	checkRefusal(t, err, slog.LevelDebug, slog.Level(99), "forbidden")
}

func TestFacts(t *testing.T) {
	if f := (kubernetes.Pod{}).Facts(); f.Name != "" || f.Attrs != nil {
		t.Errorf("of no pod: %+v", f)
	}
	f := kubernetes.Pod{Name: "p", Namespace: "n", UID: "7F3E0C52-9d1a-4b6f-8f6e-2a1b3c4d5e6f"}.Facts()
	if f.Name != "Kubernetes" || f.ID != "7f3e0c529d1a4b6f8f6e2a1b3c4d5e6f" || len(f.Attrs) != 2 || !slices.Equal(f.Labels, []string{"kubernetes"}) {
		t.Errorf("got %+v", f)
	}
}
