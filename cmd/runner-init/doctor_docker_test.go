package main

import (
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/runner-init/runner-init/internal/dockerd"
	"github.com/runner-init/runner-init/internal/doctor"
	"github.com/runner-init/runner-init/internal/need"
	"github.com/runner-init/runner-init/internal/runner"
	simdocker "github.com/runner-init/runner-init/internal/sim/docker"
)

// Docker is a remark, never a failure.
func TestDoctorOfDocker(t *testing.T) {
	t.Parallel()
	at, daemon := dockerAt(t, t.TempDir())
	look := func(host string) doctor.Finding {
		return newPatient(t.Context(), []string{"DOCKER_HOST=" + host}).checkDocker(t.Context())[0]
	}
	if f := look("unix://" + at); f.Status != doctor.OK || !strings.Contains(f.Text, "a daemon answers") {
		t.Errorf("got %+v", f)
	}
	daemon.Close()
	if f := look("unix://" + at); f.Status != doctor.OK || !strings.Contains(f.Text, "none") {
		t.Errorf("gone: got %+v", f)
	}
	if err := os.WriteFile(at, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if f := look("unix://" + at); f.Status != doctor.Warn || f.Hint == "" {
		t.Errorf("no socket: got %+v", f)
	}
	sick := httptest.NewServer(http.NotFoundHandler())
	defer sick.Close()
	secure := httptest.NewTLSServer(http.NotFoundHandler())
	defer secure.Close()
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)  // it tells of who speaks without TLS
	for _, s := range []*httptest.Server{sick, secure} { // over TCP a daemon may want TLS, and says so
		if f := look("tcp://" + s.Listener.Addr().String()); f.Status != doctor.OK || !strings.Contains(f.Text, "a daemon answers") {
			t.Errorf("%s: got %+v", s.URL, f)
		}
	}
	if f := look("ssh://somewhere"); f.Status != doctor.Skip {
		t.Errorf("ssh: got %+v", f)
	}
}

// dockerAt is a daemon at a socket in the directory.
func dockerAt(t *testing.T, dir string) (at string, daemon *httptest.Server) {
	t.Helper()
	at = filepath.Join(dir, "docker.sock")
	socket, err := net.Listen("unix", at)
	if err != nil {
		t.Fatal(err)
	}
	daemon = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/_ping" {
			w.WriteHeader(http.StatusInternalServerError)
		}
	}))
	daemon.Listener.Close()
	daemon.Listener = socket
	daemon.Start()
	return at, daemon
}

// What answers us may yet refuse the user of the jobs.
func TestDoctorOfJobsDocker(t *testing.T) {
	t.Parallel()
	need.Root(t)
	dir := t.TempDir()
	for _, d := range []string{dir, filepath.Dir(dir)} {
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	at, daemon := dockerAt(t, dir)
	defer daemon.Close()
	for mode, want := range map[os.FileMode]doctor.Status{0o666: doctor.OK, 0o600: doctor.Warn} {
		if err := os.Chmod(at, mode); err != nil {
			t.Fatal(err)
		}
		p := newPatient(t.Context(), []string{"DOCKER_HOST=unix://" + at})
		p.host.runner.User = &runner.User{Name: "job", UID: 4711, GID: 4712, Groups: []uint32{4712}}
		if f := p.checkDocker(t.Context())[0]; f.Status != want || (f.Status == doctor.Warn) != strings.Contains(f.Hint, "its group has to be able to write") {
			t.Errorf("mode %o: got %+v", mode, f)
		}
	}
}

// However long the last words of a daemon are, the very last ones are in a termination message.
func TestDockerHint(t *testing.T) {
	long := strings.Repeat("x", 8<<10)
	e := &dockerd.Error{Err: io.EOF, Tail: []string{long, long, long, "failed to start daemon: " + long}, Late: true}
	if _, hint := verdict(e); len(hint) > maxTermination/2 || !strings.Contains(hint, "| failed to start daemon: x") {
		t.Errorf("the hint has %d bytes: %s", len(hint), hint)
	}
}

// The doctor tells what would keep the daemon from coming up, and starts none.
func TestDoctorKnowsDockerInside(t *testing.T) {
	need.Root(t)
	for name, test := range map[string]struct{ path, run, says string }{
		"fit":       {"DAEMON", `exec "$0" doctor`, "a run starts DAEMON/dockerd"},
		"islanded":  {"DAEMON", `exec env RUNNER_START_TIMEOUT=1s unshare --net "$0" doctor`, "its own MTU"},
		"absent":    {"/nowhere", `exec "$0" doctor`, "cannot find dockerd"},
		"powerless": {"DAEMON", `exec setpriv --bounding-set -sys_admin --inh-caps -sys_admin "$0" doctor`, "CAP_SYS_ADMIN"},
		"at work":   {"DAEMON", `dockerd --host=unix:///var/run/docker.sock & until [ -S /var/run/docker.sock ]; do sleep 0.05; done; "$0" doctor`, "a daemon answers at"},
		"not root":  {"DAEMON", `exec setpriv --reuid 4711 --regid 4711 --clear-groups "$0" doctor`, "needs root"},
	} {
		t.Run(name, func(t *testing.T) {
			h, daemon := newHub(t), simdocker.Install(t, simdocker.Healthy)
			path, says := strings.Replace(test.path, "DAEMON", daemon, 1), strings.Replace(test.says, "DAEMON", daemon, 1)
			cmd := exec.CommandContext(t.Context(), "unshare", "--pid", "--fork", "--mount-proc", "--kill-child", "sh", "-c",
				"mount -t tmpfs none /run; chmod 755 /run; "+test.run, need.Program(t, "cmd/runner-init"))
			cmd.Dir = newRoot(t)
			cmd.Env = []string{"PATH=" + path + ":/usr/bin:/bin", "RUNNER_DOCKER=dind", "GITHUB_TOKEN=" + testPAT, "RUNNER_REPO=acme/widgets", "GITHUB_SERVER_URL=" + h.url, "GITHUB_API_URL=" + h.url}
			out, _ := cmd.CombinedOutput() // whether it fails is also for others to say
			if !strings.Contains(string(out), says) {
				t.Errorf("the doctor says:\n%s\nwant %q", out, says)
			}
			if record := simdocker.Record(daemon); record != "" { // that of the one at work is where it was called from
				t.Errorf("a daemon was started: %s", record)
			}
		})
	}
}
