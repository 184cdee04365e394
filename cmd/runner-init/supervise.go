package main

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"os/signal"
	"slices"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/runner-init/runner-init/internal/config"
	"github.com/runner-init/runner-init/internal/health"
	"github.com/runner-init/runner-init/internal/mask"
	"github.com/runner-init/runner-init/internal/metrics"
	"github.com/runner-init/runner-init/internal/platform"
	"github.com/runner-init/runner-init/lifecycle"
)

// supervisor is the process that runs the lifecycle, as PID 1's child.
type supervisor struct {
	environ []string // of the container, as PID 1 got it
	root    string   // of the runner, if the command line names one
	journal journal
	wishes  chan os.Signal

	config     config.Config
	place      platform.Facts
	log        *slog.Logger
	outlet     *outlet
	mask       *mask.Mask      // knows every secret that we have
	lastWords  []byte          // of the supervisor before us, if it died of itself
	stopping   context.Context // ends with the first stop signal
	stop       context.CancelFunc
	stopSignal atomic.Int32 // the first one
	health     health.State
	metrics    *metrics.Metrics // nil: nobody asks
	began      time.Time
	judged     atomic.Pointer[judgement]
	protection *platform.Protection // nil: off
	listener   *listener            // nil before there is a wiring
	phase      lifecycle.Phase      // the last one before the end
	listened   bool                 // the runner has been ready for a job, as far as we know

	chance func(below time.Duration) time.Duration // nil: chance
}

// superviseCommand is the whole life of a runner.
func superviseCommand(args []string) int {
	return supervise(args, func(w *wiring) lifecycle.Exit {
		w.listener.protection.Inherit()
		return w.loop.Run(lifecycle.Begin(w.config.Ephemeral))
	})
}

// recoverCommand takes over from a supervisor that died, and leaves in good order.
func recoverCommand(args []string) int {
	return supervise(args, func(w *wiring) lifecycle.Exit {
		if w.journal.HandedOver {
			w.log.Warn("deregistration will be limited", slog.String(keyReason, droppedReason))
		}
		w.listened = true
		left := w.journal.read()
		w.listener.resume()
		died := w.died()
		alive, job := w.adopt(left)
		return w.loop.Run(lifecycle.Resume(w.config.Ephemeral, left.Name != "", alive, job, died))
	})
}

// supervise prepares what both roles share, lets one of them run, and reports its end. Signals are taken first of all:
// PID 1 holds them back until we say that we are ready.
func supervise(args []string, role func(*wiring) lifecycle.Exit) int {
	signal.Notify(make(chan os.Signal, 1)) // nobody reads it: the others mean nothing to a runner, and must not end us
	wishes := make(chan os.Signal, 16)
	signal.Notify(wishes, syscall.SIGTERM, syscall.SIGINT, syscall.SIGQUIT)
	s := &supervisor{root: rootArgument(args), wishes: wishes, began: time.Now()}
	s.stopping, s.stop = context.WithCancel(context.Background())
	if err := s.inherit(); err != nil {
		complain(err.Error(), "")
		return int(lifecycle.RunnerFailed)
	}
	s.began = s.journal.BeginTime()
	s.outlet = newOutlet(os.Stderr)
	defer s.outlet.flush()
	deaf := s.answerHealth()
	exit, ready := s.begin(args)
	if deaf != nil {
		s.log.Warn("health checks are not answered by this runner", slog.Any(keyError, deaf))
	}
	if ready {
		exit = s.play(role)
	}
	s.report(exit)
	return int(s.exitCode(exit))
}

// begin looks at the command line and the configuration, and says how they end us if they are not ready to be used.
func (s *supervisor) begin(args []string) (exit lifecycle.Exit, ready bool) {
	if err := checkArguments(args); err != nil {
		s.config = config.Reload(s.environ)
		s.guard()
		const hint = "runner-init run [PATH/run.sh | PATH/Runner.Listener run …]"
		s.voice().complain(err.Error(), hint)
		s.judged.Store(&judgement{err.Error(), hint})
		return lifecycle.Exit{Code: lifecycle.Usage, Reason: err.Error()}, false
	}
	return s.configure()
}

// configure reads the configuration, and says how it ends us if it is not ready to be used. Its errors are the first thing
// a new user sees, so they are for people, and all at once.
func (s *supervisor) configure() (exit lifecycle.Exit, ready bool) {
	if s.journal.HandedOver {
		s.config = config.Reload(s.environ)
		s.guard()
		s.locate()
		return lifecycle.Exit{}, true
	}
	c, err := config.LoadWith(s.stopping, s.environ, s.stores(), checkCredential)
	s.config = c
	s.guard()
	switch {
	case err == nil:
		s.leaveValues()
	case s.journal.read().Name != "": // a job may run, which is worth more than a file that is not there any more
		s.voice().complainAll(err)
		s.log.Warn("recovering with what is left of the configuration", slog.Any(keyError, err))
		s.locate()
		return lifecycle.Exit{}, true
	case s.stopping.Err() != nil:
		return lifecycle.Exit{Reason: "stopped before anything was registered"}, false
	default:
		s.voice().complainAll(err)
		return s.invalid(err), false
	}
	s.locate()
	for _, warning := range c.Warnings() {
		s.log.Warn("configuration", slog.String(keyReason, warning))
	}
	s.warnOfInit()
	return lifecycle.Exit{}, true
}

// leaveValues leaves a successor what came from files and stores, which it may not get once more: a role that was changed, a
// file that a job has removed. Nothing is kept where the environment itself has everything.
func (s *supervisor) leaveValues() {
	if !s.config.Sourced() {
		return
	}
	if err := s.journal.LeaveEnviron(s.config.Resolved(s.environ)); err != nil {
		s.log.Warn("cannot leave the configuration to a successor", slog.Any(keyError, err))
	}
}

// warnOfInit says when an init of the platform's is PID 1 and shows the secrets in its environment block, which is not
// ours to overwrite.
func (s *supervisor) warnOfInit() {
	if os.Getppid() == 1 {
		return
	}
	block, err := os.ReadFile("/proc/1/environ")
	shows := func(secret string) bool { return bytes.Contains(block, []byte(secret)) }
	if err == nil && slices.ContainsFunc(s.config.Secrets(), shows) {
		s.log.Warn("another init is PID 1 and keeps our secrets in /proc/1/environ, where a job of its user can read them: leave out docker run --init, or initProcessEnabled, which runner-init takes the place of")
	}
}

func (s *supervisor) play(role func(*wiring) lifecycle.Exit) lifecycle.Exit {
	s.protection = s.newProtection()
	if err := s.serveHTTP(); err != nil {
		return lifecycle.Exit{Code: lifecycle.Misconfigured, Reason: err.Error()}
	}
	w, err := s.wire()
	if err != nil {
		s.log.Error("cannot begin", slog.Any(keyError, err))
		if s.journal.read().Name != "" {
			return lifecycle.Exit{Code: lifecycle.GhostLeft, Reason: err.Error()}
		}
		return lifecycle.Exit{Code: lifecycle.Misconfigured, Reason: err.Error()}
	}
	w.heedEarly() // the loop has to find them when it begins
	go w.heed()
	defer w.unprotect()
	if m := spotMetadata(s.config, s.environ, "/sys"); m != nil {
		watching, over := context.WithCancel(context.Background())
		defer over()
		go w.watchSpot(watching, m)
	}
	exit := role(w)
	w.postStop(exit)
	w.stopDocker()
	return exit
}
