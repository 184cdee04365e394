package main

import (
	"context"
	"encoding/pem"
	"errors"
	"maps"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/runner-init/runner-init/internal/doctor"
	"github.com/runner-init/runner-init/internal/need"
	"github.com/runner-init/runner-init/internal/sim/github"
	"github.com/runner-init/runner-init/internal/sim/kubernetes"
)

const (
	podUID    = "7f3e0c52-9d1a-4b6f-8f6e-2a1b3c4d5e6f"
	podID     = "7f3e0c529d1a4b6f8f6e2a1b3c4d5e6f"
	podToken  = "not-a-real-token-of-a-service-account"
	podMarked = "karpenter.sh/do-not-disrupt"
	podLedger = "runner-init/marks"
	lookAtPod = `{"metadata":{"uid":"` + podUID + `"}}` // a patch that changes nothing
)

// cluster is an API server, and the service account of a pod.
type cluster struct {
	*kubernetes.Server
	environ []string
	account string // the directory that is mounted into the pod
}

func newCluster(t *testing.T, annotations map[string]string) *cluster {
	t.Helper()
	c := &cluster{account: t.TempDir()}
	c.Server = kubernetes.NewServer(kubernetes.Pod{Name: "github-runner-1", Namespace: "github-runners", UID: podUID, Annotations: annotations}, podToken)
	server := httptest.NewTLSServer(c)
	t.Cleanup(func() { server.CloseClientConnections(); server.Close() })
	host, port, _ := net.SplitHostPort(server.Listener.Addr().String())
	for name, text := range map[string]string{
		"token": podToken, "namespace": "github-runners", "ca.crt": string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})),
	} {
		if err := os.WriteFile(filepath.Join(c.account, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	c.environ = []string{"KUBERNETES_SERVICE_HOST=" + host, "KUBERNETES_SERVICE_PORT=" + port,
		"POD_NAME=github-runner-1", "POD_NAMESPACE=github-runners", "POD_UID=" + podUID}
	return c
}

// mount puts the service account where Kubernetes does, for what runs in the namespace of its own that openPod makes.
const mount = `mount -t tmpfs none /run && mkdir -p /run/secrets/kubernetes.io/serviceaccount && mount --bind "$0" /run/secrets/kubernetes.io/serviceaccount && exec "$@"`

// openPod is open in a pod of the cluster. An empty account is none.
func openPod(t *testing.T, h *hub, account string, environ []string) *box {
	t.Helper()
	need.Root(t)
	program := need.Program(t, "cmd/runner-init")
	if account == "" {
		account = t.TempDir()
	}
	return openProgram(t, "sh", h, newRoot(t), environ, "-c", mount, account, program)
}

func (c *cluster) await(t *testing.T, holds func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), testTime)
	defer cancel()
	if err := c.Await(ctx, holds); err != nil {
		t.Fatalf("%v: the pod has %q", err, c.Annotations())
	}
}

// A pod is marked while its job runs and not before, and is as it was afterwards, however the runner ends. Its name is in
// every record of the log, its uid in the runner's name.
func TestPodAnnotations(t *testing.T) {
	for _, test := range []struct {
		name    string
		environ []string
		end     func(t *testing.T, b *box)
		code    int
	}{
		{"a job", nil, nil, 0},
		{"without credentials", []string{"RUNNER_DROP_CREDENTIALS=true", "RUNNER_PROTECT=always", "RUNNER_PASS_ENV=only:PATH"}, nil, 0},
		{"stopped", nil, func(_ *testing.T, b *box) { b.signal(syscall.SIGTERM) }, 0},
		{"recovered", nil, func(t *testing.T, b *box) { kill(t, b.supervisor()) }, 70},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := newHub(t)
			before := map[string]string{"prometheus.io/scrape": "true"}
			c := newCluster(t, before)
			b := openPod(t, h, c.account, usual(slices.Concat(c.environ, test.environ)...))
			h.listening(t, b)
			for _, early := range c.Journal() {
				if early.Body != lookAtPod {
					t.Errorf("without a job the API server was sent %+v", early)
				}
			}
			job := h.job("echo working; sleep 1")
			working(t, job)
			c.await(t, func() bool { return c.Annotations()[podMarked] == "true" })
			if test.end != nil {
				test.end(t, b)
			}
			b.expectExit(test.code)
			expectResult(t, job, github.Succeeded)
			h.expectEmpty(t)
			if after := c.Annotations(); !maps.Equal(after, before) {
				t.Errorf("afterwards the pod has %q", after)
			}
			said := b.stderr.String()
			if strings.Contains(said, podToken) || !strings.Contains(said, `"runner":"github-runner-`+podID+`-`) {
				t.Errorf("we say\n%s", said)
			}
			for line := range strings.Lines(said) {
				if strings.HasPrefix(line, "{") && !strings.Contains(line, `"namespace":"github-runners","pod":"github-runner-1"`) {
					t.Errorf("a record without the pod: %s", line)
				}
			}
		})
	}
}

