package config

import (
	"crypto/x509"
	"path/filepath"
	"slices"
	"strings"
)

// appKeyVariable holds the only value that has more than one line.
const appKeyVariable = "GITHUB_APP_PRIVATE_KEY"

// API reports whether there is a credential for GitHub's API: a token, or an App.
func (c Config) API() bool { return !c.GitHubToken.Empty() || c.AppID != "" }

// registrationTokenVariable holds a ready registration token; eitherToken may hold that or one for the API, where it
// comes from.
const (
	registrationTokenVariable = "RUNNER_TOKEN"
	eitherToken               = "GH_RUNNER_TOKEN"
)

// completeCredential makes of the credentials what they are, and drops the one that another stands in for.
func (r *reading) completeCredential(c *Config) {
	r.sortTokens(c)
	if c.AppID != "" && !c.GitHubToken.Empty() {
		r.warn("%s is not used: %s names a GitHub App, which wins", r.name("GITHUB_TOKEN"), r.name("GITHUB_APP_ID"))
		c.GitHubToken = Secret{}
	}
}

// sortTokens tells the two kinds of tokens by their form: people put the one where the other belongs.
func (r *reading) sortTokens(c *Config) {
	const api, registration = "GITHUB_TOKEN", registrationTokenVariable
	if c.AppID == "" && isRegistrationToken(c.GitHubToken.Reveal()) {
		if c.RegistrationToken.Empty() {
			r.warn("%s holds a registration token, by its form, and is used as RUNNER_TOKEN: after an hour the runner cannot be deregistered with it; set GITHUB_TOKEN to a personal access token", r.name(api))
			c.RegistrationToken = c.GitHubToken
			r.move(api, registration)
		} else {
			r.warn("%s holds a registration token, by its form, and is not used: %s is set too", r.name(api), r.name(registration))
		}
		c.GitHubToken = Secret{}
	}
	if isAPIToken(c.RegistrationToken.Reveal()) {
		switch {
		case c.API():
			r.warn("%s holds a token for the API, by its form, and is not used: %s is set too", r.name(registration), r.apiCredential(*c))
		default:
			if r.named[registration] != eitherToken {
				r.warn("%s holds a token for the API, by its form, and is used as GITHUB_TOKEN", r.name(registration))
			}
			c.GitHubToken = c.RegistrationToken
			r.move(registration, api)
		}
		c.RegistrationToken = Secret{}
	}
}

// apiCredential is the name that the user has for the credential for GitHub's API.
func (r *reading) apiCredential(c Config) string {
	if c.AppID != "" {
		return r.name("GITHUB_APP_ID")
	}
	return r.name("GITHUB_TOKEN")
}

// isAPIToken tells a token for the API by its prefix (GitHub's documentation, "About authentication to GitHub": token
// formats). What has none is no longer made, but may still be in use.
func isAPIToken(token string) bool {
	return slices.ContainsFunc([]string{"github_pat_", "ghp_", "gho_", "ghu_", "ghs_"}, func(prefix string) bool { return strings.HasPrefix(token, prefix) })
}

// isRegistrationToken tells the short-lived token that a person copies from "New self-hosted runner" from every token
// for the API: it is short and all capitals and digits, which no kind of those ever was. What it does not recognise it
// takes for a token for the API, whatever its form.
func isRegistrationToken(token string) bool {
	const capitals = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	return len(token) >= 20 && len(token) <= 39 && strings.Trim(token, capitals) == ""
}

func (r *reading) checkApp(c Config) {
	const id, installation = "GITHUB_APP_ID", "GITHUB_APP_INSTALLATION_ID"
	if r.bad[id] || r.bad[appKeyVariable] || r.bad[installation] || r.bad["GITHUB_APP_LOGIN"] {
		return
	}
	switch {
	case c.AppID == "" && !c.AppKey.Empty():
		r.refuse(appKeyVariable, refuse("set GITHUB_APP_ID too", "there is no App that it belongs to"))
	case c.AppID == "" && c.AppInstallation != "":
		r.refuse(installation, refuse("set GITHUB_APP_ID and GITHUB_APP_PRIVATE_KEY too", "there is no App that it belongs to"))
	case c.AppID == "" && c.AppLogin != "":
		r.refuse("GITHUB_APP_LOGIN", refuse("set GITHUB_APP_ID and GITHUB_APP_PRIVATE_KEY too", "there is no App that it belongs to"))
	case c.AppID != "" && !isName(c.AppID):
		r.refuse(id, refuse("it is the number, or the client ID, on the settings page of the App", "%q is not the ID of an App", c.AppID))
	case c.AppID != "" && c.AppKey.Empty():
		r.refuse(id, refuse("set GITHUB_APP_PRIVATE_KEY to the PEM file of the App, or GITHUB_APP_PRIVATE_KEY_FILE to its path", "the App has no private key here"))
	case strings.Trim(c.AppInstallation, "0123456789") != "" || len(c.AppInstallation) > 18:
		r.refuse(installation, refuse("it is the number at the end of the installation's address; left out, it is found", "%q is not a number", c.AppInstallation))
	}
}

// completeCA reads the authorities that are to be trusted besides the system's.
func (r *reading) completeCA(c *Config) {
	const variable = "RUNNER_CA_FILE"
	if c.CAFile == "" {
		return
	}
	path, err := filepath.Abs(c.CAFile)
	if err == nil {
		c.CAFile = path
		c.CA, err = readFile(path)
	}
	switch {
	case err != nil:
		r.refuse(variable, refuse("check that the file is mounted, and that the user of the container may read it", "%s: %v", path, err))
	case !x509.NewCertPool().AppendCertsFromPEM([]byte(c.CA)):
		r.refuse(variable, refuse("it is a file in PEM, with BEGIN CERTIFICATE in it", "%s holds no certificate", path))
	}
}

// noVerify is the runner's own switch to trust every certificate (actions/runner, RunnerWebProxy and VssUtil).
const noVerify = "GITHUB_ACTIONS_RUNNER_TLS_NO_VERIFY"

func (r *reading) refuseNoVerify() {
	if value := r.read(noVerify, false); value != "" && !isOff(value) {
		r.problem(refuse("name the file with your authority in RUNNER_CA_FILE, and in SSL_CERT_FILE together with the others", "certificates are always verified"), noVerify)
	}
}
