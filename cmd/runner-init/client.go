package main

import (
	"log/slog"
	"strconv"

	"github.com/runner-init/runner-init/internal/config"
	"github.com/runner-init/runner-init/internal/metrics"
	"github.com/runner-init/runner-init/registration"
)

// newClient returns the client of GitHub's API that the configuration means, or nil where it has no credential for one.
// learn is told of every secret that is made. Requests are counted, unless m is nil.
func newClient(c config.Config, log *slog.Logger, learn func(string), m *metrics.Metrics) (*registration.Client, error) {
	if !c.API() {
		return nil, nil
	}
	credential, err := newCredential(c)
	if err != nil {
		return nil, err
	}
	o := clientOptions(c, credential)
	o.Logger, o.Minted = log, learn
	if m != nil {
		o.Answered = m.Request
		o.Retried = func(r registration.Reason) { m.Retried(string(r)) }
	}
	return registration.New(o)
}

func clientOptions(c config.Config, credential registration.Credential) registration.Options {
	return registration.Options{
		API: c.APIURL, Credential: credential, CA: []byte(c.CA), UserAgent: "runner-init/" + releaseVersion(),
		Scope: registration.Scope{Kind: registration.Kind(c.Scope.Kind), Owner: c.Scope.Owner, Repo: c.Scope.Repo},
	}
}

func newCredential(c config.Config) (registration.Credential, error) {
	if c.AppID == "" {
		return registration.NewPAT(c.GitHubToken.Reveal())
	}
	installation, _ := strconv.ParseInt(c.AppInstallation, 10, 64) // a number or empty, as config has seen to
	return registration.NewApp(registration.AppSettings{
		ID: c.AppID, Installation: installation, Login: c.AppLogin, Key: c.AppKey.Reveal(),
	})
}
