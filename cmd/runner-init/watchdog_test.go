package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/runner-init/runner-init/internal/need"
	"github.com/runner-init/runner-init/internal/sim/github"
)

// The watchdog of the whole program, which only looks more often here: a runner that GitHub has forgotten, and that has not
// noticed, is dead; one that GitHub cannot be asked about is not, and does its job.
func TestWatchdog(t *testing.T) {
	program := func(t *testing.T) string { return need.Program(t, "cmd/runner-init", "quicktest") }
	t.Run("forgotten", func(t *testing.T) {
		h := newHub(t)
		h.Fault(github.Fault{Method: "GET", Route: "/message", Hang: true}) // the runner hears of nothing
		b := openProgram(t, program(t), h, newRoot(t), usual())
		b.said(`"phase":"listening"`)
		h.forget(t)
		b.expectExit(82)
		h.expectEmpty(t)
		b.said(`"reason":"GitHub no longer knows the runner, which has not noticed"`)
	})
	t.Run("unreachable", func(t *testing.T) {
		h := newHub(t)
		for _, route := range []string{registrations, "/actions/runners"} {
			h.Fault(github.Fault{Method: "GET", Route: route, Drop: true})
		}
		b := openProgram(t, program(t), h, newRoot(t), usual())
		b.said("cannot look up the registration") // it has been asked for twenty seconds
		if strings.Contains(b.stderr.String(), `"from":"listening"`) {
			t.Error("GitHub's silence was taken for something")
		}
		job := h.job("echo hello")
		b.expectExit(0)
		expectResult(t, job, github.Succeeded)
		h.expectEmpty(t)
	})
}

// forget has somebody else delete the only registration.
func (h *hub) forget(t *testing.T) {
	t.Helper()
	request, err := http.NewRequest("DELETE", fmt.Sprintf("%s/repos/acme/widgets/actions/runners/%d", h.url, h.Runners()[0].ID), nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+testPAT)
	answer, err := http.DefaultClient.Do(request)
	if err != nil || answer.StatusCode != http.StatusNoContent {
		t.Fatal(answer, err)
	}
}