// The marks of a runner that was killed with its job are taken away by the next one in the pod, which has no job yet, and by
// who takes over from a supervisor that was killed before it could.
func TestPodInherits(t *testing.T) {
	marked := map[string]string{"a": "b", podMarked: "true", podLedger: podMarked}
	clean := map[string]string{"a": "b"}
	start := func(t *testing.T, h *hub, c *cluster, environ ...string) *box {
		b := openPod(t, h, c.account, usual(append(c.environ, environ...)...))
		h.listening(t, b)
		return b
	}
	t.Run("from a runner", func(t *testing.T) {
		h, c := newHub(t), newCluster(t, marked)
		b := start(t, h, c)
		c.await(t, func() bool { return maps.Equal(c.Annotations(), clean) })
		b.signal(syscall.SIGTERM)
		b.expectExit(0)
	})
	t.Run("from a supervisor", func(t *testing.T) {
		h, c := newHub(t), newCluster(t, clean)
		b := start(t, h, c)
		c.await(t, func() bool { return len(c.Journal()) == 1 && c.Journal()[0].Status == 200 })
		for name, value := range marked {
			c.Annotate(name, value)
		}
		kill(t, b.supervisor())
		b.expectExit(70)
		if got := c.Annotations(); !maps.Equal(got, clean) {
			t.Errorf("afterwards the pod has %q", got)
		}
	})
	t.Run("without credentials, from an answer that comes late", func(t *testing.T) {
		h, c := newHub(t), newCluster(t, marked)
		c.Answer(kubernetes.Answers()["hang"])
		b := start(t, h, c, "RUNNER_DROP_CREDENTIALS=true")
		c.Answer()
		c.await(t, func() bool { return maps.Equal(c.Annotations(), clean) })
		b.signal(syscall.SIGTERM)
		b.expectExit(75) // nobody is left who may delete the registration
	})
	t.Run("without an answer", func(t *testing.T) { // nobody waits for it, neither to begin nor to end
		h, c := newHub(t), newCluster(t, marked)
		c.Answer(kubernetes.Answers()["hang"])
		b := start(t, h, c)
		b.signal(syscall.SIGTERM)
		b.expectExit(0)
		h.expectEmpty(t)
		if said := b.stderr.String(); strings.Contains(said, "scale-in") {
			t.Errorf("we say\n%s", said)
		}
	})
}

// Whatever the API server answers, the job runs and the runner ends; a pod that may not patch itself is not spoken of,
// unless it insists.
func TestPodAnnotationsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		prepare func(*cluster)
		environ string
		says    string // about protection; empty for nothing
	}{
		"no role":            {func(c *cluster) { c.Allow(false) }, "", ""},
		"no role, insisting": {func(c *cluster) { c.Allow(false) }, "RUNNER_PROTECT=always", `"level":"ERROR","msg":"jobs are not protected from scale-in"`},
		"no role, debugging": {func(c *cluster) { c.Allow(false) }, "RUNNER_LOG_LEVEL=debug", `"level":"DEBUG","msg":"jobs are not protected from scale-in"`},
		"no account":         {func(c *cluster) { c.account = "" }, "", ""},
		"off":                {func(*cluster) {}, "RUNNER_PROTECT=off", ""},
		"hang":               {func(c *cluster) { c.Answer(kubernetes.Answers()["hang"]) }, "", "scale-in"},
		"unavailable":        {func(c *cluster) { c.Answer(kubernetes.Answers()["unavailable"]) }, "", "scale-in"},
		"garbage":            {func(c *cluster) { c.Answer(kubernetes.Answers()["garbage"]) }, "", "scale-in"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHub(t)
			server := newCluster(t, nil)
			c.prepare(server)
			job := h.job("echo working; sleep 0.2")
			b := openPod(t, h, server.account, usual(append(server.environ, c.environ)...))
			working(t, job)
			b.expectExit(0)
			expectResult(t, job, github.Succeeded)
			h.expectEmpty(t)
			said := b.stderr.String()
			if c.says == "" && strings.Contains(said, "scale-in") || !strings.Contains(said, c.says) {
				t.Errorf("we say\n%s", said)
			}
			if asked := len(server.Journal()); asked > 0 == (name == "off" || name == "no account") {
				t.Errorf("the API server was asked %d times", asked)
			}
			if len(server.Annotations()) > 0 {
				t.Errorf("the pod has %q", server.Annotations())
			}
		})
	}
}

// The doctor has the API server judge what a job would ask for, and changes nothing.
func TestDoctorOnKubernetes(t *testing.T) {
	if _, err := os.Stat("/var/run/secrets/kubernetes.io/serviceaccount"); err == nil {
		t.Skip("this is a pod itself")
	}
	c := newCluster(t, nil)
	p := newPatient(t.Context(), usual(append(c.environ, "RUNNER_PLATFORM_LABELS=true")...))
	found := p.checkPlatform(t.Context())
	if len(found) != 2 || !strings.Contains(found[0].Text, "Kubernetes, namespace github-runners, pod github-runner-1") || found[1].Status != doctor.Skip || !strings.Contains(found[1].Hint, "automountServiceAccountToken") {
		t.Errorf("without an account: %+v", found)
	}
	if labels := p.checkLabels()[0].Text; !strings.Contains(labels, "kubernetes") {
		t.Errorf("labels: %s", labels)
	}
}

// With hostUsers: false root of a pod is nobody outside of it: uid 65534 here, in a user namespace in which it is root.
func TestPodUsers(t *testing.T) {
	need.Root(t)
	h := newHub(t)
	root := newRoot(t)
	if err := filepath.WalkDir(root, func(path string, _ os.DirEntry, err error) error {
		return errors.Join(err, os.Lchown(path, 65534, 65534))
	}); err != nil {
		t.Fatal(err)
	}
	job := h.job(`echo "uid=$(id -u) outside: $(cat /proc/self/uid_map)"`)
	b := openProgram(t, "setpriv", h, root, usual("KUBERNETES_SERVICE_HOST=127.0.0.1"), "--reuid=65534", "--regid=65534", "--clear-groups",
		"unshare", "--user", "--map-root-user", need.Program(t, "cmd/runner-init"))
	b.expectExit(0)
	expectResult(t, job, github.Succeeded)
	h.expectEmpty(t)
	if log := strings.Join(strings.Fields(job.Log()), " "); !strings.Contains(log, "uid=0 outside: 0 65534 1") {
		t.Errorf("the job printed %q", log)
	}
}
