package main

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/runner-init/runner-init/internal/sim/github"
	simrunner "github.com/runner-init/runner-init/internal/sim/runner"
	"github.com/runner-init/runner-init/registration"
)

// A stop in the first moments finds a program that has registered nothing yet. Before a program's first instruction the
// kernel does not deliver signals to PID 1 at all (pid_namespaces(7)), so one that may have come even before that is sent
// again, as the person would who sees nothing happen.
func TestStopJustAfterExec(t *testing.T) {
	for _, mode := range []string{"jit", "token"} {
		for _, delay := range []time.Duration{0, 1, 2, 3, 5, 8, 13, 20, 50, 100} {
			delay *= time.Millisecond
			t.Run(fmt.Sprint(mode, " ", delay), func(t *testing.T) {
				h := newHub(t)
				for range 4 {
					b := open(t, h, newRoot(t), usual("RUNNER_REGISTRATION="+mode))
					time.Sleep(delay) // the delay is what is tested
					early := !b.listens()
					b.signal(syscall.SIGTERM)
					if early {
						b.eventually("init that listens", b.listens)
						b.signal(syscall.SIGTERM)
					}
					b.expectExit(0)
					h.expectEmpty(t)
				}
			})
		}
	}
}

// A stop at every step of boot and of the end: hold a request on its way to GitHub, or its answer on the way back.
func TestStopAtEveryRequest(t *testing.T) {
	const (
		register = "/repos/{owner}/{repo}/actions/runners/generate-jitconfig"
		token    = "/repos/{owner}/{repo}/actions/runners/registration-token"
	)
	for name, test := range map[string]struct {
		mode   string
		method string
		route  string
	}{
		"registering":           {"jit", "POST", register},
		"authenticating":        {"token", "POST", token},
		"configuring":           {"token", "POST", "/actions/runner-registration"},
		"configure registering": {"token", "POST", "/actions/runners/register"},
		"making a session":      {"jit", "POST", "/session"},
		"deregistering":         {"jit", "DELETE", registrations},
	} {
		for _, after := range []bool{false, true} {
			t.Run(fmt.Sprint(name, ", answered: ", after), func(t *testing.T) {
				h := newHub(t)
				job := h.job("true")
				gate := h.Gate(github.Point{Method: test.method, Route: test.route, After: after})
				b := open(t, h, newRoot(t), usual("RUNNER_REGISTRATION="+test.mode))
				if _, err := gate.Arrived(t.Context()); err != nil {
					t.Fatal(err)
				}
				b.signal(syscall.SIGTERM)
				b.said("stop requested")
				gate.Release()
				b.expectExit(0)
				h.expectEmpty(t)
				if job.State() != github.Queued && job.Result() != github.Succeeded {
					t.Errorf("the job is %s, %q", job.State(), job.Result())
				}
			})
		}
	}
}

// A job that GitHub has assigned is drained, whether or not the runner knows of it when the stop comes.
func TestStopAtAssignment(t *testing.T) {
	for _, persistent := range []bool{false, true} {
		for _, after := range []bool{false, true} {
			t.Run(fmt.Sprint("persistent ", persistent, ", answered ", after), func(t *testing.T) {
				h := newHub(t)
				b := open(t, h, newRoot(t), usual(fmt.Sprint("RUNNER_EPHEMERAL=", !persistent)))
				h.listening(t, b)
				gate := h.Gate(github.Point{
					Method: "GET", Route: "/message", After: true, When: func(e github.Entry) bool { return e.Job != "" },
				})
				if !after {
					gate.Release()
				}
				job := h.job("sleep 0.5")
				if err := job.Reached(t.Context(), github.Assigned); err != nil {
					t.Fatal(err)
				}
				b.signal(syscall.SIGTERM)
				b.said("stop requested")
				if after {
					b.said(`"phase":"draining"`) // GitHub said busy, the runner knows nothing
				}
				gate.Release()
				b.expectExit(0)
				expectResult(t, job, github.Succeeded)
				h.expectEmpty(t)
			})
		}
	}
}

