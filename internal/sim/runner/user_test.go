package runner_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/runner-init/runner-init/internal/need"
	"github.com/runner-init/runner-init/internal/sim/github"
	"github.com/runner-init/runner-init/internal/sim/runner"
)

// A root that root has laid out serves a job user who owns the directory itself and nothing below it.
func TestAsAnotherUser(t *testing.T) {
	need.Root(t)
	const nobody = 65534
	w := newWorld(t, github.Options{}, runner.Behaviour{})
	for _, dir := range []string{filepath.Dir(w.root), filepath.Dir(filepath.Dir(w.root))} {
		if err := os.Chmod(dir, 0o755); err != nil { // the directories of a test are closed to others
			t.Fatal(err)
		}
	}
	if err := os.Chown(w.root, nobody, nobody); err != nil {
		t.Fatal(err)
	}
	job := w.github.Queue(github.Job{Name: "build", Scope: owner, Run: "id -u"})
	c := w.command("run", "--jitconfig", w.jit("one"))
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: &syscall.Credential{Uid: nobody, Gid: nobody, Groups: []uint32{4, 24}}}
	p := w.start(c)
	p.ends(0)
	if got := job.Wait(w.ctx); got != github.Succeeded || !strings.HasPrefix(job.Log(), "65534\n") {
		t.Errorf("job %s, log %q", got, job.Log())
	}
	if logs, err := filepath.Glob(filepath.Join(w.root, "_diag", "Runner_*-utc.log")); err != nil || len(logs) != 1 {
		t.Errorf("logs of the listener %v, %v", logs, err)
	}
	starts := 0
	for _, r := range w.records() {
		if r.Event == "start" && r.Given.UID == nobody && r.Given.GID == nobody && len(r.Given.Groups) == 2 {
			starts++
		}
	}
	if starts != 2 {
		t.Errorf("%d processes recorded as nobody, want listener and worker: %+v", starts, w.records())
	}
}
