package main

import (
	"errors"
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

// checkCredential refuses what no credential can be made of, together with all else that is wrong.
func checkCredential(c config.Config) (variable, hint string, err error) {
	if !c.API() || c.AppID != "" && c.AppKey.Empty() { // which has been said
		return "", "", nil
	}
	variable, hint = "GITHUB_TOKEN", "set it to the token as GitHub showed it"
	if c.AppID != "" {
		variable = "GITHUB_APP_PRIVATE_KEY"
		hint = `set it to the PEM file that GitHub made for the App: as it is, with \n for its line breaks, or in base64; or set GITHUB_APP_PRIVATE_KEY_FILE to its path`
	}
	if _, err = newCredential(c); errors.Unwrap(err) != nil { // the variable's name says what it is
		err = errors.Unwrap(err)
	}
	return variable, hint, err
}
