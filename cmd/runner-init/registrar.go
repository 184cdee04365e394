package main

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/runner-init/runner-init/internal/config"
	"github.com/runner-init/runner-init/internal/runner"
	"github.com/runner-init/runner-init/lifecycle"
	"github.com/runner-init/runner-init/registration"
)

// registrar makes GitHub a port of the lifecycle. It owns the registration: its name, its id, its way of being made.
type registrar struct {
	config  config.Config
	id      string               // of the task or the pod that we are
	client  *registration.Client // nil without an API credential
	runner  official
	journal journal
	log     *slog.Logger
	working func() bool // whether a job runs

	// registered is called once a registration stands. It may be nil.
	registered func()

	token   string    // a registration token, from Authenticate to Register
	byToken bool      // the server turned out not to know JIT
	held    entry     // the registration that we hold or may hold
	found   bool      // GitHub told its id: the runner never had its identity
	doubt   bool      // whether GitHub's "not found" needs a proof
	until   time.Time // GitHub's rate limit: not to be asked before
	tries   int       // names used so far
}

var _ lifecycle.Registrar = (*registrar)(nil)

// official is what the official runner, and its directory, have to do with a registration.
type official interface {
	Prepare() error
	Identity() (runner.Identity, error)
	WriteJIT(encoded string) (runner.Identity, error)
	Configure(ctx context.Context, c runner.Configuration) (runner.Identity, error)
	Remove(ctx context.Context, token string) error
}

func newRegistrar(s *supervisor, r *runner.Runner, l *listener) (*registrar, error) {
	reg := &registrar{config: s.config, id: s.place.ID, runner: r, journal: s.journal, log: s.log, working: l.Working}
	if !s.config.JITConfig.Empty() {
		return reg, nil
	}
	var err error
	reg.client, err = newClient(s.config, s.log, s.learn, s.metrics)
	return reg, err
}

// mode is how the registration is made.
type mode string

const (
	modeJIT   mode = "jit"       // one call to GitHub, no configure process
	modeToken mode = "token"     // a registration token and the runner's own configure
	modeReady mode = "ready-jit" // somebody else made the registration
)

func (r *registrar) mode() mode {
	switch {
	case !r.config.JITConfig.Empty(), r.held.Ready:
		return modeReady
	case r.journal.Parent != nil && r.journal.HandedOver: // the doctor has none
		return modeJIT
	case r.config.Registration == config.RegistrationToken, r.client == nil, !r.config.Ephemeral, r.byToken:
		return modeToken
	case !r.config.DisableUpdate: // GitHub makes a JIT runner that does not update itself
		return modeToken
	}
	return modeJIT
}

// warning says at the start what will not be possible at the end.
func (r *registrar) warning() string {
	switch {
	case !r.config.Deregister:
		return "RUNNER_DEREGISTER is false: the registration is left on GitHub"
	case r.mode() == modeReady:
		return "a ready JIT configuration cannot be deregistered: that is left to whoever made it"
	case r.config.DropCredentials:
		return "RUNNER_DROP_CREDENTIALS is true: once it is registered, the runner cannot be deregistered before its job is done; a stop then leaves the registration, and ends with exit code 75"
	case r.client == nil:
		return "a ready registration token is good for an hour: after that the runner cannot be deregistered; set GITHUB_TOKEN, or a GitHub App, and it always can"
	}
	return ""
}

// Authenticate gets what Register needs of GitHub beforehand: the token of an App's installation, and a registration
// token, unless JIT or somebody else spares us the call. Runners that were started together are spread out first, where
// that is asked for.
func (r *registrar) Authenticate(ctx context.Context) error {
	if jitter := r.config.StartJitter; jitter > 0 && !pause(ctx, rand.N(jitter)) {
		return ctx.Err()
	}
	if r.client != nil {
		if err := r.client.Ready(ctx); err != nil {
			return err
		}
	}
	return r.mint(ctx)
}

// mint gets a registration token where one is needed. The runner's configure finds the group by itself, but does not say
// which there are.
func (r *registrar) mint(ctx context.Context) (err error) {
	if r.mode() != modeToken {
		return nil
	}
	if r.client == nil {
		r.token = r.config.RegistrationToken.Reveal()
		return nil
	}
	if _, err := r.client.Group(ctx, r.config.Group); err != nil {
		return err
	}
	r.token, err = r.client.RegistrationToken(ctx) // fresh, even where an older one was given
	return err
}

