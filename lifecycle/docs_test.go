package lifecycle

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/runner-init/runner-init/internal/page"
)

// TestDocs holds the generated pages to the code that they speak of.
func TestDocs(t *testing.T) {
	for name, write := range map[string]func(*testing.T) []byte{
		"lifecycle.md":  lifecyclePage,
		"exit-codes.md": exitCodesPage,
	} {
		t.Run(name, func(t *testing.T) { page.Generated(t, filepath.Join("..", "docs", name), write(t)) })
	}
}

const generated = "<!-- Generated from package lifecycle by `go generate ./lifecycle`. Do not edit. -->\n"

func lifecyclePage(t *testing.T) []byte {
	var page bytes.Buffer
	fmt.Fprint(&page, "# The life of a runner\n\n", generated, `
This page is made by walking the state machine itself (`+"`lifecycle.Next`"+`), so it cannot be out of date: a test compares
the two, and `+"`go generate ./lifecycle`"+` writes the page anew.

The machine is a pure function. An **event** is something that happened: a line of the listener, an answer of GitHub, a
signal, a timer. It leads to another **phase**, or not, and to **actions**: what there is to do now. Words like these are
explained at [the end](#the-words), the numbers in [exit codes](exit-codes.md).

## At a glance

`)
	fmt.Fprint(&page, diagram())
	fmt.Fprint(&page, "\n## Phases\n\n| phase | meaning |\n|---|---|\n")
	comments := commentsOf(t, "phase.go")
	for _, p := range Phases() {
		fmt.Fprintf(&page, "| %s | %s |\n", p, comments[phaseIdentifiers[p]])
	}
	fmt.Fprint(&page, stopInNumbers())
	fmt.Fprint(&page, stopMatrix(t))
	fmt.Fprint(&page, listenerEnds(t))
	fmt.Fprint(&page, watchdogInNumbers())
	fmt.Fprint(&page, `
## What happens when

One table for each situation that a phase knows. The situations after a stop are those after one stop signal. What is
not in a table changes nothing that could be seen: timers may fire late, and news may be old.
`)
	for _, s := range situations() {
		fmt.Fprint(&page, s.section(t))
	}
	fmt.Fprint(&page, words(t))
	return page.Bytes()
}

// stopInNumbers shows the plan for grace periods that platforms have.
func stopInNumbers() string {
	var table strings.Builder
	fmt.Fprint(&table, `
## A stop in numbers

How RUNNER_STOP_TIMEOUT is divided, counted from the stop signal: a fence that has not answered is given up, a job that
still runs is cancelled, a listener that does not end is killed, and we exit whatever GitHub says.

| grace period | fence given up | job cancelled | listener killed | exit |
|---|---|---|---|---|
`)
	for _, grace := range []time.Duration{10 * second, 30 * second, 60 * second, 120 * second, 600 * second, hour} {
		p := NewPlan(grace, 0)
		fmt.Fprintf(&table, "| %s | %s | %s | %s | %s |\n", short(grace), short(p.Fence), short(p.Drain), short(p.Kill), short(p.Exit))
	}
	return table.String()
}

// watchdogInNumbers says what the watchdog does and what it costs.
func watchdogInNumbers() string {
	var moments []string
	at := time.Duration(0)
	for probes := uint8(0); ; probes = min(probes+1, maxProbes) {
		if at += probePause(probes); at > day {
			break
		}
		moments = append(moments, short(at))
	}
	return fmt.Sprintf(`
## The watchdog

A runner that lives and does not work is ended with exit code %d.

- **A job that is not begun.** A worker process appears within moments of `+"`Running job:`"+`. We look for it %s after the line, and
  if it is not there, once more after %s. If there is none then either, GitHub is asked: a persistent runner that has no job there
  is a healthy one whose job was cancelled before it began; one that has is dead. No answer means that we look again
  every %s. A worker that was seen once is never looked for again.
- **A registration that is gone.** GitHub is asked for an idle runner after %s at the earliest, counted from
  listening: %d times in the first day, each with up to a quarter of the pause more, so that runners that started together do
  not ask together. That is one request each (with a GitHub App one more, for its token), given up after 20 s. Only two different looks that
  both show no registration count; a refusal, an error or an outage proves nothing, however long it lasts. Between the
  questions nothing of ours wakes up, and while a job runs none is asked.
- **A listener that does not come up again.** One that was started again, after it asked for it or updated itself, may wait for
  GitHub for as long as it takes. GitHub is asked for it at the same pace: where it answers twice that nobody listens, it hangs.
`, DeadRunner, short(firstLook), short(firstLook+secondLook), short(lookAgain), enumerate(moments), len(moments))
}

func enumerate(words []string) string {
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " and " + words[last]
}

// short writes a duration without the units that are zero.
func short(d time.Duration) string {
	text := d.String()
	for _, zero := range []string{"m0s", "h0m"} {
		if strings.HasSuffix(text, zero) {
			text = text[:len(text)-2]
		}
	}
	return text
}

func exitCodesPage(*testing.T) []byte {
	var page bytes.Buffer
	fmt.Fprint(&page, "# Exit codes\n\n", generated, `
The numbers follow sysexits.h where it has one; [the life of a runner](lifecycle.md) says what leads to each. 7 is the
runner's own code; Kubernetes scale sets read it.

| code | meaning | what to do |
|---|---|---|
`)
	for _, m := range Meanings() {
		fmt.Fprintf(&page, "| %d | %s | %s |\n", m.Code, m.Text, m.Do)
	}
	fmt.Fprint(&page, "| 128+n | a child was killed by signal n, and its end is ours; or `sweep` or `doctor` was ended by it before it was done | look for what sent the signal |\n")
	return page.Bytes()
}
