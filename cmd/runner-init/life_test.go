package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/runner-init/runner-init/internal/need"
	"github.com/runner-init/runner-init/internal/sim/github"
	simrunner "github.com/runner-init/runner-init/internal/sim/runner"
)

// job queues a job that prints something.
func (h *hub) job(run string) *github.JobRun {
	return h.Queue(github.Job{Name: "build", Scope: scope, Labels: []string{"self-hosted"}, Run: run})
}

// longJob queues a job that fits into no grace period, and ends as soon as it is interrupted.
func (h *hub) longJob() *github.JobRun { return h.job("echo working; exec sleep 1000") }

// working waits until the step of a job that says so is running. A runner that is interrupted between taking a job and
// starting its worker leaves the job to GitHub, which fails it when nobody renews its lock.
func working(t *testing.T, job *github.JobRun) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), testTime)
	defer cancel()
	if err := job.Printed(ctx, "working"); err != nil {
		t.Fatal(err)
	}
}

func expectResult(t *testing.T, job *github.JobRun, want github.Result) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), testTime)
	defer cancel()
	if got := job.Wait(ctx); got != want {
		t.Errorf("the job ended as %q, want %q; it printed:\n%s", got, want, job.Log())
	}
}

// listening waits until the only runner is online.
func (h *hub) listening(t *testing.T, b *box) {
	t.Helper()
	b.said("Listening for Jobs")
}

// JIT registration is one call and one process from boot to listening.
func TestOneJobJIT(t *testing.T) {
	h := newHub(t)
	job := h.job("(sh -c 'unset RUNNER_TRACKING_ID; sleep 0.2 & sleep 0.1' > /dev/null 2>&1 &); sleep 1.5") // orphans to reap
	b := open(t, h, newRoot(t), usual())
	b.expectExit(0)
	expectResult(t, job, github.Succeeded)
	h.expectEmpty(t)
	want := []string{
		"POST /repos/{owner}/{repo}/actions/runners/generate-jitconfig 201",
		"DELETE /repos/{owner}/{repo}/actions/runners/{runner_id} 404",
	}
	if got := h.calls(); !slices.Equal(got, want) {
		t.Errorf("calls: %q, want %q", got, want)
	}
	if got := started(t, b.root, "listener"); !slices.Equal(got, []string{"run"}) {
		t.Errorf("listener processes: %q, want one run", got)
	}
}

