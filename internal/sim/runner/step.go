package runner

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

const shutdownNote = "The runner has received a shutdown signal. This can happen when the runner service is stopped, or a manually started runner is canceled."

// steps runs the started hook, the step, the completed hook, and cleans up after them. A runner that shuts down skips
// the hook as well (actions/runner #2595).
func (w *workerProcess) steps() string {
	tracking := "github_" + rand.Text() // nobody else's, or the clean-up of one runner ends the steps of another
	before := processes()
	log := w.openLog()
	defer log.Close()
	os.Setenv("RUNNER_TRACKING_ID", tracking)
	result := w.hook("STARTED", log)
	if result == succeeded {
		result = w.script("run.sh", w.task.Steps[0].Run, log)
	}
	if result != shutdownResult {
		if hook := w.hook("COMPLETED", log); hook != succeeded && result == succeeded {
			result = hook
		}
	}
	endOrphans(before, tracking, log)
	if result == shutdownResult {
		return failed
	}
	return result
}

// shutdownResult is a failure after which nothing else runs.
const shutdownResult = "shutdown"

// hook runs a job hook of the environment with the shell.
func (w *workerProcess) hook(event string, log io.Writer) string {
	path := os.Getenv("ACTIONS_RUNNER_HOOK_JOB_" + event)
	if path == "" {
		return succeeded
	}
	fmt.Fprintf(log, "A job %s hook has been configured by the self-hosted runner administrator\n", strings.ToLower(event))
	return w.execute(path, log)
}

func (w *workerProcess) script(name, text string, log io.Writer) string {
	temp := filepath.Join(w.root.work(w.set), "_temp")
	path := filepath.Join(temp, name)
	err := errors.Join(os.RemoveAll(temp), os.MkdirAll(temp, 0o777))
	if err == nil {
		err = os.WriteFile(path, []byte(text), 0o666)
	}
	if err != nil {
		fmt.Fprintln(log, err)
		return failed
	}
	return w.execute(path, log)
}

// execute runs one script and stops it when the worker is told to: SIGINT to the process itself, then SIGTERM, then
// SIGKILL, never to its children (ProcessInvoker.cs).
func (w *workerProcess) execute(path string, log io.Writer) string {
	step := exec.Command(shellPath(), "-e", path)
	step.Dir = w.workspace()
	step.Env = w.environment()
	step.Stdout, step.Stderr = log, log
	step.Stdin = strings.NewReader("")
	step.WaitDelay = w.behaviour.PipeGrace
	if err := errors.Join(os.MkdirAll(step.Dir, 0o777), step.Start()); err != nil {
		fmt.Fprintln(log, err)
		return failed
	}
	adjustOOM(step.Process.Pid)
	done := make(chan error, 1)
	go func() { done <- step.Wait() }()
	select {
	case err := <-done:
		return outcome(err, step, log)
	case kind := <-w.stop:
		return w.interrupt(kind, step, done, log)
	}
}

// outcome is the step's own: an open pipe after its end is no failure.
func outcome(err error, step *exec.Cmd, log io.Writer) string {
	if err == nil || errors.Is(err, exec.ErrWaitDelay) && step.ProcessState.Success() {
		return succeeded
	}
	fmt.Fprintf(log, "Process completed with exit code %d.\n", exitCode(step.ProcessState))
	return failed
}

func (w *workerProcess) interrupt(kind int32, step *exec.Cmd, done <-chan error, log io.Writer) string {
	w.at(AtWorkerStop)
	result := canceled
	if kind != cancelRequest {
		fmt.Fprintln(log, shutdownNote)
		result = shutdownResult
	}
	for _, s := range []struct {
		sig   syscall.Signal
		grace time.Duration
	}{{syscall.SIGINT, w.behaviour.InterruptGrace}, {syscall.SIGTERM, w.behaviour.TermGrace}} {
		step.Process.Signal(s.sig)
		timer := time.NewTimer(s.grace)
		select {
		case <-done:
			timer.Stop()
			return result
		case <-timer.C:
		}
	}
	step.Process.Kill()
	<-done
	return result
}

// workspace is where a repository would be checked out.
func (w *workerProcess) workspace() string {
	name := filepath.Base(orText(w.task.Context.GitHub.Repository, "none"))
	return filepath.Join(w.root.work(w.set), name, name)
}

// environment is the worker's own, which is the listener's, and what GitHub and the job add.
func (w *workerProcess) environment() []string {
	work := w.root.work(w.set)
	env := append(os.Environ(),
		"GITHUB_WORKSPACE="+w.workspace(),
		"GITHUB_REPOSITORY="+w.task.Context.GitHub.Repository,
		"GITHUB_JOB="+w.task.Context.GitHub.Job,
		"RUNNER_NAME="+w.set.AgentName,
		"RUNNER_OS=Linux",
		"RUNNER_TEMP="+filepath.Join(work, "_temp"),
		"RUNNER_TOOL_CACHE="+filepath.Join(work, "_tool"),
		"RUNNER_WORKSPACE="+filepath.Dir(w.workspace()),
	)
	for key, value := range w.task.Steps[0].Environment {
		env = append(env, key+"="+value)
	}
	return env
}

// shellPath is bash where there is one.
func shellPath() string {
	if path, err := exec.LookPath("bash"); err == nil {
		return path
	}
	return "/bin/sh"
}
