package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"slices"
	"strings"
	"syscall"

	"github.com/runner-init/runner-init/internal/config"
	"github.com/runner-init/runner-init/internal/dockerd"
	"github.com/runner-init/runner-init/internal/doctor"
	"github.com/runner-init/runner-init/internal/runner"
	"github.com/runner-init/runner-init/lifecycle"
)

// checkReferences tells which values AWS has given us, and which it has not.
func (p *patient) checkReferences() (found []doctor.Finding) {
	for _, r := range p.config.References() {
		if !r.Failed {
			found = append(found, one(doctor.OK, "%s has its value from %s: %s", r.Variable, r.Store.Name(), r.Reference)...)
		}
	}
	for _, problem := range p.problems(true) {
		found = append(found, doctor.Finding{Status: doctor.Fail, Text: problem.Error(), Hint: problem.Hint, Code: int(faultCodes[problem.Fault])})
	}
	if found == nil {
		return one(doctor.OK, "none, so nothing is asked of AWS")
	}
	return found
}

// problems are those of the configuration that are, or are not, about references.
func (p *patient) problems(reference bool) (found []config.Problem) {
	if invalid, ok := errors.AsType[*config.Invalid](p.invalid); ok {
		for _, problem := range invalid.Problems {
			if problem.Reference == reference {
				found = append(found, problem)
			}
		}
	}
	return found
}

// checkConfiguration tells everything else that is wrong, at once, and every remark.
func (p *patient) checkConfiguration() (found []doctor.Finding) {
	for _, problem := range p.problems(false) {
		found = append(found, doctor.Finding{Status: doctor.Fail, Text: problem.Error(), Hint: problem.Hint, Code: int(lifecycle.Misconfigured)})
	}
	switch {
	case found != nil:
	case p.problems(true) != nil:
		found = one(doctor.Skip, "incomplete without the values that are referred to")
	case p.invalid != nil:
		found = []doctor.Finding{{Status: doctor.Fail, Text: p.invalid.Error(), Code: int(lifecycle.Misconfigured)}}
	case p.client == nil:
		found = one(doctor.OK, "a ready JIT configuration")
	default:
		found = one(doctor.OK, "%s at %s", p.config.Scope, p.config.ServerURL)
	}
	for _, warning := range p.config.Warnings() {
		found = append(found, doctor.Finding{Status: doctor.Warn, Text: warning})
	}
	return found
}

// checkGrace is the arithmetic of a stop, with the warning that a run begins with.
func (p *patient) checkGrace() []doctor.Finding {
	plan := newPlan(p.config, p.config.StartTimeout)
	on := p.platform()
	if warning := plan.Warning(); warning != "" {
		return one(doctor.Warn, "%s; %s", on, warning)
	}
	return one(doctor.OK, "%s; of %s a running job gets %s, is cancelled then, and we end after %s", on, plan.Grace, plan.Drain, plan.Exit)
}

// platform is what we run on, as far as it shows.
func (p *patient) platform() string {
	switch _, err := os.Stat("/.dockerenv"); {
	case p.variable("ECS_CONTAINER_METADATA_URI_V4") != "":
		return "ECS"
	case p.variable("KUBERNETES_SERVICE_HOST") != "":
		return "Kubernetes"
	case err == nil:
		return "a Docker container"
	}
	return "no platform that is recognized"
}

func (p *patient) variable(name string) string {
	for _, kv := range slices.Backward(p.environ) {
		if value, ok := strings.CutPrefix(kv, name+"="); ok {
			return value
		}
	}
	return ""
}

// checkRegistration tells in which way a run would register, and what it could not undo.
func (p *patient) checkRegistration() []doctor.Finding {
	r := &registrar{config: p.config, client: p.client}
	if !p.config.API() {
		r.client = nil
	}
	how := map[mode]string{
		modeJIT: "just in time, in one call to GitHub", modeToken: "by token, with the runner's own configure", modeReady: "somebody else's",
	}[r.mode()]
	if warning := r.warning(); warning != "" {
		return one(doctor.Warn, "%s; %s", how, warning)
	}
	return one(doctor.OK, "%s", how)
}

// checkJobEnvironment names what a job would see, and no value.
func (p *patient) checkJobEnvironment() []doctor.Finding {
	var names []string
	for _, kv := range p.host.runner.Environ {
		name, _, _ := strings.Cut(kv, "=")
		names = append(names, name)
	}
	slices.Sort(names)
	return one(doctor.OK, "a job sees %d of %d variables: %s", len(names), len(p.environ), strings.Join(names, " "))
}

