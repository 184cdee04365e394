package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/runner-init/runner-init/internal/runner"
	"github.com/runner-init/runner-init/lifecycle"
	"github.com/runner-init/runner-init/registration"
)

const (
	// askTime is how long one request to delete is tried before the runner's own remove gets its turn.
	askTime = 5 * time.Second
	// lookTime is how long GitHub is asked for the registration of a runner that idles or wants to be restarted.
	lookTime = 20 * time.Second
	// askPause is how long GitHub is given to change its mind before it is asked again, at first and at most.
	askPause, longestPause = time.Second, 8 * time.Second
)

// errTaken is a registration that another session holds and that we cannot replace.
var errTaken = errors.New("another session holds the registration, which is not ours to replace")

// errContradiction is a registration that GitHub did not find, and whose absence nothing confirms.
var errContradiction = errors.New("GitHub did not find the registration, which need not mean that it is gone")

// abandon gives a registration up that another session holds, or leaves it where we were told to.
func (r *registrar) abandon(ctx context.Context) error {
	if r.mode() == modeReady {
		return errTaken
	}
	if v := r.Fence(ctx); v != lifecycle.Gone && v != lifecycle.Kept {
		return fmt.Errorf("cannot give up the registration of runner %q", r.held.Name)
	}
	return r.runner.Prepare()
}

// Standing asks what GitHub shows of the registration. That it is gone counts only if two different looks agree: GitHub
// answers "not found", too, to a credential that has lost the sight of it.
func (r *registrar) Standing(ctx context.Context) lifecycle.Standing {
	held := r.held // another identity may be made meanwhile
	if r.client == nil || held.ID == 0 {
		return lifecycle.Unasked
	}
	ctx, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	found, standing, err := r.client.Get(ctx, held.ID)
	if err == nil && !standing {
		_, listed, failed := r.client.Find(ctx, held.Name)
		if failed == nil && !listed {
			return lifecycle.Missing
		}
		err = errors.Join(errContradiction, failed)
	}
	if err != nil {
		r.log.Warn("cannot look up the registration", slog.Any(keyError, err))
	}
	switch refusal, _ := errors.AsType[*registration.Error](err); {
	case refusal != nil && refusal.Reason == registration.Unauthorized:
		return lifecycle.Unasked
	case err != nil:
		return lifecycle.Unclear
	case found.Busy:
		return lifecycle.Occupied
	case !found.Online:
		return lifecycle.Offline
	}
	return lifecycle.Vacant
}

// Fence deletes the registration while the listener lives, so that GitHub cannot assign a job any more.
func (r *registrar) Fence(ctx context.Context) lifecycle.Verdict {
	if r.keep() {
		return lifecycle.Kept
	}
	r.doubt = true // nothing but us should have deleted it yet
	verdict, _ := r.remove(ctx)
	return verdict
}

// Deregister makes sure that the registration is gone after the listener's end. It asks for as long as ctx lasts: GitHub
// may need a moment to notice that the job is over, or to come back from an outage. A rate limit is respected even then.
func (r *registrar) Deregister(ctx context.Context) lifecycle.Verdict {
	if r.keep() {
		return lifecycle.Kept
	}
	for wait := askPause; ; wait = min(2*wait, longestPause) {
		verdict, final := r.remove(ctx)
		if final || !pause(ctx, max(wait, time.Until(r.until))) {
			return verdict
		}
	}
}

// keep reports whether the registration is not ours to remove.
func (r *registrar) keep() bool { return !r.config.Deregister || r.mode() == modeReady }

// remove deletes the registration through the API, or lets the runner do it. The answer is final if asking again cannot
// change it.
func (r *registrar) remove(ctx context.Context) (verdict lifecycle.Verdict, final bool) {
	if r.journal.HandedOver {
		return r.judgeByRunner(), true
	}
	if r.client == nil {
		verdict = r.removeByRunner(ctx, r.config.RegistrationToken.Reveal())
		return verdict, verdict != lifecycle.Busy
	}
	verdict, err := r.delete(ctx)
	if err == nil {
		return verdict, verdict == lifecycle.Gone
	}
	r.log.Warn("cannot delete the registration", slog.Any(keyError, err))
	if r.limited(err) || r.mode() == modeJIT { // the runner cannot remove what JIT registered
		return lifecycle.Unknown, lasting(err)
	}
	if r.working() {
		return lifecycle.Busy, false
	}
	token, err := r.client.RemoveToken(ctx)
	if err != nil {
		r.log.Warn("cannot get a remove token", slog.Any(keyError, err))
		return lifecycle.Unknown, lasting(err)
	}
	verdict = r.removeByRunner(ctx, token)
	return verdict, verdict == lifecycle.Gone
}

