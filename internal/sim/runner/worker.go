package runner

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"
)

// workerProcess is bin/Runner.Worker: one job, then the end.
type workerProcess struct {
	*process
	term   *terminal
	client *client
	set    *settings
	task   task
	stop   chan int32 // the kind of the order that ends the job early
}

// task is what a worker needs of the job message.
type task struct {
	ID    string `json:"jobId"`
	Name  string `json:"jobDisplayName"`
	Steps []struct {
		Run         string            `json:"run"`
		Environment map[string]string `json:"environment"`
	} `json:"steps"`
	Resources struct {
		Endpoints []struct {
			URL           string `json:"url"`
			Authorization struct {
				Parameters struct{ AccessToken string } `json:"parameters"`
			} `json:"authorization"`
		} `json:"endpoints"`
	} `json:"resources"`
	Context struct {
		GitHub struct {
			Repository string `json:"repository"`
			Job        string `json:"job"`
		} `json:"github"`
	} `json:"contextData"`
}

func workerMain(home root, argv []string) int {
	p, err := newProcess(home, "worker", argv)
	if err != nil {
		fmt.Fprintln(os.Stdout, err)
		return 1
	}
	w := &workerProcess{process: p, client: newClient(p.behaviour.Version), stop: make(chan int32, 4)}
	w.term = openTerminal(home, "WORKER", "Worker")
	w.watchSignals()
	result, err := w.work(argv)
	code := workerExit(result)
	if err != nil {
		fmt.Fprintln(os.Stdout, err)
		code = 1
	}
	p.record("exit", strconv.Itoa(code))
	return code
}

// watchSignals swallows SIGINT; SIGTERM is a shutdown that ends the process after UnloadTimeout.
func (w *workerProcess) watchSignals() {
	raw := make(chan os.Signal, 16)
	signal.Notify(raw, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGTERM)
	go func() {
		for sig := range raw {
			if w.note(sig) == syscall.SIGTERM {
				time.AfterFunc(w.behaviour.UnloadTimeout, func() { w.exit(128 + int(syscall.SIGTERM)) })
				w.order(systemShutdown)
			}
		}
	}()
}

func (w *workerProcess) order(kind int32) {
	select {
	case w.stop <- kind:
	default: // several say it, one is enough
	}
}

// work reads the job, does it, and tells the server how it went.
func (w *workerProcess) work(argv []string) (result string, err error) {
	if len(argv) != 4 || argv[1] != "spawnclient" {
		return "", said("Arguments must be: spawnclient pipeHandleOut pipeHandleIn")
	}
	fd, err := strconv.Atoi(argv[2])
	if err != nil {
		return "", err
	}
	pipe := os.NewFile(uintptr(fd), "pipe")
	if err := w.readJob(pipe); err != nil {
		return "", err
	}
	if w.set, err = w.root.readSettings(); err != nil {
		return "", err
	}
	w.at(AtWorkerJob)
	go func() {
		if kind, _, err := readFrame(pipe); err == nil {
			w.order(kind)
		}
	}()
	result = w.steps()
	w.at(AtWorkerExit)
	return result, w.report(result)
}

// firstFrame is how long the job may take to come through the pipe.
const firstFrame = 30 * time.Second

func (w *workerProcess) readJob(pipe *os.File) error {
	late := time.AfterFunc(firstFrame, func() { w.exit(1) })
	defer late.Stop()
	kind, body, err := readFrame(pipe)
	if err != nil {
		return err
	}
	if kind != newJobRequest {
		return saidf("Unexpected message %d, a job was expected", kind)
	}
	if err := json.Unmarshal([]byte(body), &w.task); err != nil {
		return err
	}
	if len(w.task.Resources.Endpoints) == 0 || len(w.task.Steps) == 0 {
		return said("Value cannot be null. (Parameter 'SystemVssConnection')")
	}
	return nil
}

// send is one call to the run service with the job's own token.
func (w *workerProcess) send(what string, body any) error {
	service := w.task.Resources.Endpoints[0]
	return w.client.call(context.Background(), "POST", service.URL+what, "Bearer "+service.Authorization.Parameters.AccessToken, body, nil)
}

func (w *workerProcess) report(result string) error {
	conclusion := map[string]string{succeeded: "succeeded", failed: "failed", canceled: "canceled"}[result]
	return w.send("completejob", map[string]any{"planId": w.task.ID, "jobId": w.task.ID, "conclusion": conclusion})
}