func (p *patient) checkDirectory() []doctor.Finding {
	if err := p.host.find(); err != nil {
		return failed(err)
	}
	if u := p.host.runner.User; u != nil {
		return one(doctor.OK, "%s, run as %s", p.host.runner.Root, u.Name)
	}
	return one(doctor.OK, "%s, run as ourselves, uid %d", p.host.runner.Root, os.Getuid())
}

func (p *patient) checkWork() []doctor.Finding {
	dir, err := p.host.runner.CheckWork()
	if err != nil {
		return failed(unprepared(err))
	}
	return one(doctor.OK, "%s", dir)
}

// checkLabels tells what a job has to ask for.
func (p *patient) checkLabels() []doctor.Finding {
	if p.client == nil {
		return one(doctor.Skip, "a ready JIT configuration has its own")
	}
	return one(doctor.OK, "%s", strings.Join((&registrar{config: p.config}).labels(), ", "))
}

func (p *patient) checkArchitecture() []doctor.Finding {
	built, err := p.host.runner.Architecture()
	switch {
	case err != nil:
		return failed(&runner.StartError{Err: err})
	case built == runtime.GOARCH:
		return one(doctor.OK, "%s", built)
	case built == "":
		return one(doctor.Warn, "the listener is not a program in ELF format")
	}
	err = fmt.Errorf("the listener is for %s, and this is %s", built, runtime.GOARCH)
	return failed(&runner.StartError{Err: err})
}

// checkVersion starts the listener, which says at the same time whether it can be. Where it could not write its log before
// a run has made the place for it, its files have to tell.
func (p *patient) checkVersion(ctx context.Context) []doctor.Finding {
	if err := p.host.runner.CheckStart(); err != nil {
		if p.version = p.host.runner.BuiltVersion(); p.version == "" {
			return one(doctor.Skip, "it was not started: %v", err)
		}
		return one(doctor.OK, "%s by its files; it was not started: %v", p.version, err)
	}
	version, err := p.host.runner.Version(ctx)
	if err != nil {
		found := failed(err)
		if _, unstarted := errors.AsType[*runner.StartError](err); !unstarted {
			return hinted(found, "start bin/Runner.Listener --version in this image: a library may be missing, see bin/installdependencies.sh")
		}
		return found
	}
	p.version = version
	return one(doctor.OK, "%s", version)
}

// checkDocker looks whether jobs that use containers would find a daemon, and might use it. A run does without.
func (p *patient) checkDocker(ctx context.Context) []doctor.Finding {
	if p.config.Docker == config.DockerInside {
		return p.checkDockerInside(ctx)
	}
	network, address := p.host.runner.DockerAddress()
	if network == "" {
		return one(doctor.Skip, "DOCKER_HOST is neither a socket nor tcp")
	}
	err := dockerd.Ping(ctx, network, address)
	if network == "tcp" && errors.Is(err, dockerd.ErrUnwell) {
		err = nil // with TLS it does not answer what we ask
	}
	switch u := p.host.runner.User; {
	case errors.Is(err, fs.ErrNotExist):
		return one(doctor.OK, "none: there is no %s, and jobs that use containers would fail", address)
	case network == "unix" && isSocket(address) && !u.MayConnect(address):
		return hinted(one(doctor.Warn, "jobs may not use %s, and those that use containers would fail", address), socketHint(address, u))
	case err == nil:
		return one(doctor.OK, "a daemon answers at %s", address)
	}
	return hinted(one(doctor.Warn, "no daemon answers at %s: %v", address, err), "jobs that use containers would fail")
}

func isSocket(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode()&fs.ModeSocket != 0
}

// socketHint is what gives jobs a socket that they may not use: root lets their user join its group, others cannot.
func socketHint(socket string, u *runner.User) string {
	if info, err := os.Stat(socket); err == nil && u == nil && info.Mode()&0o020 != 0 {
		return fmt.Sprintf("start the container with --group-add %d, the group of the socket, or as root: the user of the jobs then joins it", info.Sys().(*syscall.Stat_t).Gid)
	}
	return "its group has to be able to write to it, and every directory on the way be open to the user of the jobs"
}
