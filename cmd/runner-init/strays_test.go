package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/runner-init/runner-init/internal/need"
	"github.com/runner-init/runner-init/internal/sim/github"
)

// leave is what a job does that leaves a process behind: in a session of its own, an orphan at once, and without the mark
// by which the runner itself would find it.
func leave(program string) string {
	return "(env -u RUNNER_TRACKING_ID MARK=$MARK setsid sh -c '" + program + "' > /dev/null 2>&1 & ) ; "
}

// openHere starts runner-init below a shell that has a daemon of its own first, in the namespace of the test: it is no
// PID 1, and what it leaves behind nobody ends for it.
func openHere(t *testing.T, h *hub, root string, change ...func(*box)) *box {
	t.Helper()
	b := &box{t: t, hub: h, root: root, ended: make(chan struct{}), watched: make(chan struct{})}
	close(b.watched)
	b.command = exec.CommandContext(t.Context(), "sh", "-c", `DAEMON=$1 sleep 1000 & exec "$0"`, need.Program(t, "cmd/runner-init"), t.Name())
	b.command.Dir = root
	b.command.Env = append([]string{"PATH=" + os.Getenv("PATH"), "GITHUB_SERVER_URL=" + h.url, "GITHUB_API_URL=" + h.url}, usual()...)
	b.command.Stdout, b.command.Stderr = &b.stdout, &b.stderr
	b.command.WaitDelay = time.Second
	for _, f := range change {
		f(b)
	}
	if err := b.command.Start(); err != nil {
		t.Fatal(err)
	}
	b.pid = b.command.Process.Pid
	go func() {
		b.command.Wait()
		close(b.ended)
	}()
	t.Cleanup(func() { b.close(); endMarked("DAEMON=" + t.Name()) })
	return b
}

// marked returns the living processes that have a variable in their environment.
func marked(variable string) (found []int) {
	blocks, _ := filepath.Glob("/proc/[0-9]*/environ")
	for _, path := range blocks {
		var pid int
		fmt.Sscanf(path, "/proc/%d/environ", &pid)
		text, err := os.ReadFile(path) // empty of a zombie
		if err == nil && bytes.Contains(append([]byte{0}, text...), []byte("\x00"+variable+"\x00")) {
			found = append(found, pid)
		}
	}
	return found
}

// endMarked ends what a failed test has left.
func endMarked(variable string) {
	for _, pid := range marked(variable) {
		syscall.Kill(pid, syscall.SIGKILL)
	}
}

// What a job leaves behind is asked to end, then made to, whatever its session, group or user; what was there before the
// listener is not a job's, and lives on.
func TestStraysAreEnded(t *testing.T) {
	need.Root(t)
	h := newHub(t)
	root := newRoot(t)
	told := filepath.Join(t.TempDir(), "told")
	mark, daemon := "MARK="+t.Name(), "DAEMON="+t.Name()
	t.Cleanup(func() { endMarked(mark) })
	ready := filepath.Join(t.TempDir(), "ready")
	say := "echo > " + ready
	job := h.job("MARK=" + t.Name() + "; " +
		leave(`trap "echo TERM > `+told+`; exit" TERM; `+say+`1; while :; do sleep 0.1; done`) +
		leave(`trap "" TERM INT HUP; `+say+`2; while :; do sleep 1000; done`) + // whoever ends its child makes it start another one
		leave(say+`3; exec setpriv --reuid 4711 --regid 4711 --clear-groups sleep 1000`) +
		leave(say+`4; kill -STOP $$`) +
		"until [ -e " + ready + "1 -a -e " + ready + "2 -a -e " + ready + "3 -a -e " + ready + "4 ]; do sleep 0.05; done")
	b := openHere(t, h, root)
	other := exec.CommandContext(t.Context(), "sleep", "1000")
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { other.Process.Kill(); other.Wait() })
	b.expectExit(0)
	expectResult(t, job, github.Succeeded)
	h.expectEmpty(t)
	if left := marked(mark); len(left) > 0 {
		t.Errorf("the processes %v are left", left)
	}
	if text, err := os.ReadFile(told); string(text) != "TERM\n" {
		t.Errorf("who could have ended by itself was not asked to: %v", err)
	}
	if len(marked(daemon)) == 0 || syscall.Kill(other.Process.Pid, 0) != nil {
		t.Error("a process was ended that is no job's")
	}
	if !strings.Contains(b.stderr.String(), `"names":"`) {
		t.Error("the log does not name who was ended")
	}
}
