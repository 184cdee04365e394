package main

import (
	"encoding/pem"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/runner-init/runner-init/internal/need"
	"github.com/runner-init/runner-init/internal/sim/aws"
	"github.com/runner-init/runner-init/internal/sim/github"
)

// A stop that was given to a supervisor is not lost with it: its successor stops, and the grace period runs from the signal.
func TestStopOutlivesSupervisor(t *testing.T) {
	for _, test := range []struct {
		name string
		stop func(t *testing.T, b *box)
	}{
		{"draining", func(t *testing.T, b *box) {
			b.signal(syscall.SIGTERM)
			b.said(`"phase":"draining"`)
			kill(t, b.supervisor())
		}},
		{"dying", func(t *testing.T, b *box) {
			kill(t, b.supervisor())
			b.signal(syscall.SIGTERM)
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := newHub(t)
			job := h.longJob()
			b := open(t, h, newRoot(t), usual("RUNNER_STOP_TIMEOUT=6"))
			working(t, job)
			begin := time.Now()
			test.stop(t, b)
			b.expectExit(70)
			if took := time.Since(begin); took > 6*time.Second {
				t.Errorf("the stop took %v of 6s", took)
			}
			expectResult(t, job, github.Failed) // cancelled when the drain's share of the grace period was over
			h.expectEmpty(t)
		})
	}
}

// The build on top of Go's runtime starts the supervisor and its successor in another way.
func TestPurego(t *testing.T) {
	for _, test := range []struct {
		name string
		args []string
		end  func(t *testing.T, b *box)
		code int
	}{
		{"stopped", nil, func(_ *testing.T, b *box) { b.signal(syscall.SIGTERM) }, 0},
		{"stopped after run", []string{"run"}, func(_ *testing.T, b *box) { b.signal(syscall.SIGTERM) }, 0},
		{"recovered", []string{"run"}, func(t *testing.T, b *box) { kill(t, b.supervisor()) }, 70},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := newHub(t)
			job := h.job("echo working; exec sleep 1")
			b := openProgram(t, need.Program(t, "cmd/runner-init", "purego"), h, newRoot(t), usual(), test.args...)
			working(t, job)
			test.end(t, b)
			b.expectExit(test.code)
			expectResult(t, job, github.Succeeded)
			h.expectEmpty(t)
		})
	}
}

// A recovery that cannot be started for want of pids leaves a registration, and the exit code says so.
func TestNoPidForRecovery(t *testing.T) {
	h := newHub(t)
	job := h.longJob()
	b := open(t, h, newRoot(t), usual())
	working(t, job)
	full := fullPidsCgroup(t)
	if err := os.WriteFile(filepath.Join(full, "cgroup.procs"), []byte(strconv.Itoa(b.pid)), 0); err != nil {
		t.Fatal(err)
	}
	kill(t, b.supervisor())
	b.expectExit(75)
	b.said("a registration may be left on GitHub")
}

// fullPidsCgroup makes a cgroup in which one process may be, and no more.
func fullPidsCgroup(t *testing.T) string {
	t.Helper()
	need.Root(t)
	for _, parent := range []string{"/sys/fs/cgroup/pids", "/sys/fs/cgroup"} {
		dir := filepath.Join(parent, fmt.Sprint("runner-init-test-", os.Getpid()))
		if os.Mkdir(dir, 0o755) != nil {
			continue
		}
		t.Cleanup(func() { os.Remove(dir) })
		if os.WriteFile(filepath.Join(dir, "pids.max"), []byte("1"), 0) == nil {
			return dir
		}
	}
	need.Missing(t, "this machine has no pids cgroup that we may use")
	return ""
}

func kill(t *testing.T, pid int) {
	t.Helper()
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
}

// What came from AWS or from a file is not asked for again: a job is not lost because neither gives it any more.
func TestRecoveryAsksNobody(t *testing.T) {
	for _, test := range []struct {
		name string
		from func(dir string, a *aws.Server) (variable string, loss func())
	}{
		{"a reference that is denied by now", func(_ string, a *aws.Server) (string, func()) {
			secret := aws.Secret{Region: awsRegion, Name: "ci/pat-AbCdEf", Text: testPAT}
			a.Keep(secret)
			return "GITHUB_TOKEN=" + secret.ARN(), func() { a.Deny(secret.ARN(), "") }
		}},
		{"a store that does not answer by now", func(_ string, a *aws.Server) (string, func()) {
			a.Put(aws.Parameter{Region: awsRegion, Name: "/ci/pat", Value: testPAT, Secure: true})
			return "ACCESS_TOKEN_VALUE_FROM=/ci/pat", func() { a.Fault(aws.Fault{Action: "ssm:GetParameters", Hang: true}) }
		}},
		{"a file that is gone", func(dir string, _ *aws.Server) (string, func()) {
			return fileOf(t, dir, "GITHUB_TOKEN_FILE", testPAT)
		}},
		{"authorities that are gone, and not needed", func(dir string, _ *aws.Server) (string, func()) {
			authority := httptest.NewTLSServer(nil)
			defer authority.Close()
			return fileOf(t, dir, "RUNNER_CA_FILE", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: authority.Certificate().Raw})))
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := newHub(t)
			a := aws.New(awsRegion)
			server := httptest.NewServer(a)
			t.Cleanup(func() { server.CloseClientConnections(); server.Close() })
			variable, loss := test.from(t.TempDir(), a)
			environ := usual(variable, "AWS_ENDPOINT_URL="+server.URL, "AWS_REGION="+awsRegion, "AWS_ACCESS_KEY_ID="+aws.KeyID, "AWS_SECRET_ACCESS_KEY="+aws.Key, "AWS_EC2_METADATA_DISABLED=true")
			if !strings.HasPrefix(variable, "RUNNER_CA_FILE") {
				environ = slices.DeleteFunc(environ, func(kv string) bool { return kv == "GITHUB_TOKEN="+testPAT })
			}
			job := h.job("echo working; sleep 1")
			b := open(t, h, newRoot(t), environ)
			working(t, job)
			loss()
			kill(t, b.supervisor())
			b.expectExit(70)
			expectResult(t, job, github.Succeeded)
			h.expectEmpty(t)
		})
	}
}

// fileOf gives a variable its file, and the way to lose it.
func fileOf(t *testing.T, dir, variable, content string) (kv string, loss func()) {
	path := filepath.Join(dir, "value")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return variable + "=" + path, func() { os.Remove(path) }
}