// Register makes the registration. Called again, after a session conflict, it gives the old one up first and starts with
// a fresh token, because the one of our boot may be long expired.
func (r *registrar) Register(ctx context.Context) error {
	if r.held.Name != "" {
		if err := r.abandon(ctx); err != nil {
			return ghostError{err}
		}
		if err := r.mint(ctx); err != nil {
			return err
		}
	}
	r.log.Info("registering", slog.String(keyMode, string(r.mode())), slog.String(keyScope, r.config.Scope.String()))
	if r.mode() == modeReady {
		id, err := r.runner.WriteJIT(r.config.JITConfig.Reveal())
		r.hold(id.Name, id.ID)
		return err
	}
	err := r.registerNamed(ctx)
	if err == nil && r.registered != nil {
		r.registered()
	}
	return err
}

// registerNamed tries one name after the other for as long as they are taken.
func (r *registrar) registerNamed(ctx context.Context) (err error) {
	for range nameTries {
		name := runnerName(r.config, r.id, r.tries)
		r.tries++
		r.hold(name, 0)
		if r.mode() == modeJIT {
			err = r.registerJIT(ctx, name)
			if unknown(err) && r.config.Registration == config.RegistrationAuto && !r.config.DropCredentials {
				err = r.fallBack(ctx, name, err)
			}
		} else {
			err = r.registerToken(ctx, name)
		}
		if !conflict(err) || r.config.NameSuffix == config.SuffixNever {
			return err
		}
		r.log.Warn("runner name is taken", slog.String(keyRunner, name))
	}
	return err
}

// registerJIT is the whole registration in one call.
func (r *registrar) registerJIT(ctx context.Context, name string) error {
	made, encoded, err := r.client.JIT(ctx, registration.JITRequest{
		Name: name, Labels: r.labels(), Group: r.config.Group, WorkFolder: r.config.Workdir,
	})
	if e, ok := errors.AsType[*registration.Error](err); ok && e.Uncertain {
		return ghostError{err}
	}
	if err != nil {
		return err
	}
	r.hold(made.Name, made.ID)
	if _, err := r.runner.WriteJIT(encoded); err != nil {
		return ghostError{err}
	}
	return nil
}

// unknown reports whether an error is GitHub's "not found".
func unknown(err error) bool {
	e, ok := errors.AsType[*registration.Error](err)
	return ok && e.Status == http.StatusNotFound
}

// fallBack registers by token from now on, where the server is too old for JIT: it does not know the endpoint, but hands
// out a registration token at the same scope. Where it does not do that either, refused was meant as it was said.
func (r *registrar) fallBack(ctx context.Context, name string, refused error) error {
	r.byToken = true
	if err := r.mint(ctx); err != nil {
		r.byToken = false
		if unknown(err) {
			return refused
		}
		return err
	}
	r.log.Warn("the server has no just-in-time registration; registering by token", slog.String(keyMode, string(r.mode())))
	return r.registerToken(ctx, name)
}

// labels returns the complete list: GitHub adds none to a JIT registration.
func (r *registrar) labels() []string {
	if r.config.NoDefaultLabels {
		return r.config.Labels
	}
	return config.MergeLabels(registration.DefaultLabels(), r.config.Labels)
}

// registerToken lets the runner register itself.
func (r *registrar) registerToken(ctx context.Context, name string) error {
	id, err := r.runner.Configure(ctx, runner.Configuration{
		URL: r.config.Scope.URL(r.config.ServerURL), Name: name, Group: r.config.Group, Token: r.token,
		Labels: r.config.Labels, Ephemeral: r.config.Ephemeral, DisableUpdate: r.config.DisableUpdate,
		NoDefaultLabels: r.config.NoDefaultLabels,
	})
	if e, ok := errors.AsType[*runner.ConfigureError](err); ok && (e.Conflict() || e.Refused()) {
		return err
	}
	if err != nil {
		return ghostError{err}
	}
	r.hold(cmp.Or(id.Name, name), id.ID)
	return nil
}

// conflict reports whether an error says that the name is taken.
func conflict(err error) bool {
	if e, ok := errors.AsType[*registration.Error](err); ok {
		return e.Reason == registration.Conflict
	}
	e, ok := errors.AsType[*runner.ConfigureError](err)
	return ok && e.Conflict()
}

// hold remembers the registration, also beyond our death.
func (r *registrar) hold(name string, id int64) {
	r.held, r.found = entry{Name: name, ID: id, Ready: r.mode() == modeReady}, false
	if err := r.journal.write(r.held); err != nil {
		r.log.Warn("cannot note the registration", slog.Any(keyError, err))
	}
	if id != 0 {
		r.log.Info("registered", slog.String(keyRunner, name), slog.Int64(keyID, id))
	}
}
