// Package ecr is a Docker credential helper for Amazon's registries, the private ones and the public one
// (https://docs.docker.com/reference/cli/docker/login/#credential-helpers): Docker asks it for a password whenever it needs
// one, and gets one that AWS makes for the credentials that the process has.
//
// It refuses to keep anything: there is no cache, on disk or elsewhere, that another job could read.
package ecr

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/runner-init/runner-init/internal/store"
)

// Name is what Docker calls the helper by: its configuration has the end of it, ecr-login.
const Name = "docker-credential-ecr-login"

// Helper answers one question of Docker's.
type Helper struct {
	In      io.Reader
	Out     io.Writer
	Version string
}

// Sentences by which Docker's clients recognize that there is no password, which is no failure, and that a request is
// incomplete (github.com/docker/docker-credential-helpers/credentials).
var (
	errNotFound = errors.New("credentials not found in native keychain")
	errNoServer = errors.New("no credentials server URL")
)

// maxInput bounds what is read: an address, or the JSON of a password.
const maxInput = 1 << 20

// Run performs an action: get, list, store, erase or version. What goes wrong is printed to Out too, where Docker looks for
// it, and the exit code is 1.
func (h Helper) Run(ctx context.Context, action string) (code int) {
	if err := h.perform(ctx, action); err != nil {
		fmt.Fprintln(h.Out, err)
		return 1
	}
	return 0
}

func (h Helper) perform(ctx context.Context, action string) error {
	switch action {
	case "version":
		_, err := fmt.Fprintf(h.Out, "%s (runner-init) %s\n", Name, h.Version)
		return err
	case "list":
		return h.list(ctx)
	case "get", "store", "erase":
	default:
		return fmt.Errorf("%s: unknown action %q: use get, list, store, erase or version", Name, action)
	}
	text, err := io.ReadAll(io.LimitReader(h.In, maxInput))
	if err != nil {
		return fmt.Errorf("cannot read what to %s: %w", action, err)
	}
	server := strings.TrimSpace(string(text))
	switch {
	case action == "store":
		return take(text)
	case server == "":
		return errNoServer
	case action == "erase":
		return nil // nothing is kept
	}
	return h.get(ctx, server)
}

// get prints the password of a registry.
func (h Helper) get(ctx context.Context, server string) error {
	r, ok := registryOf(server)
	if !ok {
		return errNotFound // Docker goes on without one
	}
	c, err := store.Config(ctx, r.region)
	if err != nil && r.service == "ecr-public" {
		return errNotFound // anybody may pull
	}
	if err == nil {
		var t token
		if t, err = getToken(ctx, c, r); err == nil {
			return json.NewEncoder(h.Out).Encode(map[string]string{"ServerURL": server, "Username": t.user, "Secret": t.secret})
		}
	}
	return fmt.Errorf("cannot get a token for %s: %w", server, err)
}

// list prints the registry that the credentials of this process belong to, if there are any, and its user.
func (h Helper) list(ctx context.Context) error {
	known := map[string]string{}
	c, err := store.Config(ctx, "")
	if err == nil && c.Region != "" {
		t, err := getToken(ctx, c, registry{region: c.Region, service: "ecr", api: "api.ecr." + c.Region + ".amazonaws.com"})
		if err != nil {
			return fmt.Errorf("cannot get a token for the registry of this account: %w", err)
		}
		known[t.registry] = t.user
	}
	return json.NewEncoder(h.Out).Encode(known)
}

// take accepts a password. That of a registry of Amazon's is made anew each time; any other would be lost.
func take(text []byte) error {
	var given struct{ ServerURL string }
	if err := json.Unmarshal(text, &given); err != nil {
		return errors.New("cannot read what to store: it is no JSON")
	}
	if given.ServerURL == "" {
		return errNoServer
	}
	if _, ok := registryOf(given.ServerURL); !ok {
		return fmt.Errorf("%s keeps no passwords, and %s is no registry of Amazon's: set it in credHelpers for those alone, not as credsStore", Name, given.ServerURL)
	}
	return nil
}
