package main

import (
	"cmp"
	"context"
	"errors"
	"os"
	"strconv"
	"strings"

	"github.com/runner-init/runner-init/internal/dockerd"
	"github.com/runner-init/runner-init/internal/doctor"
)

// checkDockerInside looks whether a run could start its daemon, without starting one.
func (p *patient) checkDockerInside(ctx context.Context) []doctor.Finding {
	if err := checkRoot(); err != nil {
		return failed(err)
	}
	program, err := dockerd.LookUp(cmp.Or(p.variable("PATH"), defaultPath))
	if err != nil {
		return failed(&dockerd.Error{Err: err})
	}
	if dockerd.Ping(ctx, "unix", dockerd.DefaultSocket) == nil {
		return one(doctor.OK, "a daemon answers at %s: that of a runner at work here; a run beside it, or beside one that is mounted, is refused", dockerd.DefaultSocket)
	}
	if !capable(capSysAdmin) {
		return hinted(failed(&dockerd.Error{Err: errors.New("this container may not mount anything (CAP_SYS_ADMIN)")}),
			"start it privileged or with the runtime sysbox-runc")
	}
	mtu := "its own MTU, for want of a default route"
	if bytes := dockerd.MTU(os.DirFS("/")); bytes > 0 {
		mtu = "an MTU of " + strconv.Itoa(bytes)
	}
	return one(doctor.OK, "a run starts %s; its networks have %s", program, mtu)
}

// capSysAdmin is CAP_SYS_ADMIN, by which a process may mount (linux/capability.h).
const capSysAdmin = 21

// capable reports whether we have a capability (proc_pid_status(5)). Where it cannot be told, we may.
func capable(capability uint) bool {
	text, err := os.ReadFile("/proc/self/status")
	_, rest, found := strings.Cut(string(text), "\nCapEff:")
	line, _, _ := strings.Cut(rest, "\n")
	set, odd := strconv.ParseUint(strings.TrimSpace(line), 16, 64)
	return err != nil || !found || odd != nil || set&(1<<capability) != 0
}
