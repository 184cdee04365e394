package main

import (
	"errors"
	"fmt"
	"log/slog"
	"os"

	"github.com/runner-init/runner-init/lifecycle"
)

// droppedReason is why a registration is left that nobody of us can delete any more.
const droppedReason = "RUNNER_DROP_CREDENTIALS has dropped what could delete it"

// errStopping is a listener that is not started because it would be stopped at once.
var errStopping = errors.New("a stop came first")

// handOver ends a supervisor whose runner is registered, and everything that it knows with it: a program cannot make sure
// that its own memory forgets. The init, which never had a credential in its memory, drops the file that has them and
// starts a keeper, which finds the environment without them, and the journal.
func (s *supervisor) handOver() error {
	if s.journal.Stopped() || s.stopping.Err() != nil {
		return errStopping // while the registration can still be deleted
	}
	if err := s.journal.HandOver(s.config.WithoutCredentials(s.environ)); err != nil {
		return fmt.Errorf("cannot drop the credentials: %w", err)
	}
	s.log.Info("credentials dropped")
	s.outlet.flush()
	os.Exit(int(lifecycle.OK))
	return nil
}

// keepCommand goes on where a supervisor handed over: registered, with no listener yet.
func keepCommand(args []string) int {
	return supervise(args, func(w *wiring) lifecycle.Exit {
		w.registrar.held = w.journal.read()
		err := w.host.find()
		if err == nil {
			err = w.docker.resume(w.stopping, w.runner)
		}
		if err != nil {
			exit, _ := w.judge(err)
			return lifecycle.Exit{Code: lifecycle.GhostLeft, Reason: exit.Reason}
		}
		w.listener.protection.Inherit() // who handed over may not have come to it
		return w.loop.Run(lifecycle.Continue(w.config.Ephemeral))
	})
}

// judgeByRunner says what is known of a registration without asking GitHub.
func (r *registrar) judgeByRunner() lifecycle.Verdict {
	if r.spent() {
		return lifecycle.Gone
	}
	r.log.Warn("cannot delete the registration", slog.String(keyReason, droppedReason))
	return lifecycle.Unknown
}
