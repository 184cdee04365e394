package main

import (
	"cmp"
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"os/user"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/runner-init/runner-init/internal/config"
	"github.com/runner-init/runner-init/internal/dockerd"
	"github.com/runner-init/runner-init/internal/runner"
	"github.com/runner-init/runner-init/lifecycle"
)

const (
	// dockerStop is what the daemon gets of a grace period, at most, to end its containers: each of them has ten seconds.
	dockerStop = 10 * time.Second
	// dockerPatience is what it gets where there is no grace period: more than its own patience with them (dockerd
	// --shutdown-timeout).
	dockerPatience = 20 * time.Second
	// dockerKill is what is kept of that for what is left of a daemon that was killed.
	dockerKill = time.Second
	// defaultPath is where dockerd is looked for without a PATH.
	defaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
)

// docker is the Docker daemon inside. A nil one is none.
type docker struct {
	dockerd.Daemon
	supervisor *supervisor
}

// newDocker returns the daemon that the configuration asks for, or nil. Below an init of ours what it starts stays its own:
// the shims of containerd are orphans at once, and would be taken for what a job has left behind.
func (w *wiring) newDocker() *docker {
	if w.config.Docker != config.DockerInside {
		return nil
	}
	d := &docker{supervisor: w.supervisor}
	out := w.mask.Writer(w.outlet)
	environ := slices.DeleteFunc(slices.Clone(w.runner.Environ), func(kv string) bool {
		return strings.HasPrefix(kv, "RUNNER_INIT_") // flags of ours, which are not meant for the daemon's init
	})
	d.Daemon = dockerd.Daemon{
		Path: cmp.Or(valueOf(w.environ, "PATH"), defaultPath), Socket: dockerd.DefaultSocket, Environ: environ, Launch: w.runner.Start,
		Settings: dockerd.Settings{
			Args: strings.Fields(w.config.DockerArgs), Mirrors: w.config.DockerMirrors, Pools: w.config.DockerPools,
			MTU: dockerd.MTU(os.DirFS("/")),
		},
		Init: []string{"/proc/self/exe", "exec", "--wait=400ms", "--rewrite=USR2:KILL", "--"}, Kill: syscall.SIGUSR2,
		Line:  func(line string) { io.WriteString(out, "dockerd: "+line+"\n") },
		Began: d.note,
		Crashed: func(err error, pause time.Duration) {
			w.health.Lack(true)
			w.log.Error("docker crashed", slog.Any(keyError, err), slog.String(keyWait, pause.String()))
		},
		Back: func() {
			w.health.Lack(false)
			w.log.Info("docker is back")
		},
		GivenUp: func(err error) {
			w.log.Error("docker is given up", slog.Any(keyError, err))
			w.loop.Tell(lifecycle.Leave{Exit: lifecycle.Exit{Code: lifecycle.DockerDown, Reason: "docker kept crashing"}})
		},
	}
	return d
}

// start starts the daemon, before anything is registered, and waits until it answers.
func (d *docker) start(ctx context.Context, r *runner.Runner) error {
	if d == nil {
		return nil
	}
	if err := checkRoot(); err != nil {
		return err
	}
	if err := dockerd.Nest("/sys/fs/cgroup"); err != nil {
		d.supervisor.log.Warn("cgroups are not prepared for docker", slog.Any(keyError, err))
	}
	d.Group = socketGroup(r.User)
	ctx, cancel := context.WithTimeout(ctx, d.supervisor.config.DockerTimeout)
	defer cancel()
	began := time.Now()
	err := d.Start(ctx)
	if errors.Is(err, dockerd.ErrTaken) || errors.Is(err, dockerd.ErrInTheWay) {
		return hostError{err, "leave out RUNNER_DOCKER, or what is mounted there"}
	}
	if err != nil {
		return err
	}
	d.supervisor.log.Info("docker answers", slog.String(keyWait, time.Since(began).Round(time.Millisecond).String()))
	return nil
}

// checkRoot refuses a daemon of somebody else's than root.
func checkRoot() error {
	if os.Getuid() == 0 {
		return nil
	}
	return hostError{
		errors.New("RUNNER_DOCKER=dind needs root, and we are uid " + strconv.Itoa(os.Getuid())),
		"start the container as root, privileged or with the runtime sysbox-runc; RUNNER_USER is whom jobs run as",
	}
}

// socketGroup is the group that is to own the socket where there is no group docker: that of the user who needs it.
func socketGroup(u *runner.User) string {
	if _, err := user.LookupGroup("docker"); err == nil || u == nil {
		return ""
	}
	return strconv.FormatUint(uint64(u.GID), 10)
}

// dockerMark is how a successor finds the daemon, in the journal.
type dockerMark struct {
	PID  int
	Born uint64
}

// note leaves a mark of each daemon.
func (d *docker) note(pid int) {
	if err := d.supervisor.journal.note(dockerNote, dockerMark{pid, runner.Birth(pid)}); err != nil {
		d.supervisor.log.Warn("cannot note docker", slog.Any(keyError, err))
	}
}

// adopt takes over the daemon that a supervisor before us has started, and reports whether it lives.
func (d *docker) adopt(r *runner.Runner) bool {
	if d == nil {
		return true
	}
	var mark dockerMark
	d.supervisor.journal.noted(dockerNote, &mark)
	orphan, alive := runner.Overtake(mark.PID, mark.Born)
	if alive {
		r.Spared = mark.PID
		d.Group = socketGroup(r.User)
		d.Adopt(orphan)
	}
	return alive
}

// resume goes on with the daemon of a supervisor before us, or with another one.
func (d *docker) resume(ctx context.Context, r *runner.Runner) error {
	if d.adopt(r) {
		return nil
	}
	return d.start(ctx, r)
}

// stopDocker stops the daemon, last of all, and ends what is left of it.
func (w *wiring) stopDocker() {
	if w.docker == nil {
		return
	}
	ctx, cancel := w.dockerTime()
	defer cancel()
	if !w.docker.Stop(ctx) {
		w.log.Warn("docker was killed")
	}
}

// dockerTime is how long that may take: what the plan has kept back for it, also of a stop that comes meanwhile.
func (w *wiring) dockerTime() (context.Context, context.CancelFunc) {
	by := time.Now().Add(dockerPatience)
	if end := w.moments.End; !end.IsZero() {
		by = end.Add(-dockerKill)
	}
	ctx, cancel := context.WithDeadline(context.Background(), by)
	unbound := context.AfterFunc(w.stopping, func() {
		time.AfterFunc(time.Until(w.journal.StopTime().Add(w.plan.End-dockerKill)), cancel)
	})
	return ctx, func() { unbound(); cancel() }
}

// hintLine is what a hint shows of a line of dockerd's, in bytes. All of it is in the log.
const hintLine = 400

// dockerHint is what to do about a daemon that did not come up.
func dockerHint(e *dockerd.Error) string {
	if len(e.Tail) == 0 {
		return "RUNNER_DOCKER=dind takes an image with dockerd, containerd and runc"
	}
	hint := "is the container privileged, or of the runtime sysbox-runc, and does dockerd know what RUNNER_DOCKER_ARGS says?"
	if e.Late {
		hint = "RUNNER_DOCKER_TIMEOUT is how long it may take; " + hint
	}
	var tail []string
	for _, line := range e.Tail {
		tail = append(tail, cut(line, hintLine))
	}
	return hint + " Its last lines: " + strings.Join(tail, " | ")
}
