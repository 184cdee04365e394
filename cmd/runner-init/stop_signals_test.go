package main

import (
	"fmt"
	"syscall"
	"testing"

	"github.com/runner-init/runner-init/internal/sim/github"
)

// Each of the three signals in each phase that GitHub or a job can hold still: they are one and the same stop, and only an
// exit code that was asked for tells them apart.
func TestEverySignalInEveryPhase(t *testing.T) {
	const create, session = "/repos/{owner}/{repo}/actions/runners/generate-jitconfig", "/session"
	for phase, test := range map[string]struct {
		method, route string // of the request that is held; none: the runner's own state is waited for
		job           string
		more          string
	}{
		"registering":   {method: "POST", route: create},
		"starting":      {method: "POST", route: session},
		"listening":     {},
		"running":       {job: "echo working; sleep 1"},
		"stopping":      {method: "DELETE", route: registrations, more: "RUNNER_IDLE_TIMEOUT=1"},
		"deregistering": {method: "DELETE", route: registrations, job: "echo working"},
	} {
		for _, s := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGQUIT} {
			t.Run(fmt.Sprint(phase, " ", s), func(t *testing.T) {
				h := newHub(t)
				var job *github.JobRun
				if test.job != "" {
					job = h.job(test.job)
				}
				var gate *github.Gate
				if test.route != "" {
					gate = h.Gate(github.Point{Method: test.method, Route: test.route, After: true})
				}
				b := open(t, h, newRoot(t), usual("RUNNER_EXIT_ON_SIGNAL=true", test.more))
				switch {
				case gate != nil:
					if _, err := gate.Arrived(t.Context()); err != nil {
						t.Fatal(err)
					}
				case job != nil:
					working(t, job)
				default:
					h.listening(t, b)
				}
				b.said(`"phase":"` + phase + `"`)
				b.signal(s)
				b.said("stop planned")
				if gate != nil {
					gate.Release()
				}
				b.expectExit(128 + int(s))
				h.expectEmpty(t)
				if job != nil {
					expectResult(t, job, github.Succeeded)
				}
			})
		}
	}
}