func TestStopMidJob(t *testing.T) {
	for _, s := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGQUIT} {
		t.Run(s.String(), func(t *testing.T) {
			h := newHub(t)
			job := h.job("echo working; sleep 1")
			b := open(t, h, newRoot(t), usual())
			working(t, job)
			b.signal(s)
			b.expectExit(0)
			expectResult(t, job, github.Succeeded)
			h.expectEmpty(t)
		})
	}
}

// A job that does not fit into the grace period is cancelled in time, reported, and nothing is left.
func TestDrainRunsOut(t *testing.T) {
	h := newHub(t)
	job := h.longJob()
	b := open(t, h, newRoot(t), usual("RUNNER_STOP_TIMEOUT=4"))
	working(t, job)
	begin := time.Now()
	b.signal(syscall.SIGTERM)
	b.said("stop planned")
	b.expectExit(0)
	if took := time.Since(begin); took < 2*time.Second || took > 4*time.Second {
		t.Errorf("the stop took %v of 4s", took)
	}
	expectResult(t, job, github.Failed) // what GitHub shows of a job whose runner shut down
	h.expectEmpty(t)
}

// The second signal cuts the drain short.
func TestSecondSignal(t *testing.T) {
	h := newHub(t)
	job := h.longJob()
	b := open(t, h, newRoot(t), usual("RUNNER_STOP_TIMEOUT=60"))
	working(t, job)
	b.signal(syscall.SIGTERM)
	b.said(`"phase":"draining"`)
	b.signal(syscall.SIGTERM)
	b.expectExit(0)
	expectResult(t, job, github.Failed) // what GitHub shows of a job whose runner shut down
	h.expectEmpty(t)
}

// The third signal kills. The job is lost, and the exit code says that a registration may be left: GitHub refuses to
// delete a runner that it believes to be busy.
func TestThirdSignal(t *testing.T) {
	h := newHub(t)
	root := newRoot(t)
	simrunner.WriteBehaviour(root, simrunner.Behaviour{At: map[simrunner.Arrow]simrunner.Act{simrunner.AtWorkerStop: {Hang: true}}})
	job := h.longJob()
	b := open(t, h, root, usual("RUNNER_STOP_TIMEOUT=6"))
	working(t, job)
	b.signal(syscall.SIGTERM)
	b.said(`"phase":"draining"`)
	b.signal(syscall.SIGTERM)
	b.said(`"phase":"cancelling"`)
	b.signal(syscall.SIGTERM)
	b.expectExit(75)
}

// kill -9 of the supervisor: PID 1 starts it once more, and the end is as orderly as ever but for the exit code.
func TestSupervisorKilled(t *testing.T) {
	t.Run("idle", func(t *testing.T) {
		h := newHub(t)
		b := open(t, h, newRoot(t), usual())
		h.listening(t, b)
		syscall.Kill(b.supervisor(), syscall.SIGKILL)
		b.expectExit(70)
		h.expectEmpty(t)
	})
	t.Run("mid-job", func(t *testing.T) {
		h := newHub(t)
		job := h.job("echo working; sleep 2")
		b := open(t, h, newRoot(t), usual())
		working(t, job)
		syscall.Kill(b.supervisor(), syscall.SIGKILL)
		b.expectExit(70)
		expectResult(t, job, github.Succeeded)
		h.expectEmpty(t)
	})
	t.Run("mid-job, then stopped", func(t *testing.T) {
		h := newHub(t)
		job := h.longJob()
		b := open(t, h, newRoot(t), usual("RUNNER_STOP_TIMEOUT=4"))
		working(t, job)
		syscall.Kill(b.supervisor(), syscall.SIGKILL)
		b.said(`"phase":"draining"`)
		b.signal(syscall.SIGTERM)
		b.expectExit(70)
		expectResult(t, job, github.Failed) // what GitHub shows of a job whose runner shut down
		h.expectEmpty(t)
	})
	t.Run("persistent, mid-job", func(t *testing.T) {
		h := newHub(t)
		job := h.job("echo working; sleep 2")
		b := open(t, h, newRoot(t), usual("RUNNER_EPHEMERAL=false"))
		working(t, job)
		syscall.Kill(b.supervisor(), syscall.SIGKILL)
		b.expectExit(70)
		expectResult(t, job, github.Succeeded)
		h.expectEmpty(t)
	})
	for name, point := range map[string]github.Point{
		"registering":           {Method: "POST", Route: "/repos/{owner}/{repo}/actions/runners/generate-jitconfig", After: true},
		"configure registering": {Method: "POST", Route: "/actions/runners/register", After: true},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHub(t)
			mode := "jit"
			if name != "registering" {
				mode = "token"
			}
			gate := h.Gate(point)
			b := open(t, h, newRoot(t), usual("RUNNER_REGISTRATION="+mode))
			if _, err := gate.Arrived(t.Context()); err != nil {
				t.Fatal(err)
			}
			syscall.Kill(b.supervisor(), syscall.SIGKILL)
			gate.Release()
			b.expectExit(70)
			h.expectEmpty(t)
		})
	}
}

