package runner

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// worker is the process that does a job, as the listener sees it.
type worker struct {
	command *exec.Cmd
	pipe    *os.File // the listener writes
	answers *os.File // the worker never does
	output  *bytes.Buffer
	exited  chan int // its exit code, or 128+n
}

// startWorker starts bin/Runner.Worker in bin/, in the listener's own process group, with a closed stdin, and its
// output on pipes. It has the listener's environment.
func (s *service) startWorker(j *job) (*worker, error) {
	theirs, ours, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	back, theirBack, err := os.Pipe()
	if err != nil {
		theirs.Close()
		ours.Close()
		return nil, err
	}
	w := &worker{pipe: ours, answers: back, output: &bytes.Buffer{}, exited: make(chan int, 1)}
	w.command = exec.Command(s.root.path("bin", workerName), "spawnclient", "3", "4")
	w.command.Dir = s.root.path("bin")
	w.command.Env = append(os.Environ(), "GITHUB_ACTIONS=true")
	w.command.Stdin = strings.NewReader("")
	w.command.Stdout, w.command.Stderr = w.output, w.output
	if isTrue(os.Getenv("ACTIONS_RUNNER_PRINT_LOG_TO_STDOUT")) {
		w.command.Stdout = io.MultiWriter(os.Stdout, w.output)
	}
	w.command.ExtraFiles = []*os.File{theirs, theirBack}
	w.command.WaitDelay = time.Second
	err = w.command.Start()
	theirs.Close()
	theirBack.Close()
	if err != nil {
		w.close()
		return nil, err
	}
	go func() {
		w.command.Wait()
		w.exited <- exitCode(w.command.ProcessState)
	}()
	if err := sendFrame(w.pipe, newJobRequest, j.message, channelTimeout()); err != nil {
		w.command.Process.Kill()
	}
	return w, nil
}

func (w *worker) close() {
	w.pipe.Close()
	w.answers.Close()
}

func exitCode(state *os.ProcessState) int {
	status, ok := state.Sys().(syscall.WaitStatus)
	if ok && status.Signaled() {
		return 128 + int(status.Signal())
	}
	return state.ExitCode()
}

// channelTimeout is how long sending to the worker may take: 30 to 300 s.
func channelTimeout() time.Duration {
	seconds, err := strconv.Atoi(os.Getenv("GITHUB_ACTIONS_RUNNER_CHANNEL_TIMEOUT"))
	if err != nil {
		seconds = 30
	}
	return time.Duration(min(max(seconds, 30), 300)) * time.Second
}

// attend stays with the worker to its end: passes orders on, renews the lock, gives up the job when the lock is lost.
// It returns the result to print; ok is false when there is none to print.
func (s *service) attend(j *job, w *worker, until time.Time) (result string, ok bool) {
	defer w.close()
	var kill <-chan time.Time
	outcome := ""
	renewal := time.NewTimer(renewIn(until))
	defer renewal.Stop()
	tell := func(o order) {
		if outcome != "" {
			return // the worker reads one order only
		}
		outcome = o.outcome
		if err := sendFrame(w.pipe, o.kind, "", channelTimeout()); err != nil {
			w.command.Process.Kill()
		}
		if o.killIn > 0 {
			kill = time.After(o.killIn)
		}
	}
	for {
		select {
		case code := <-w.exited:
			return s.conclude(j, w, code, outcome), true
		case o := <-j.orders:
			tell(o)
		case <-kill:
			w.command.Process.Kill()
		case <-renewal.C:
			next, err := s.renew(context.Background(), j)
			switch {
			case err == nil:
				until = next
			case statusOf(err) == http.StatusNotFound, time.Now().After(until):
				tell(order{cancelRequest, time.Minute, abandoned})
			}
			renewal.Reset(renewIn(until))
		}
	}
}

// conclude turns the end of the worker into the job's result. After an order its code is ignored; any code but the
// known ones is a crash, for which the listener itself completes the job as failed.
func (s *service) conclude(j *job, w *worker, code int, outcome string) string {
	s.term.log("Worker finished for job %s. Code: %d", j.id, code)
	crashed := code < 100 || code >= 100+len(results)
	if crashed {
		s.term.log("worker crashed with %d: %s", code, w.output)
		ask := map[string]any{"planId": j.id, "jobId": j.id, "conclusion": "failed"}
		if err := s.client.call(context.Background(), "POST", j.service+"completejob", s.bearer(), ask, nil); err != nil {
			s.term.log("cannot complete job: %v", err)
		}
	}
	switch {
	case outcome != "":
		return outcome
	case crashed:
		return failed
	}
	return results[code-100]
}
