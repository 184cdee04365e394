package main

import (
	"context"
	"log/slog"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/runner-init/runner-init/internal/config"
	"github.com/runner-init/runner-init/internal/runner"
	"github.com/runner-init/runner-init/lifecycle"
)

// wiring joins the lifecycle to the world.
type wiring struct {
	*supervisor
	runner    *runner.Runner
	host      *host
	registrar *registrar
	docker    *docker // nil: none of ours
	loop      *lifecycle.Loop
	moments   lifecycle.Moments // of the stop, once it has a deadline
	plan      lifecycle.Plan
}

func (s *supervisor) wire() (*wiring, error) {
	r := &runner.Runner{Work: s.config.Workdir, Environ: s.config.JobEnviron(s.environ), Stdout: os.Stdout, Stderr: os.Stderr, Init: os.Getppid()}
	if limit, known := s.journal.CoreLimit(); known {
		r.CoreLimit = &limit
	}
	l := &listener{runner: r, log: s.log, journal: s.journal, ephemeral: s.config.Ephemeral, metrics: s.metrics, follow: s.config.Diag == config.DiagFollow, flushLog: s.outlet.flush, protection: s.protection}
	s.listener = l
	reg, err := newRegistrar(s, r, l)
	if err != nil {
		return nil, err
	}
	l.jobOver = reg.freshen
	if s.config.Sweep && reg.client != nil {
		reg.registered = sync.OnceFunc(func() { go sweepOnce(s.stopping, reg.client, s.config, s.log) })
	}
	w := &wiring{
		supervisor: s, runner: r, registrar: reg,
		host: &host{config: s.config, root: s.root, runner: r, log: s.log, hooks: hooks{s.config, r}},
	}
	w.docker = w.newDocker()
	w.host.docker = w.docker
	if s.config.DropCredentials && !s.journal.HandedOver {
		l.handOver = s.handOver
	}
	plan := s.limits()
	if !s.journal.HandedOver { // who handed over has said it
		if warning := reg.warning(); warning != "" {
			s.log.Warn("deregistration will be limited", slog.String(keyReason, warning))
		}
		logPlan(s.log, plan)
	}
	w.plan = plan
	w.loop = lifecycle.New(lifecycle.Ports{
		Host: w.host, Registrar: reg, Listener: w.listener, Judge: w.judge, Observe: w.observe, Planned: w.planned,
	}, plan)
	s.health.Prove(w.loop.Turns)
	return w, nil
}

// limits is the plan that the configuration asks for. What counts from the container's beginning is less by the time that is gone: by
// what references have taken, or a supervisor before us.
func (s *supervisor) limits() lifecycle.Plan {
	gone := time.Since(s.began)
	plan := newPlan(s.config, max(s.config.StartTimeout-gone, time.Second))
	plan.Idle, plan.Life = s.config.IdleTimeout, s.config.MaxLifetime
	if plan.Life > 0 {
		plan.Life = max(plan.Life-gone, 1)
	}
	return plan
}

// newPlan divides the grace period; start is the time from now to listening.
func newPlan(c config.Config, start time.Duration) lifecycle.Plan {
	plan := lifecycle.NewPlan(c.StopTimeout, start)
	if c.Docker == config.DockerInside {
		plan = plan.KeepBack(dockerStop)
	}
	return plan
}

// heed makes a stop of each signal by which containers are stopped. The grace period counts from the moment at which PID 1
// got the first one, also if the loop has not begun, or a supervisor before us was to heed it.
func (w *wiring) heed() {
	for wish := range w.wishes {
		w.stopFor(wish)
	}
}

// heedEarly does so with the signals that have come already.
func (w *wiring) heedEarly() {
	for len(w.wishes) > 0 { // nobody else takes one out
		w.stopFor(<-w.wishes)
	}
}

func (w *wiring) stopFor(wish os.Signal) {
	w.log.Info("stop requested", slog.String(keySignal, wish.String()))
	w.heard(wish)
	w.loop.Stop(w.journal.StopTime())
}

// heard ends what a stop signal ends at once, and keeps the first one for the exit code.
func (s *supervisor) heard(wish os.Signal) {
	if wish, ok := wish.(syscall.Signal); ok {
		s.stopSignal.CompareAndSwap(0, int32(wish))
	}
	s.stop()
}

// configureTime is how long a configure that an earlier supervisor left behind may take to come to its end.
const configureTime = 5 * time.Second

// adopt finds what an earlier supervisor left: the registration, and the listener with its job if it still lives.
func (w *wiring) adopt(left entry) (alive, job bool) {
	w.registrar.held = left
	if err := w.host.find(); err != nil {
		w.log.Error("cannot find what the supervisor left", slog.Any(keyError, err))
		return false, false
	}
	ctx, cancel := context.WithTimeout(w.stopping, configureTime)
	defer cancel()
	w.runner.AwaitConfigure(ctx)
	if left.Name != "" && left.ID == 0 {
		if id, err := w.runner.Identity(); err == nil {
			w.registrar.hold(id.Name, id.ID)
		}
	}
	w.docker.adopt(w.runner)
	alive = w.listener.adopt(w.loop.Tell)
	job = alive && w.listener.Working()
	if job {
		w.listener.protect(true)
	} else {
		w.listener.protection.Inherit()
	}
	return alive, job
}