// The fence's request fails and fails: the runner itself is told to remove itself, with a fresh token.
func TestFenceFallsBack(t *testing.T) {
	for _, credential := range []string{"PAT", "App"} {
		t.Run(credential, func(t *testing.T) {
			h := newHub(t)
			ours := func(e github.Entry) bool { return !strings.HasSuffix(e.Credential, "-token") } // not the runner's own
			h.Fault(github.Fault{Method: "DELETE", Route: registrations, When: ours, Status: 403})
			environ := usual("RUNNER_REGISTRATION=token")
			if credential == "App" {
				environ = append(environ, h.app(t)...)
			}
			b := open(t, h, newRoot(t), environ)
			h.listening(t, b)
			asked := len(h.Journal())
			h.Fault(github.Fault{Method: "POST", Route: "/…/actions/runners/remove-token", Status: 502, Times: 1})
			if credential == "App" { // it dies in the middle, and is made anew, once
				h.Fault(github.Fault{Method: "POST", Route: "/…/actions/runners/remove-token", Status: 401, Times: 1})
			}
			b.signal(syscall.SIGTERM)
			b.expectExit(0)
			h.expectEmpty(t)
			removed, minted := 0, 0
			for _, e := range h.Journal()[asked:] {
				if e.Matches("POST", "/…/actions/runners/remove-token") && e.Status == http.StatusCreated {
					removed++
				}
				if e.Matches("POST", mintRoute) {
					minted++
				}
			}
			if removed != 1 || credential == "App" && minted != 1 {
				t.Errorf("%d remove tokens were handed out, and %d tokens of the App's installation were made", removed, minted)
			}
		})
	}
}

// With a ready token there is no API credential: the runner removes itself, and 75 says when that failed.
func TestReadyToken(t *testing.T) {
	for name, test := range map[string]struct {
		late bool
		code int
	}{"in time": {false, 0}, "too late": {true, 75}} {
		t.Run(name, func(t *testing.T) {
			h := newHub(t)
			token := h.RegistrationToken(scope)
			b := open(t, h, newRoot(t), []string{"RUNNER_REPO=acme/widgets", "RUNNER_TOKEN=" + token})
			h.listening(t, b)
			if test.late {
				h.Fault(github.Fault{Method: "DELETE", Route: registrations, Status: 401})
			}
			b.signal(syscall.SIGTERM)
			b.expectExit(test.code)
			if left := len(h.Runners()); (left > 0) != (test.code == 75) {
				t.Errorf("exit code %d and %d registrations left", test.code, left)
			}
		})
	}
}

