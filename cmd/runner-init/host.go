package main

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/runner-init/runner-init/internal/config"
	"github.com/runner-init/runner-init/internal/runner"
	"github.com/runner-init/runner-init/lifecycle"
)

// host is the machine: the runner directory and the user.
type host struct {
	config config.Config
	root   string // from the command line
	runner *runner.Runner
	log    *slog.Logger
	hooks  hooks
	docker *docker // nil: none of ours
}

var _ lifecycle.Host = (*host)(nil)

// Boot finds the runner, starts the Docker daemon where one is asked for, lets the user's program prepare what it likes, and wipes what an earlier life left of the
// runner's identity.
func (h *host) Boot(ctx context.Context) error {
	if err := h.find(); err != nil {
		return err
	}
	h.warnOfFiles()
	if err := h.hooks.vet(); err != nil {
		return err
	}
	if err := h.docker.start(ctx, h.runner); err != nil {
		return err
	}
	h.joinDocker()
	if err := h.hooks.preStart(ctx); err != nil {
		return err
	}
	if err := h.runner.Prepare(); err != nil {
		return unprepared(err)
	}
	return nil
}

// warnOfFiles says which secrets a job could read where we have read them.
func (h *host) warnOfFiles() {
	who, hint := "us, and jobs run as our user", "start the container as root, with the file root's alone and RUNNER_USER an ordinary user"
	if u := h.runner.User; u != nil {
		who, hint = fmt.Sprintf("user %q, whom jobs run as", u.Name), "make it root's, with mode 0400"
	}
	for _, f := range h.config.SecretFiles() {
		if h.runner.User.MayRead(f.Path) {
			h.log.Warn("a job can read a secret", slog.String(keyReason, fmt.Sprintf("%s names a file that can be read by %s", f.Variable, who)), slog.String(keyHint, hint))
		}
	}
}

// unprepared is a runner that cannot be prepared.
func unprepared(err error) error {
	return hostError{err, "the runner's directory, its _diag and RUNNER_WORKDIR have to be writable to us and to the runner's user"}
}

// find fills in where the runner is and whom it runs as, in which groups.
func (h *host) find() (err error) {
	named := h.config.Home
	if h.root != "" {
		named = h.root
	}
	if h.runner.Root, err = runner.FindRoot(named); err != nil {
		return hostError{err, "set RUNNER_HOME to the directory that holds bin/Runner.Listener"}
	}
	if h.runner.User, err = runner.FindUser(h.config.User, h.runner.Root); err != nil {
		return hostError{err, "set RUNNER_USER to a user of this image, or leave it out"}
	}
	h.joinDocker()
	return nil
}

// joinDocker lets jobs use the Docker daemon that is there.
func (h *host) joinDocker() {
	if socket, gid, joined := h.runner.JoinDocker(); joined {
		h.log.Info("jobs may use docker", slog.String(keySocket, socket), slog.Uint64(keyGroup, uint64(gid)))
	}
}

// hostError is an image that does not fit the configuration.
type hostError struct {
	error
	hint string
}

func (e hostError) Unwrap() error { return e.error }

// rootArgument returns the runner root that the command line names in the way of existing images, or nothing.
func rootArgument(args []string) string {
	if len(args) == 0 {
		return ""
	}
	root, _ := runner.RootOf(args[0])
	return root
}
