package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/runner-init/runner-init/lifecycle"
	"github.com/runner-init/runner-init/registration"
)

const (
	// fenceTime is how long the fence's request is tried before the fallback gets its turn.
	fenceTime = 5 * time.Second
	// busyPause is how long GitHub is given to notice that a job is over before it is asked again.
	busyPause = time.Second
)

// abandon gives a registration up that another session holds.
func (r *registrar) abandon(ctx context.Context) error {
	if v := r.Fence(ctx); v != lifecycle.Gone {
		return fmt.Errorf("cannot give up the registration of runner %q", r.held.Name)
	}
	return r.runner.Prepare()
}

// Gone asks whether GitHub has forgotten the registration.
func (r *registrar) Gone(ctx context.Context) bool {
	if r.client == nil || r.held.ID == 0 {
		return false
	}
	standing, err := r.client.Standing(ctx, r.held.ID)
	if err != nil {
		r.log.Warn("cannot look up the registration", slog.Any(keyError, err))
	}
	return err == nil && !standing
}

// Fence deletes the registration while the listener lives, so that GitHub cannot assign a job any more.
func (r *registrar) Fence(ctx context.Context) lifecycle.Verdict {
	if r.keep() {
		return lifecycle.Kept
	}
	return r.remove(ctx)
}

// Deregister makes sure that the registration is gone after the listener's end. GitHub may need a moment to notice
// that the job is over.
func (r *registrar) Deregister(ctx context.Context) lifecycle.Verdict {
	if r.keep() {
		return lifecycle.Kept
	}
	for {
		v := r.remove(ctx)
		if v != lifecycle.Busy || !pause(ctx, busyPause) {
			return v
		}
	}
}

// keep reports whether the registration is not ours to remove.
func (r *registrar) keep() bool { return !r.config.Deregister || r.mode() == modeReady }

// remove deletes the registration through the API, or lets the runner do it.
func (r *registrar) remove(ctx context.Context) lifecycle.Verdict {
	if r.client == nil {
		return r.removeByRunner(ctx, r.config.RegistrationToken.Reveal())
	}
	verdict, err := r.delete(ctx)
	if err == nil {
		return verdict
	}
	r.log.Warn("cannot delete the registration", slog.Any(keyError, err))
	if r.mode() == modeJIT {
		return lifecycle.Unknown // the runner cannot remove what JIT registered
	}
	token, err := r.client.RemoveToken(ctx)
	if err != nil {
		r.log.Warn("cannot get a remove token", slog.Any(keyError, err))
		return lifecycle.Unknown
	}
	return r.removeByRunner(ctx, token)
}

// delete deletes by id, or by name where the id never reached us. What is not found by name is looked for twice,
// because a request that was on its way may arrive late.
func (r *registrar) delete(ctx context.Context) (lifecycle.Verdict, error) {
	ctx, cancel := context.WithTimeout(ctx, fenceTime)
	defer cancel()
	for again := true; r.held.ID == 0; again = false {
		found, ok, err := r.client.Find(ctx, r.held.Name)
		if err != nil {
			return lifecycle.Unknown, err
		}
		r.held.ID = found.ID
		if !ok && (!again || !pause(ctx, busyPause)) {
			return lifecycle.Gone, nil
		}
	}
	verdict, err := r.client.Delete(ctx, r.held.ID)
	r.log.Info("deregistration answered", slog.String(keyRunner, r.held.Name), slog.Int64(keyID, r.held.ID), slog.String(keyResult, string(verdict)))
	return verdicts[verdict], err
}

var verdicts = map[registration.Verdict]lifecycle.Verdict{
	"":                lifecycle.Unknown,
	registration.Gone: lifecycle.Gone,
	registration.Busy: lifecycle.Busy,
}

// removeByRunner lets the runner remove itself. An ephemeral runner that has done its job was removed by GitHub, and
// has deleted its own identity: that is all the proof there is without an API credential.
func (r *registrar) removeByRunner(ctx context.Context, token string) lifecycle.Verdict {
	if _, err := r.runner.Identity(); errors.Is(err, os.ErrNotExist) && r.config.Ephemeral {
		return lifecycle.Gone
	}
	ctx, cancel := context.WithTimeout(ctx, fenceTime)
	defer cancel()
	if err := r.runner.Remove(ctx, token); err != nil {
		r.log.Warn("cannot remove the runner", slog.Any(keyError, err))
		return lifecycle.Unknown
	}
	return lifecycle.Gone
}

// pause waits, and reports whether ctx lasted that long.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
