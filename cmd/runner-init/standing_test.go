package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/runner-init/runner-init/internal/need"
	"github.com/runner-init/runner-init/internal/sim/github"
)

// A secret in a file that jobs can read is theirs; whoever mounted it hears of it at boot, once for each file.
func TestWarnsOfReadableFile(t *testing.T) {
	need.Root(t)
	for _, test := range []struct {
		name, user string
		mode       os.FileMode
		group      int
		warns      bool
	}{
		{"root's alone", jobUser, 0o400, 0, false},
		{"everybody's", jobUser, 0o444, 0, true},
		{"the group's", jobUser + ":4712", 0o440, 4712, true},
		{"another group's", jobUser, 0o440, 4712, false},
		{"root's, and jobs are", "root", 0o400, 0, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := newHub(t)
			job := h.job("true")
			root := newRoot(t)
			file := filepath.Join(root, "pat")
			if err := os.WriteFile(file, []byte(testPAT+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Chown(file, 0, test.group); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(file, test.mode); err != nil {
				t.Fatal(err)
			}
			b := open(t, h, root, []string{"PAT_FILE=" + file, "RUNNER_REPO=acme/widgets", "RUNNER_USER=" + test.user, "RUNNER_CA_FILE="})
			b.expectExit(0)
			expectResult(t, job, github.Succeeded)
			said := b.stderr.String()
			if got := strings.Count(said, "PAT_FILE names a file that can be read by"); got > 1 || (got == 1) != test.warns {
				t.Errorf("warned %d times", got)
			}
		})
	}
}

// A job that may not signal us does not, and one that may gets an ordinary stop: it comes to its own end first.
func TestJobStopsInit(t *testing.T) {
	const stop = `for s in KILL STOP TERM; do kill -$s 1 && echo sent $s; done; echo working; sleep 1; echo done`
	for _, a := range attackers {
		t.Run(a.name, func(t *testing.T) {
			need.Root(t)
			h := newHub(t)
			job := h.job(stop)
			p, root := prey{attacker: a}, newRoot(t)
			if a.owns {
				give(t, root)
			}
			b := openProgram(t, "sh", h, root, usual(a.environ...), "-ec", p.container(need.Program(t, "cmd/runner-init"), root))
			b.expectExit(0)
			expectResult(t, job, github.Succeeded)
			h.expectEmpty(t)
			may := a.name != "another user"
			if got := strings.Contains(job.Log(), "sent TERM"); got != may {
				t.Errorf("the job may signal PID 1: %v, want %v; it printed:\n%s", got, may, job.Log())
			}
			if got := strings.Contains(b.stderr.String(), `"phase":"draining"`); got != may || !strings.Contains(job.Log(), "done") {
				t.Errorf("drained: %v, want %v; the job printed:\n%s", got, may, job.Log())
			}
		})
	}
}

// Every program of the runner's is started with its standard streams and nothing else, the removal too.
func TestEveryChildIsBare(t *testing.T) {
	h := newHub(t)
	b := open(t, h, newRoot(t), []string{"RUNNER_TOKEN=" + h.RegistrationToken(scope), "RUNNER_REPO=acme/widgets"})
	h.listening(t, b)
	b.signal(syscall.SIGTERM)
	b.expectExit(0)
	if got := started(t, b.root, "listener"); !slices.Equal(got, []string{"configure", "run", "remove"}) {
		t.Errorf("started: %q", got)
	}
	expectBare(t, b.root)
	h.expectEmpty(t)
}

// What is left in the runner's directory by a job that was up to no good harms nobody: the next start in the same place
// goes its way, and nothing outside is touched.
func TestHostileLeftovers(t *testing.T) {
	need.Root(t)
	h := newHub(t)
	root, outside := newRoot(t), t.TempDir()
	give(t, root)
	precious := filepath.Join(outside, "precious")
	if err := os.WriteFile(precious, []byte("untouched"), 0o600); err != nil {
		t.Fatal(err)
	}
	// Links to a file of root's can be made where fs.protected_hardlinks is off; the test makes one itself.
	if err := os.Link(precious, filepath.Join(root, ".credentials_rsaparams")); err != nil {
		t.Fatal(err)
	}
	first := h.job(fmt.Sprintf(`cd ../../..; rm -f .runner .credentials; mkdir -p .credentials/x; ln -s %s .credentials/x/link
		mkfifo .runner; rm -rf _diag; ln -s %s _diag; ln -s %[2]s update.finished; true`, precious, outside))
	environ := usual("RUNNER_USER="+jobUser, "RUNNER_DEREGISTER=true")
	b := open(t, h, root, environ)
	<-b.ended
	expectResult(t, first, github.Succeeded)
	if err := os.Remove(filepath.Join(root, "_diag")); err != nil { // which the next start refuses, as it should
		t.Fatal(err)
	}
	second := h.job("true")
	open(t, h, root, environ).expectExit(0)
	expectResult(t, second, github.Succeeded)
	h.expectEmpty(t)
	if text, err := os.ReadFile(precious); err != nil || string(text) != "untouched" {
		t.Errorf("what a link leads to holds %q (%v)", text, err)
	}
	if entries, err := os.ReadDir(outside); err != nil || len(entries) != 1 {
		t.Errorf("written outside: %v (%v)", entries, err)
	}
}
