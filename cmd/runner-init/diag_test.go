package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/runner-init/runner-init/internal/sim/github"
	simrunner "github.com/runner-init/runner-init/internal/sim/runner"
)

// records returns the records of a log in JSON that have this message.
func records(log, message string) (found []map[string]any) {
	for line := range strings.Lines(log) {
		var attributes map[string]any
		if json.Unmarshal([]byte(line), &attributes) == nil && attributes["msg"] == message {
			found = append(found, attributes)
		}
	}
	return found
}

// When the runner fails, the end of its own log is in ours, before the last line; a secret that is in there is not.
func TestDiagTail(t *testing.T) {
	for name, test := range map[string]struct {
		environ []string
		exit    int
		shown   bool
	}{
		"crashed":  {nil, 134, true},
		"gave up":  {nil, 1, true},
		"outdated": {nil, 7, false},
		"off":      {[]string{"RUNNER_DIAG=off"}, 134, false},
	} {
		t.Run(name, func(t *testing.T) {
			h, root := newHub(t), newRoot(t)
			if err := simrunner.WriteBehaviour(root, simrunner.Behaviour{At: exitAt(simrunner.AtListening, test.exit)}); err != nil {
				t.Fatal(err)
			}
			// A log of the future, so that it is the newest whenever the runner starts.
			log := "an early line\nthe token is " + testPAT + "\n"
			if err := os.WriteFile(filepath.Join(root, "_diag", "Runner_99991231-000000-utc.log"), []byte(log), 0o644); err != nil {
				t.Fatal(err)
			}
			b := open(t, h, root, usual(test.environ...))
			<-b.ended
			shown := records(b.stderr.String(), "diagnostics")
			if (len(shown) == 1) != test.shown {
				t.Fatalf("shown: %v", shown)
			}
			if test.shown && (shown[0]["tail"] != "an early line\nthe token is [redacted]" || shown[0]["file"] != "Runner_99991231-000000-utc.log") {
				t.Errorf("got %v", shown[0])
			}
			if lines := strings.Split(strings.TrimSpace(b.stderr.String()), "\n"); !strings.Contains(lines[len(lines)-1], `"msg":"exited"`) {
				t.Errorf("the last line is %s", lines[len(lines)-1])
			}
		})
	}
}

// Followed logs are in ours line by line, the worker's too.
func TestDiagFollow(t *testing.T) {
	h, root := newHub(t), newRoot(t)
	job := h.job("cd " + root + "; for i in 1 2 3; do echo line $i >> _diag/Worker_99991231-000000-utc.log; done; echo " + testPAT + " >> _diag/Worker_99991231-000000-utc.log")
	b := open(t, h, root, usual("RUNNER_DIAG=follow"))
	expectResult(t, job, github.Succeeded)
	b.expectExit(0)
	var lines []string
	for _, r := range records(b.stderr.String(), "diagnostics") {
		if r["file"] == "Worker_99991231-000000-utc.log" {
			lines = append(lines, r["line"].(string))
		}
	}
	if got := strings.Join(lines, ";"); got != "line 1;line 2;line 3;[redacted]" {
		t.Errorf("got %q", got)
	}
}

// A job that fills its log keeps neither the end nor our own lines from being seen.
func TestDiagFlood(t *testing.T) {
	h, root := newHub(t), newRoot(t)
	job := h.job("cd " + root + "/_diag; truncate -s 1T Worker_99991231-000000-utc.log; yes " + strings.Repeat("flood", 200) + " | head -n 50000 >> Worker_99991231-000000-utc.log; echo last >> Worker_99991231-000000-utc.log")
	b := open(t, h, root, usual("RUNNER_DIAG=follow"))
	expectResult(t, job, github.Succeeded)
	b.expectExit(0)
	left, last := false, false
	for _, r := range records(b.stderr.String(), "diagnostics") {
		line, _ := r["line"].(string)
		left, last = left || strings.HasSuffix(line, "bytes are left out"), last || line == "last"
	}
	if size := len(b.stderr.String()); !left || !last || size > 100<<20 {
		t.Errorf("%d bytes; that much is left out is said: %v; the end is shown: %v", size, left, last)
	}
	b.said(`"phase":"running"`)
	b.said(`"msg":"exited"`)
}

// What a job left in place of a log does not hold up the end, or lead anywhere.
func TestDiagIsNoTrap(t *testing.T) {
	h, root := newHub(t), newRoot(t)
	if err := simrunner.WriteBehaviour(root, simrunner.Behaviour{At: exitAt(simrunner.AtListening, 134)}); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(filepath.Join(root, "_diag", "Runner_99991231-000000-utc.log"), 0o644); err != nil {
		t.Fatal(err)
	}
	b := open(t, h, root, usual())
	b.expectExit(70)
	b.said("it is no regular file")
}