// Without an API credential the runner's own removal is the fence: GitHub refuses it while a job is on its way, and that
// is drained.
func TestReadyTokenAtAssignment(t *testing.T) {
	h := newHub(t)
	b := open(t, h, newRoot(t), []string{"RUNNER_REPO=acme/widgets", "RUNNER_STOP_TIMEOUT=20s", "RUNNER_TOKEN=" + h.RegistrationToken(scope)})
	h.listening(t, b)
	gate := h.Gate(github.Point{
		Method: "GET", Route: "/message", After: true, When: func(e github.Entry) bool { return e.Job != "" },
	})
	job := h.job("sleep 0.5")
	if _, err := gate.Arrived(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.signal(syscall.SIGTERM)
	b.said(`"phase":"draining"`) // GitHub said busy, the runner knows nothing
	gate.Release()
	b.expectExit(0)
	expectResult(t, job, github.Succeeded)
	h.expectEmpty(t)
}

// RUNNER_DEREGISTER=false leaves the registration alone, and says so with a clean exit.
func TestKeepsRegistration(t *testing.T) {
	h := newHub(t)
	b := open(t, h, newRoot(t), usual("RUNNER_DEREGISTER=false"))
	h.listening(t, b)
	b.signal(syscall.SIGTERM)
	b.expectExit(0)
	if left := h.Runners(); len(left) != 1 {
		t.Errorf("GitHub knows %+v", left)
	}
}

// A process group of its own keeps a ^C on the terminal, or a signal to the group, away from the job.
func TestListenerHasItsOwnGroup(t *testing.T) {
	h := newHub(t)
	b := open(t, h, newRoot(t), usual())
	h.listening(t, b)
	records, err := simrunner.Records(b.root)
	if err != nil || len(records) == 0 || records[0].Given == nil {
		t.Fatal(errors.Join(err, errors.New("no records")))
	}
	given := records[0].Given
	if given.PGID != records[0].PID {
		t.Errorf("the listener %d is in group %d", records[0].PID, given.PGID)
	}
	for fd, file := range given.Files {
		if fd > 2 {
			t.Errorf("the listener inherits descriptor %d: %s", fd, file)
		}
	}
	for _, set := range []string{"SigBlk", "SigIgn"} {
		if given.Status[set] != "0000000000000000" {
			t.Errorf("the listener has %s %s", set, given.Status[set])
		}
	}
	b.signal(syscall.SIGTERM)
	b.expectExit(0)
}

const registrations = "/repos/{owner}/{repo}/actions/runners/{runner_id}"

// Somebody else's runner that happens to have our name is not ours to delete, whatever became of our own registration.
func TestOthersRegistrationSurvives(t *testing.T) {
	h := newHub(t)
	theirs := open(t, h, newRoot(t), usual("RUNNER_NAME=same"))
	h.listening(t, theirs)
	root := newRoot(t)
	simrunner.WriteBehaviour(root, simrunner.Behaviour{At: exitAt(simrunner.AtStart, 134)})
	ours := open(t, h, root, usual("RUNNER_NAME=same", "RUNNER_REGISTRATION=token"))
	ours.expectExit(70)
	if left := h.Runners(); len(left) != 1 {
		t.Errorf("GitHub knows %+v", left)
	}
	theirs.signal(syscall.SIGTERM)
	theirs.expectExit(0)
	h.expectEmpty(t)
}

// An outage of GitHub costs no registration as long as it is over before we have to be.
func TestDeregistersThroughOutage(t *testing.T) {
	h := newHub(t)
	h.Fault(github.Fault{Method: "DELETE", Route: registrations, Status: 502, When: func(e github.Entry) bool {
		return time.Since(h.began) < 12*time.Second
	}})
	b := open(t, h, newRoot(t), usual("RUNNER_STOP_TIMEOUT=40"))
	h.listening(t, b)
	b.signal(syscall.SIGTERM)
	b.expectExit(0)
	h.expectEmpty(t)
}

// A ready token, and a configure that was cut off after GitHub had registered: nobody knows, and the exit code says so.
func TestUnknownOutcomeIsSaid(t *testing.T) {
	h := newHub(t)
	root := newRoot(t)
	simrunner.WriteBehaviour(root, simrunner.Behaviour{At: exitAt(simrunner.AtRegistered, 1)})
	b := open(t, h, root, []string{"RUNNER_REPO=acme/widgets", "RUNNER_TOKEN=" + h.RegistrationToken(scope)})
	b.expectExit(75)
	if left := h.Runners(); len(left) != 1 {
		t.Errorf("GitHub knows %+v", left)
	}
}

// After a session conflict the runner registers anew, with a token of its own: the first may be long expired.
func TestSessionConflict(t *testing.T) {
	h := newHub(t)
	root := newRoot(t)
	simrunner.WriteBehaviour(root, simrunner.Behaviour{At: map[simrunner.Arrow]simrunner.Act{
		simrunner.AtConnect: {Exit: new(5), Times: 1},
	}})
	job := h.job("true")
	b := open(t, h, root, usual("RUNNER_REGISTRATION=token"))
	b.expectExit(0)
	expectResult(t, job, github.Succeeded)
	h.expectEmpty(t)
	tokens := 0
	for _, call := range h.calls() {
		if strings.Contains(call, "registration-token") {
			tokens++
		}
	}
	if tokens != 2 {
		t.Errorf("%d registration tokens were asked for, want 2", tokens)
	}
}

// GitHub answers "not found" as well to a token that has lost its sight of the repository. That proves nothing.
func TestNotFoundIsNoProof(t *testing.T) {
	h := newHub(t)
	h.Fault(github.Fault{Route: registrations, Status: 404})
	h.Fault(github.Fault{Route: "/repos/{owner}/{repo}/actions/runners", Status: 404})
	b := open(t, h, newRoot(t), usual())
	h.listening(t, b)
	b.signal(syscall.SIGTERM)
	b.expectExit(75)
}

// A person who deletes the runner on GitHub's page gets what he wanted.
func TestDeletedByAnother(t *testing.T) {
	h := newHub(t)
	b := open(t, h, newRoot(t), usual("RUNNER_NAME=n"))
	h.listening(t, b)
	gate := h.Gate(github.Point{Method: "DELETE", Route: registrations})
	b.signal(syscall.SIGTERM)
	if _, err := gate.Arrived(t.Context()); err != nil {
		t.Fatal(err)
	}
	h.forget(t)
	gate.Release()
	b.expectExit(0)
}

// readyJIT has somebody else register a runner, as a Kubernetes scale set does.
func (h *hub) readyJIT(t *testing.T) string {
	t.Helper()
	pat, err := registration.NewPAT(testPAT)
	if err != nil {
		t.Fatal(err)
	}
	client, err := registration.New(registration.Options{
		API: h.url, Credential: pat,
		Scope: registration.Scope{Kind: registration.Repository, Owner: "acme", Repo: "widgets"},
	})
	if err != nil {
		t.Fatal(err)
	}
	_, encoded, err := client.JIT(t.Context(), registration.JITRequest{Name: "theirs", Labels: registration.DefaultLabels()})
	if err != nil {
		t.Fatal(err)
	}
	return "RUNNER_JITCONFIG=" + encoded
}

// A ready JIT configuration takes no call of ours; the registration stays with whoever made it.
func TestReadyJIT(t *testing.T) {
	for name, test := range map[string]struct {
		at         map[simrunner.Arrow]simrunner.Act
		stop       bool
		code, left int
	}{
		"job":              {code: 0, left: 0},
		"idle stop":        {stop: true, code: 0, left: 1},
		"session conflict": {at: exitAt(simrunner.AtConnect, 5), code: 81, left: 1},
		"too old":          {at: exitAt(simrunner.AtListening, 7), code: 7, left: 1}, // which a scale set's controller reads
	} {
		t.Run(name, func(t *testing.T) {
			h := newHub(t)
			root := newRoot(t)
			simrunner.WriteBehaviour(root, simrunner.Behaviour{At: test.at})
			environ := []string{h.readyJIT(t)}
			before := len(h.calls())
			if name == "job" {
				h.job("true")
			}
			b := open(t, h, root, environ)
			if test.stop {
				h.listening(t, b)
				b.signal(syscall.SIGTERM)
			}
			b.expectExit(test.code)
			if calls := h.calls(); len(calls) != before || len(h.Runners()) != test.left {
				t.Errorf("calls of ours: %q; %d registrations left, want %d", calls[before:], len(h.Runners()), test.left)
			}
		})
	}
}