// started returns the verbs with which the processes of a role were started.
func started(t *testing.T, root, role string) (verbs []string) {
	t.Helper()
	records, err := simrunner.Records(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range records {
		if r.Given != nil && r.Role == role {
			verbs = append(verbs, r.Given.Argv[1])
		}
	}
	return verbs
}

func TestOneJobToken(t *testing.T) {
	h := newHub(t)
	job := h.job("echo hello")
	b := open(t, h, newRoot(t), usual("RUNNER_REGISTRATION=token", "RUNNER_NAME=exact", "RUNNER_LABELS=gpu"))
	b.expectExit(0)
	expectResult(t, job, github.Succeeded)
	h.expectEmpty(t)
	if job.Runner() != "exact" {
		t.Errorf("the runner is called %q", job.Runner())
	}
	if got := started(t, b.root, "listener"); !slices.Equal(got, []string{"configure", "run"}) {
		t.Errorf("listener processes: %q", got)
	}
}

// GitHub makes just-in-time runners that do not update themselves, so one that shall has to register by token.
func TestUpdatingRunnerRegistersByToken(t *testing.T) {
	h := newHub(t)
	job := h.job("true")
	b := open(t, h, newRoot(t), usual("RUNNER_DISABLE_UPDATE=false"))
	b.expectExit(0)
	expectResult(t, job, github.Succeeded)
	h.expectEmpty(t)
	if got := started(t, b.root, "listener"); !slices.Equal(got, []string{"configure", "run"}) {
		t.Errorf("listener processes: %q", got)
	}
}

// A runner that is not ephemeral takes one job after the other, until it is stopped between two of them.
func TestPersistent(t *testing.T) {
	h := newHub(t)
	b := open(t, h, newRoot(t), usual("RUNNER_EPHEMERAL=false"))
	for range 3 {
		expectResult(t, h.job("echo hello"), github.Succeeded)
	}
	b.said(`"phase":"listening","from":"running"`)
	b.signal(syscall.SIGTERM)
	b.expectExit(0)
	h.expectEmpty(t)
}

// The identity of an earlier life must not get in the way.
func TestStaleIdentity(t *testing.T) {
	h := newHub(t)
	root := newRoot(t)
	for _, name := range []string{".runner", ".credentials", ".credentials_rsaparams"} {
		if err := os.WriteFile(filepath.Join(root, name), []byte(`{"agentId":4711}`), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	job := h.job("echo hello")
	open(t, h, root, usual("RUNNER_REGISTRATION=token")).expectExit(0)
	expectResult(t, job, github.Succeeded)
	h.expectEmpty(t)
}

// The result of a job is GitHub's to know; the container did its work.
func TestFailedJob(t *testing.T) {
	h := newHub(t)
	job := h.job("exit 3")
	open(t, h, newRoot(t), usual()).expectExit(0)
	expectResult(t, job, github.Failed)
	h.expectEmpty(t)
}

func TestNameTaken(t *testing.T) {
	for _, mode := range []string{"jit", "token"} {
		t.Run(mode, func(t *testing.T) {
			h := newHub(t)
			first := open(t, h, newRoot(t), usual("RUNNER_NAME=same", "RUNNER_REGISTRATION="+mode))
			h.listening(t, first)
			second := open(t, h, newRoot(t), usual("RUNNER_NAME=same", "RUNNER_REGISTRATION="+mode))
			h.listening(t, second)
			if left := h.Runners(); len(left) != 2 || !strings.HasPrefix(left[1].Name, "same-") {
				t.Errorf("GitHub knows %+v", left)
			}
			for _, b := range []*box{first, second} {
				b.signal(syscall.SIGTERM)
				b.expectExit(0)
			}
			h.expectEmpty(t)
		})
	}
}

// Exit codes by cause, each with an error that says what to do.
func TestExitCodes(t *testing.T) {
	for name, test := range map[string]struct {
		environ []string
		fault   github.Fault
		at      map[simrunner.Arrow]simrunner.Act
		code    int
		says    string
	}{
		"no configuration": {environ: []string{}, code: 78, says: "hint: "},
		"unknown PAT":      {environ: usual("GITHUB_TOKEN=", "PAT=no-such-pat"), code: 77, says: "401"},
		"GitHub down": {
			environ: usual("RUNNER_START_TIMEOUT=1s"), code: 69, says: "503",
			fault: github.Fault{Status: 503, Route: "/repos/{owner}/{repo}/actions/runners/generate-jitconfig"},
		},
		"no such runner directory": {environ: usual("RUNNER_HOME=/nowhere"), code: 78, says: "RUNNER_HOME"},
		"listener terminated":      {environ: usual(), at: exitAt(simrunner.AtListening, 1), code: 70, says: "gave up"},
		"listener crashed":         {environ: usual(), at: exitAt(simrunner.AtListening, 134), code: 70, says: "crashed"},
		"version deprecated":       {environ: usual(), at: exitAt(simrunner.AtListening, 7), code: 7, says: "version"},
		"configure fails": {
			environ: usual("RUNNER_REGISTRATION=token"), at: exitAt(simrunner.AtRegistered, 1), code: 70, says: "configure",
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHub(t)
			root := newRoot(t)
			if err := simrunner.WriteBehaviour(root, simrunner.Behaviour{At: test.at}); err != nil {
				t.Fatal(err)
			}
			if test.fault.Status != 0 {
				h.Fault(test.fault)
			}
			b := open(t, h, root, test.environ)
			b.expectExit(test.code)
			h.expectEmpty(t)
			if !strings.Contains(b.stderr.String(), test.says) {
				t.Errorf("it did not say %q", test.says)
			}
		})
	}
}

func exitAt(arrow simrunner.Arrow, code int) map[simrunner.Arrow]simrunner.Act {
	return map[simrunner.Arrow]simrunner.Act{arrow: {Exit: &code}}
}

// A listener that asks for it is started again, as long as GitHub knows it.
func TestRestart(t *testing.T) {
	h := newHub(t)
	root := newRoot(t)
	code := 2
	simrunner.WriteBehaviour(root, simrunner.Behaviour{At: map[simrunner.Arrow]simrunner.Act{
		simrunner.AtConnect: {Exit: &code, Times: 1},
	}})
	job := h.job("echo hello")
	b := open(t, h, root, usual())
	b.expectExit(0)
	expectResult(t, job, github.Succeeded)
	h.expectEmpty(t)
	if got := started(t, root, "listener"); !slices.Equal(got, []string{"run", "run"}) {
		t.Errorf("listener processes: %q", got)
	}
}

// The promise that a job finds no secret of ours, in whatever it may read. A job that is root, with every
// capability, can look into any process: there the promise is about environment blocks and command lines only.
func TestJobFindsNoSecret(t *testing.T) {
	const (
		blocks = `env; set +e; for f in /proc/[0-9]*/environ /proc/[0-9]*/cmdline; do echo "== $f"; tr '\0' '\n' < $f; done 2>/dev/null; true`
		files  = blocks + `; for f in /proc/[0-9]*/fd/[3-9]; do ls -l $f; [ -f $f ] && timeout 1 cat $f; done 2>/dev/null; cat ../../.env; true`
	)
	for _, mode := range []string{"jit", "token"} {
		for user, search := range map[string]string{"root": blocks, "4711:4711": files} {
			t.Run(mode+" "+user, func(t *testing.T) {
				need.Root(t)
				h := newHub(t)
				job := h.job(search)
				b := open(t, h, newRoot(t), usual("RUNNER_REGISTRATION="+mode, "RUNNER_USER="+user, "COPY_OF_PAT="+testPAT, "MINE=1"))
				b.expectExit(0)
				expectResult(t, job, github.Succeeded)
				if !strings.Contains(job.Log(), "MINE=1") || !strings.Contains(job.Log(), "== /proc/1/environ") {
					t.Fatalf("the job did not search:\n%s", job.Log())
				}
				for _, secret := range append(h.Secrets(), testPAT) {
					if strings.Contains(job.Log(), secret) {
						t.Errorf("the job found a secret")
					}
				}
			})
		}
	}
}

// Neither of our processes has anything in its environment block, and a stranger of the same user cannot look inside.
func TestOwnProcessesAreBare(t *testing.T) {
	h := newHub(t)
	b := open(t, h, newRoot(t), usual())
	h.listening(t, b)
	for _, pid := range []int{b.pid, b.supervisor()} {
		environ, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
		if err != nil || strings.Trim(string(environ), "\x00") != "" {
			t.Errorf("environ of %d: %q, %v", pid, environ, err)
		}
		info, err := os.Stat(fmt.Sprintf("/proc/%d/mem", pid))
		if err != nil || info.Sys().(*syscall.Stat_t).Uid != 0 {
			t.Errorf("/proc/%d/mem: %+v, %v", pid, info, err)
		}
	}
	b.signal(syscall.SIGTERM)
	b.expectExit(0)
}

// An init of the platform's keeps the environment where jobs can read it. We cannot help that, and say so.
func TestWarnsOfAnotherInit(t *testing.T) {
	h := newHub(t)
	job := h.job("true")
	b := open(t, h, newRoot(t), usual(), "exec", "--", need.Program(t, "cmd/runner-init"), "run")
	b.expectExit(0)
	expectResult(t, job, github.Succeeded)
	if !strings.Contains(b.stderr.String(), "another init is PID 1") {
		t.Error("no warning")
	}
}

// The environments of the three most used entrypoints work unchanged.
func TestForeignEnvironments(t *testing.T) {
	for name, test := range map[string]struct {
		scope   string
		environ func(*hub) []string
	}{
		"organization by RUNNER_SCOPE": {"orgs/acme", func(*hub) []string {
			return []string{"RUNNER_SCOPE=org", "ORG_NAME=acme", "ACCESS_TOKEN=" + testPAT, "LABELS=a,b", "RUNNER_NAME_PREFIX=p", "EPHEMERAL=1"}
		}},
		"repository in two halves": {scope, func(*hub) []string {
			return []string{"GITHUB_OWNER=acme", "GITHUB_REPOSITORY=widgets", "GITHUB_PERSONAL_TOKEN=" + testPAT, "RUNNER_NAME=n", "RUNNER_LABELS=a,b"}
		}},
		"organization by an empty repository": {"orgs/acme", func(*hub) []string {
			return []string{"GITHUB_OWNER=acme", "GITHUB_REPOSITORY=", "GITHUB_PERSONAL_TOKEN=" + testPAT, "RUNNER_NAME=n", "RUNNER_LABELS=a,b"}
		}},
		"ready token": {"orgs/acme", func(h *hub) []string {
			return []string{"RUNNER_ORG=acme", "RUNNER_NAME=n", "RUNNER_LABELS=a,b", "RUNNER_TOKEN=" + h.RegistrationToken("orgs/acme")}
		}},
		"ready token of a repository": {scope, func(h *hub) []string {
			return []string{"RUNNER_REPO=acme/widgets", "RUNNER_NAME=n", "RUNNER_LABELS=a,b", "RUNNER_TOKEN=" + h.RegistrationToken(scope)}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHub(t)
			job := h.Queue(github.Job{Name: "j", Scope: test.scope, Labels: []string{"self-hosted", "a", "b"}, Run: "true"})
			open(t, h, newRoot(t), test.environ(h)).expectExit(0)
			expectResult(t, job, github.Succeeded)
			h.expectEmpty(t)
		})
	}
}

// The commands of existing images work as arguments.
func TestForeignCommands(t *testing.T) {
	for name, args := range map[string][]string{
		"listener": {"./bin/Runner.Listener", "run", "--startuptype", "service"}, "script": {"ROOT/run.sh"}, "run": {"run"}, "nothing": nil,
	} {
		t.Run(name, func(t *testing.T) {
			h := newHub(t)
			job := h.job("true")
			root := newRoot(t)
			for i := range args {
				args[i] = strings.Replace(args[i], "ROOT", root, 1)
			}
			open(t, h, root, usual(), args...).expectExit(0)
			expectResult(t, job, github.Succeeded)
			h.expectEmpty(t)
		})
	}
}

// EPHEMERAL=false and 0 mean false, whatever they mean elsewhere.
func TestEphemeralMeansWhatItSays(t *testing.T) {
	for _, value := range []string{"false", "0"} {
		t.Run(value, func(t *testing.T) {
			h := newHub(t)
			b := open(t, h, newRoot(t), usual("EPHEMERAL="+value))
			h.listening(t, b)
			if left := h.Runners(); len(left) != 1 || left[0].Ephemeral {
				t.Errorf("GitHub knows %+v", left)
			}
			b.signal(syscall.SIGTERM)
			b.expectExit(0)
			h.expectEmpty(t)
		})
	}
}

// An idle stop takes the second in which a job might still arrive, and not much longer.
func TestIdleStopIsQuick(t *testing.T) {
	h := newHub(t)
	b := open(t, h, newRoot(t), usual())
	h.listening(t, b)
	begin := time.Now()
	b.signal(syscall.SIGTERM)
	b.expectExit(0)
	if took := time.Since(begin); took > 5*time.Second {
		t.Errorf("an idle stop took %v", took)
	}
}
