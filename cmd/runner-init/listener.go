package main

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/runner-init/runner-init/internal/metrics"
	"github.com/runner-init/runner-init/internal/platform"
	"github.com/runner-init/runner-init/internal/runner"
	"github.com/runner-init/runner-init/lifecycle"
)

// listener makes the runner's listener a port of the lifecycle.
type listener struct {
	runner  *runner.Runner
	log     *slog.Logger
	metrics *metrics.Metrics // nil: off
	journal journal
	process *runner.Listener
	jobOver func() // in a goroutine of its own; may be nil
	// handOver has a successor start the listener instead. It may be nil.
	handOver func() error

	follow   bool // RUNNER_DIAG=follow
	follower *runner.Follower
	flushLog func() bool // waits until our log is written; may be nil

	protection *platform.Protection // while it has a job
	protected  atomic.Bool          // it was asked for

	oom       oomWatch
	ephemeral bool
	killed    atomic.Bool // by us

	trailing sync.Mutex
	trail    trail // for a successor

	job    atomic.Pointer[served] // the last job
	failed atomic.Bool            // the last listener ended badly
}

// served is what the listener says of a job.
type served struct {
	Name   string `json:"name"`
	Result string `json:"result,omitempty"` // unknown until its end, and where the listener does not tell
}

var _ lifecycle.Listener = (*listener)(nil)

func (l *listener) Launch(tell func(lifecycle.Event)) (err error) {
	if l.handOver != nil {
		return l.handOver()
	}
	l.followDiag()
	l.watchMemory()
	l.process, err = l.runner.Launch(l.news(tell))
	l.leave(func(t *trail) { t.Since, t.First = l.runner.Since, l.runner.First })
	return err
}

// adopt takes over a listener that an earlier supervisor started, or what is left of it, and reports whether there is one.
func (l *listener) adopt(tell func(lifecycle.Event)) bool {
	l.followDiag()
	l.watchMemory()
	l.runner.Since, l.runner.First = l.trail.Since, l.trail.First
	l.process = l.runner.Adopt(l.news(tell))
	return l.process != nil
}

// leave changes what a successor of ours is to know.
func (l *listener) leave(change func(*trail)) {
	l.trailing.Lock()
	defer l.trailing.Unlock()
	change(&l.trail)
	if l.journal.Parent == nil { // in the tests of the listener alone
		return
	}
	if err := l.journal.note(listenerNote, l.trail); err != nil {
		l.log.Warn("cannot note the job", slog.Any(keyError, err))
	}
}

// resume begins where an earlier supervisor has ended.
func (l *listener) resume() {
	l.journal.noted(listenerNote, &l.trail)
	l.job.Store(l.trail.Job)
}

// Bounds of what is noted of a job, in bytes: escaped, it may be six times as long.
const maxJobName, maxJobResult = 100, 20

// serve remembers the last job. A name that is not known any more, or a result, is the one from before.
func (l *listener) serve(job served) {
	if before := l.job.Load(); job.Name == "" && before != nil {
		job.Name = before.Name
	}
	l.job.Store(&job)
	l.leave(func(t *trail) {
		t.Job = &served{Name: cut(job.Name, maxJobName), Result: cut(job.Result, maxJobResult)}
	})
}

// Working is false before there is a listener.
func (l *listener) Working() bool { return l.process != nil && l.process.Working() }

func (l *listener) Interrupt()                           { l.process.Interrupt() }
func (l *listener) Kill()                                { l.process.Kill() }
func (l *listener) AwaitUpdate(ctx context.Context) bool { return l.runner.AwaitUpdate(ctx) }

// news translates what the runner tells.
func (l *listener) news(tell func(lifecycle.Event)) runner.News {
	return runner.News{
		Ready: func() { tell(lifecycle.Ready{}) },
		JobStarted: func(job string) {
			l.serve(served{Name: job})
			l.log.Info("job started", slog.String(keyJob, job))
			l.metrics.JobStarted()
			l.protect(true)
			tell(lifecycle.JobStarted{})
		},
		JobEnded: func(job, result string) {
			l.serve(served{Name: job, Result: result})
			l.log.Info("job ended", slog.String(keyJob, l.job.Load().Name), slog.String(keyResult, result))
			l.metrics.JobEnded(result)
			l.protect(false)
			if l.jobOver != nil {
				go l.jobOver()
			}
			l.sawOOM()
			tell(lifecycle.JobEnded{})
		},
		Ended: func(end runner.End) {
			l.failed.Store(end.Failed())
			if end.Result != "" {
				l.serve(served{Result: end.Result})
			}
			l.protect(false)
			l.log.Debug("listener ended", slog.String(keyReason, end.String()))
			if len(end.Strays) > 0 {
				l.log.Info("processes that a job left behind were ended", slog.String(keyNames, namesOf(end.Strays)))
			}
			tell(l.ended(end))
		},
	}
}

// endings gives each meaning of the runner's exit codes the lifecycle's word.
var endings = map[runner.Meaning]lifecycle.Ending{
	runner.Success:           lifecycle.Finished,
	runner.TerminatedError:   lifecycle.Terminated,
	runner.RetryableError:    lifecycle.Retryable,
	runner.RunnerUpdating:    lifecycle.Updating,
	runner.SessionConflict:   lifecycle.Conflict,
	runner.VersionDeprecated: lifecycle.Outdated,
	runner.Crash:             lifecycle.Crashed,
	runner.Unseen:            lifecycle.Unseen,
}

// maxNames bounds how many processes are named in the log.
const maxNames = 20

// namesOf lists the names of processes, each once.
func namesOf(strays []runner.Stray) string {
	var names []string
	for _, s := range strays {
		if !slices.Contains(names, s.Name) {
			names = append(names, s.Name)
		}
	}
	slices.Sort(names)
	return strings.Join(names[:min(len(names), maxNames)], ", ")
}
