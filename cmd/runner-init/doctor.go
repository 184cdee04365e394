package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/runner-init/runner-init/internal/config"
	"github.com/runner-init/runner-init/internal/doctor"
	"github.com/runner-init/runner-init/internal/runner"
	"github.com/runner-init/runner-init/lifecycle"
	"github.com/runner-init/runner-init/registration"
)

const doctorUsage = "runner-init doctor [--output json]"

// How long an examination takes at most, and one check of it.
const (
	examTime = 30 * time.Second
	stepTime = 10 * time.Second
)

// doctorCommand looks at everything that a run needs, and registers nothing.
func doctorCommand(args []string) int {
	asJSON := false
	switch strings.Join(args, "=") {
	case "", "--output=text":
	case "--output=json":
		asJSON = true
	default:
		return usageError(fmt.Sprintf("doctor: cannot understand %q", args), doctorUsage)
	}
	ctx, stop := interruptible()
	defer stop()
	code, err := newPatient(ctx, os.Environ()).examine(ctx, os.Stdout, asJSON)
	if err != nil {
		complain(err.Error(), "")
		return int(lifecycle.RunnerFailed)
	}
	return code
}

// patient is what is examined, and what the checks have found out for those after them.
type patient struct {
	environ []string
	config  config.Config
	invalid error // what is wrong with the configuration
	voice   voice
	client  *registration.Client
	host    *host

	proxy    string // its host
	reached  registration.Reached
	access   registration.Access
	refusal  error // of the harmless call, if GitHub knows the credential
	version  string
	examined []doctor.Finding
}

func newPatient(ctx context.Context, environ []string) *patient {
	p := &patient{environ: environ}
	p.config, p.invalid = loadConfig(ctx, environ)
	p.voice = voiceOf(p.config)
	r := &runner.Runner{Work: p.config.Workdir, Environ: p.config.JobEnviron(environ)}
	p.host = &host{config: p.config, runner: r, log: slog.New(slog.DiscardHandler)}
	if p.invalid == nil {
		p.client, p.invalid = examiner(p.config, p.voice.learn)
	}
	return p
}

// examiner is the client of an examination. Without a credential for the API it sees what everybody sees.
func examiner(c config.Config, learn func(string)) (client *registration.Client, err error) {
	credential := registration.Credential(registration.Anonymous{})
	switch {
	case !c.JITConfig.Empty():
		return nil, nil
	case c.API():
		if credential, err = newCredential(c); err != nil {
			return nil, err
		}
	}
	o := clientOptions(c, credential)
	o.Minted, o.Shield = learn, time.Second // nothing is made that would have to be found again
	return registration.New(o)
}

// examine makes the checks, and writes a line as soon as it is known, or all of them as JSON.
func (p *patient) examine(ctx context.Context, out io.Writer, asJSON bool) (code int, err error) {
	exam := doctor.Exam{Checks: p.checks(), Step: p.step(), All: examTime, Unfinished: int(lifecycle.RunnerFailed)}
	exam.Tell = func(f doctor.Finding) {
		f.Text, f.Hint = p.voice.mask.String(p.config.Redact(f.Text)), p.voice.mask.String(p.config.Redact(f.Hint))
		p.examined = append(p.examined, f)
		if !asJSON {
			_, e := io.WriteString(out, f.Line())
			err = errors.Join(err, e)
		}
	}
	code = exam.Run(ctx)
	if signal, stopped := signalled(ctx); stopped { // what it made fail is no judgement
		code = signal.code()
	}
	if asJSON {
		return code, doctor.WriteJSON(out, p.examined, code)
	}
	_, e := io.WriteString(out, doctor.Summary(p.examined, code))
	return code, errors.Join(err, e)
}

// step is the time of one check: never more than a run would have.
func (p *patient) step() time.Duration {
	if p.invalid != nil {
		return stepTime
	}
	return min(stepTime, p.config.StartTimeout)
}

// Names of checks that others need.
const (
	configurationCheck = "configuration"
	directoryCheck     = "runner directory"
	connectionCheck    = "connection"
	credentialCheck    = "credential"
	permissionCheck    = "permission"
	architectureCheck  = "architecture"
	versionCheck       = "runner version"
)

// checks are in the order in which a run would come across them, so that the first failure is its own.
func (p *patient) checks() []doctor.Check {
	check := func(name string, run func(context.Context) []doctor.Finding, needs ...string) doctor.Check {
		return doctor.Check{Name: name, Run: run, Needs: needs}
	}
	local := func(name string, run func() []doctor.Finding, needs ...string) doctor.Check {
		return check(name, func(context.Context) []doctor.Finding { return run() }, needs...)
	}
	return []doctor.Check{
		local("references", p.checkReferences),
		local(configurationCheck, p.checkConfiguration),
		local("grace period", p.checkGrace, configurationCheck),
		check("platform", p.checkPlatform, configurationCheck),
		local("registration", p.checkRegistration, configurationCheck),
		local("job environment", p.checkJobEnvironment, configurationCheck),
		local(directoryCheck, p.checkDirectory, configurationCheck),
		local("work directory", p.checkWork, directoryCheck),
		local("proxy", p.checkProxy, configurationCheck),
		check("name resolution", p.checkNames, "proxy"),
		check(connectionCheck, p.checkConnection, "name resolution"),
		check(credentialCheck, p.checkCredential, connectionCheck),
		local("token expiry", p.checkExpiry, credentialCheck),
		local("clock", p.checkClock, connectionCheck),
		local("rate limit", p.checkRate, credentialCheck),
		check(permissionCheck, p.checkPermission, credentialCheck),
		check("runner group", p.checkGroup, permissionCheck),
		local("labels", p.checkLabels, configurationCheck),
		local(architectureCheck, p.checkArchitecture, directoryCheck),
		check(versionCheck, p.checkVersion, architectureCheck),
		check("newest release", p.checkRelease, versionCheck, connectionCheck),
		check("docker", p.checkDocker),
	}
}

// one makes the only finding of a check.
func one(status doctor.Status, format string, args ...any) []doctor.Finding {
	return []doctor.Finding{{Status: status, Text: fmt.Sprintf(format, args...)}}
}

// hinted adds what to do.
func hinted(findings []doctor.Finding, hint string) []doctor.Finding {
	findings[0].Hint = hint
	return findings
}

// failed is an error as a run would have judged it.
func failed(err error) []doctor.Finding {
	code, hint := verdict(err)
	return []doctor.Finding{{Status: doctor.Fail, Text: err.Error(), Hint: hint, Code: int(code)}}
}
