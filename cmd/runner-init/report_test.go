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
	"github.com/runner-init/runner-init/lifecycle"
)

// said returns what a container left for Kubernetes.
func said(t *testing.T, path string) (words lastWords) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &words); err != nil || strings.Count(string(text), "\n") != 1 {
		t.Fatalf("the termination message is %q: %v", text, err)
	}
	return words
}

// expectReport: whatever the end, one record of it, with its code, and no other record of ours after it. Where nobody is left
// to write it PID 1 says so.
func (b *box) expectReport(code int) {
	b.t.Helper()
	var last map[string]any
	for line := range strings.Lines(b.stderr.String()) {
		var record map[string]any
		if json.Unmarshal([]byte(line), &record) == nil && record["msg"] != nil {
			last = record
		}
	}
	if last == nil || strings.Contains(b.stderr.String(), "runner-init: a registration may be left on GitHub\n") {
		return // a log in text, or none that we see
	}
	if reports := records(b.stderr.String(), "exited"); len(reports) != 1 || last["msg"] != "exited" || last["code"] != float64(code) {
		b.t.Errorf("%d reports of the end, the last record is %v, want one with code %d", len(reports), last, code)
	}
}

// Kubernetes shows the last words of a container, and some orchestrators want to see the signal.
func TestLastWords(t *testing.T) {
	h := newHub(t)
	path := filepath.Join(t.TempDir(), "termination")
	b := open(t, h, newRoot(t), usual("RUNNER_TERMINATION_LOG="+path, "RUNNER_EXIT_ON_SIGNAL=true", "RUNNER_NAME=n"))
	h.listening(t, b)
	b.signal(syscall.SIGINT)
	b.expectExit(130)
	if got, want := said(t, path), (lastWords{ExitCode: 130, Phase: "stopping", Runner: "n"}); got != want {
		t.Errorf("it said %+v, want %+v", got, want)
	}
}

// The last words and the last line of the log say the same: which job, which end, and what to do about it.
func TestLastWordsOfJob(t *testing.T) {
	h := newHub(t)
	path := filepath.Join(t.TempDir(), "termination")
	job := h.job("exit 3")
	b := open(t, h, newRoot(t), usual("RUNNER_TERMINATION_LOG="+path, "RUNNER_NAME=n"))
	b.expectExit(0)
	expectResult(t, job, github.Failed)
	words := said(t, path)
	if words.Job == nil || *words.Job != (served{"build", "Failed"}) || words.Reason != "" || words.Ghost || words.Hint != "" {
		t.Errorf("it said %+v, of job %+v", words, words.Job)
	}
	last := records(b.stderr.String(), "exited")
	if len(last) != 1 || last[0]["job"] != "build" || last[0]["result"] != "Failed" || last[0]["code"] != 0.0 || last[0]["runner"] != "n" {
		t.Errorf("the last line is %v", last)
	}
}

// Every end that is not a clean one has a reason and a hint.
func TestLastWordsHaveHints(t *testing.T) {
	for name, test := range map[string]struct {
		environ      []string
		args         []string
		exit         int // of the listener
		fault        github.Fault
		code         int
		reason, hint string
	}{
		"configuration": {environ: []string{"RUNNER_REPO=acme/widgets"}, code: 78, reason: "the configuration is invalid: ", hint: "GITHUB_TOKEN"},
		"command line":  {environ: usual(), args: []string{"run", "walk"}, code: 64, reason: `cannot understand "walk"`, hint: "runner-init run"},
		"several problems": {
			environ: usual("RUNNER_EPHEMERAL=perhaps", "RUNNER_SCOPE=world"), code: 78, reason: "(and 1 more)", hint: "use ",
		},
		"refused":  {environ: usual("GITHUB_TOKEN=", "PAT=no-such-pat"), code: 77, reason: "401", hint: "token"},
		"crashed":  {environ: usual(), exit: 134, code: 70, reason: "crashed", hint: "_diag"},
		"outdated": {environ: usual(), exit: 7, code: 7, reason: "version", hint: "newer runner"},
		"ghost": {
			environ: usual(), exit: 134, fault: github.Fault{Method: "DELETE", Route: registrations, Status: 403},
			code: 75, reason: "crashed: exit code 134; a registration may be left", hint: "delete it",
		},
	} {
		t.Run(name, func(t *testing.T) {
			h, root := newHub(t), newRoot(t)
			if test.exit != 0 {
				if err := simrunner.WriteBehaviour(root, simrunner.Behaviour{At: exitAt(simrunner.AtListening, test.exit)}); err != nil {
					t.Fatal(err)
				}
			}
			if test.fault.Status != 0 {
				h.Fault(test.fault)
			}
			path := filepath.Join(t.TempDir(), "termination")
			b := open(t, h, root, append(test.environ, "RUNNER_TERMINATION_LOG="+path), test.args...)
			b.expectExit(test.code)
			words := said(t, path)
			if !strings.Contains(words.Reason, test.reason) || !strings.Contains(words.Hint, test.hint) || words.ExitCode != test.code || words.Ghost != (test.code == 75) {
				t.Errorf("it said %+v", words)
			}
		})
	}
}

// Kubernetes takes no more than 4096 bytes, whatever is in them.
func TestLastWordsAreBounded(t *testing.T) {
	for _, piece := range []string{"x", "\x01", `"`, "ö", "\xff"} {
		long := strings.Repeat(piece, 5000)
		line := lastWords{Reason: long, Runner: long, Hint: long, Job: &served{long, long}, ExitCode: 70}.line()
		var words lastWords
		if err := json.Unmarshal(line, &words); err != nil || len(line) > 4096 || len(line) < 100 || words.ExitCode != int(lifecycle.RunnerFailed) {
			t.Errorf("%q: %d bytes, %v", piece, len(line), err)
		}
	}
	if line := (lastWords{Reason: strings.Repeat("x", 2000)}).line(); strings.Contains(string(line), "…") {
		t.Error("it is cut although it fits")
	}
}