// limited notes a rate limit, which is that of every other request too.
func (r *registrar) limited(err error) bool {
	e, ok := errors.AsType[*registration.Error](err)
	if !ok || e.Reason != registration.Throttled {
		return false
	}
	r.until = e.Until
	return true
}

// freshen makes new credentials while a runner whose job is over cleans up, for the deregistration to come.
func (r *registrar) freshen() {
	if r.client == nil || r.keep() {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), askTime)
	defer cancel()
	if err := r.client.Ready(ctx); err != nil { // what is to be said about it, the deregistration says
		r.log.Debug("cannot make new credentials", slog.Any(keyError, err))
	}
}

// lasting reports whether GitHub would say the same again.
func lasting(err error) bool {
	e, ok := errors.AsType[*registration.Error](err)
	return ok && e.Reason != registration.Unreachable && e.Reason != registration.Throttled && e.Reason != registration.Interrupted
}

// delete deletes by id, or by name where the id never reached us.
func (r *registrar) delete(ctx context.Context) (lifecycle.Verdict, error) {
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	if r.held.ID == 0 {
		if found, err := r.findHeld(ctx); err != nil || !found {
			return lifecycle.Gone, err
		}
	}
	verdict, err := r.client.Delete(ctx, r.held.ID)
	r.log.Info("deregistration answered", slog.String(keyRunner, r.held.Name), slog.Int64(keyID, r.held.ID), slog.String(keyResult, string(verdict)))
	if verdict == registration.Absent && (r.doubt || !r.forgotten()) {
		return r.confirm(ctx)
	}
	return verdicts[verdict], err
}

// forgotten reports whether the runner has deleted its own identity, as an ephemeral one does after its job, when GitHub
// deletes the registration as well.
func (r *registrar) forgotten() bool {
	_, err := r.runner.Identity()
	return errors.Is(err, os.ErrNotExist) && !r.found
}

// confirm asks in another way whether a registration is gone that GitHub did not find: it answers so, too, to a credential
// that has lost the sight of it. A list that we are shown, without our name in it, is proof.
func (r *registrar) confirm(ctx context.Context) (lifecycle.Verdict, error) {
	_, listed, err := r.client.Find(ctx, r.held.Name)
	if err != nil || listed {
		return lifecycle.Unknown, err
	}
	r.doubt = false
	return lifecycle.Gone, nil
}

// findHeld looks for the registration by its name, twice, because a request that was on its way may arrive late. One that
// is online or has a job belongs to somebody else with the same name: ours never had a session.
func (r *registrar) findHeld(ctx context.Context) (bool, error) {
	for again := true; ; again = false {
		found, ok, err := r.client.Find(ctx, r.held.Name)
		switch {
		case err != nil, ok && (found.Online || found.Busy):
			return false, err
		case ok:
			r.held.ID, r.found = found.ID, true
			return true, nil
		case !again || !pause(ctx, askPause):
			return false, nil
		}
	}
}

var verdicts = map[registration.Verdict]lifecycle.Verdict{
	"":                  lifecycle.Unknown,
	registration.Gone:   lifecycle.Gone,
	registration.Absent: lifecycle.Gone, // an ephemeral runner is deleted by GitHub, after its job
	registration.Busy:   lifecycle.Busy,
}

// removeByRunner lets the runner remove itself, unless a job runs: GitHub would refuse, and the token would lie in the
// environment of a process of the job's own user.
func (r *registrar) removeByRunner(ctx context.Context, token string) lifecycle.Verdict {
	if r.spent() {
		return lifecycle.Gone
	}
	if r.working() {
		return lifecycle.Busy
	}
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	switch err := r.runner.Remove(ctx, token); {
	case errors.Is(err, runner.ErrBusy):
		r.log.Info("deregistration answered", slog.String(keyRunner, r.held.Name), slog.String(keyResult, string(registration.Busy)))
		return lifecycle.Busy
	case err != nil:
		r.log.Warn("cannot remove the runner", slog.Any(keyError, err))
		return lifecycle.Unknown
	}
	return lifecycle.Gone
}

// spent reports whether an ephemeral runner has done its job. GitHub has removed it then, and it has deleted the identity
// that it had: that is all the proof there is without an API credential.
func (r *registrar) spent() bool { return r.forgotten() && r.config.Ephemeral && r.held.ID != 0 }

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
