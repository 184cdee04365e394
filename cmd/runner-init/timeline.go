//go:build !nodemo

package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/runner-init/runner-init/internal/sim/github"
	simrunner "github.com/runner-init/runner-init/internal/sim/runner"
)

// timeline collects what happens, when, and who did it, for somebody who has never seen the code. It prints an act at
// its end, because what the processes noted of themselves is read only then.
type timeline struct {
	out   io.Writer
	start time.Time

	mu     sync.Mutex
	events []happening
}

type happening struct {
	when      time.Time
	who, what string
}

func newTimeline(out io.Writer) *timeline { return &timeline{out: out, start: time.Now()} }

func (t *timeline) title(text string) { fmt.Fprintf(t.out, "\n%s\n", text) }

// note adds something that happens now.
func (t *timeline) note(who, what string) { t.at(time.Now(), who, what) }

func (t *timeline) at(when time.Time, who, what string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.events = append(t.events, happening{when, who, what})
}

// print prints what was noted since the last time, in order.
func (t *timeline) print() {
	t.mu.Lock()
	defer t.mu.Unlock()
	slices.SortStableFunc(t.events, func(a, b happening) int { return a.when.Compare(b.when) })
	for _, e := range t.events {
		fmt.Fprintf(t.out, "%7.3fs  %-11s  %s\n", e.when.Sub(t.start).Seconds(), e.who, e.what)
	}
	t.events = nil
}

// answer notes a call of ours to GitHub's API. The runner's own talk with GitHub is left out.
func (t *timeline) answer(e github.Entry) {
	if strings.Contains(e.Path, "/actions/runners") && !strings.HasSuffix(e.Path, "/actions/runners/register") {
		t.note("GitHub API", fmt.Sprintf("%s %s: %d%s", e.Method, e.Path, e.Status, deletions[e.Status]))
	}
}

// deletions say what GitHub's answer to a DELETE means; no other call of the demo is answered so.
var deletions = map[int]string{
	http.StatusNoContent:           ", deleted: no job can be assigned any more",
	http.StatusNotFound:            ", gone already",
	http.StatusUnprocessableEntity: ", busy: a job is running",
}

// listener notes the lines that the runner prints.
func (t *timeline) listener(stdout io.Reader) {
	for lines := bufio.NewScanner(stdout); lines.Scan(); {
		if text := strings.TrimSpace(lines.Text()); text != "" {
			t.note("runner", text)
		}
	}
}

// processes notes when the programs of the runner under root began and ended.
func (t *timeline) processes(root string) {
	records, err := simrunner.Records(root)
	if err != nil {
		t.note("process", err.Error())
	}
	for _, r := range records {
		switch r.Event {
		case "start":
			argv := strings.ReplaceAll(strings.Join(r.Given.Argv, " "), root+"/", "")
			t.at(r.Time, "process", fmt.Sprintf("%s starts, pid %d", argv, r.PID))
		case "signal", "exit":
			t.at(r.Time, "process", fmt.Sprintf("%s: %s %s", r.Role, r.Event, r.Detail))
		}
	}
}

// logs notes runner-init's own log: its phases, and whatever else it has to say.
func (t *timeline) logs(stderr io.Reader) {
	for lines := bufio.NewScanner(stderr); lines.Scan(); {
		var entry struct {
			Time                                                   time.Time
			Msg, Phase, Reason, Runner, Job, Result, Error, Signal string
			Code                                                   int
		}
		if json.Unmarshal(lines.Bytes(), &entry) != nil {
			t.note("stderr", lines.Text())
			continue
		}
		switch entry.Msg {
		case "phase changed":
			t.at(entry.Time, "phase", strings.ToUpper(entry.Phase))
		case "stop plan", "stop planned", "deregistration answered", "exited":
		default:
			t.at(entry.Time, "runner-init", strings.Join(strings.Fields(strings.Join([]string{
				entry.Msg, entry.Runner, entry.Job, entry.Result, entry.Signal, entry.Error,
			}, " ")), " "))
		}
	}
}
