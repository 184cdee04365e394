package bench

import (
	"context"
	"encoding/binary"
	"io"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// patience bounds everything that a container is waited for.
const patience = 5 * time.Minute

// instant is a reading of CLOCK_MONOTONIC, which all processes of a machine share.
type instant time.Duration

func (i instant) since(before instant) time.Duration { return time.Duration(i - before) }

func now() instant {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts); err != nil {
		panic("no clock: " + err.Error()) // only a wrong number of the clock is an error
	}
	return instant(ts.Nano())
}

// container is a command as PID 1 of its own PID namespace with its own /proc, and the probe that starts it: launch or
// ring. The probe is PID 1 of another namespace around that, so that nothing outlives it.
type container struct {
	b      *testing.B
	cancel context.CancelFunc
	cmd    *exec.Cmd // the probe
	output *os.File  // instants, and whatever the command prints
	errors *os.File  // what it complains of
}

// container prepares a container. It dies with the calling thread, see repeat. Standard error goes to a file: nobody
// has to wake up for it while something is measured.
func (p programs) container(b *testing.B, probe string, argv []string) *container {
	b.Helper()
	complaints, err := os.CreateTemp(p.dir, "stderr")
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(b.Context(), patience)
	c := &container{b: b, cancel: cancel, cmd: exec.CommandContext(ctx, probe, argv...), errors: complaints}
	c.cmd.Env, c.cmd.Stderr = []string{}, complaints
	c.cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWPID, Unshareflags: syscall.CLONE_NEWNS, Pdeathsig: syscall.SIGKILL,
	}
	return c
}

// start starts a container under launch. Its output begins with the instant of the exec and ends with that of PID 1's
// end.
func (p programs) start(b *testing.B, environ []string, argv ...string) *container {
	b.Helper()
	c := p.container(b, p.launch, argv)
	c.cmd.Env = environ
	c.begin()
	return c
}

// begin starts what is prepared, with its standard output as our input.
func (c *container) begin() {
	c.b.Helper()
	read, write := pipe(c.b)
	c.output, c.cmd.Stdout = read, write
	c.run(write)
}

// run starts what is prepared and closes the ends of pipes that are the container's.
func (c *container) run(theirs ...*os.File) {
	c.b.Helper()
	err := c.cmd.Start()
	for _, end := range theirs {
		end.Close()
	}
	if err != nil {
		c.fail("cannot start " + c.cmd.String() + ": " + err.Error())
	}
}

// pipe makes a pipe that Go's poller does not watch: what is written stays there until it is wanted, and nobody wakes
// up for it. Reading ends when the container does.
func pipe(b *testing.B) (read, write *os.File) {
	b.Helper()
	var ends [2]int
	if err := syscall.Pipe2(ends[:], syscall.O_CLOEXEC); err != nil {
		b.Fatalf("cannot make a pipe: %v", err)
	}
	return os.NewFile(uintptr(ends[0]), "pipe"), os.NewFile(uintptr(ends[1]), "pipe")
}

// reading waits for the next instant that a probe says.
func (c *container) reading() instant {
	c.b.Helper()
	var ts [16]byte
	if _, err := io.ReadFull(c.output, ts[:]); err != nil {
		c.fail("cannot read the clock of " + c.cmd.String() + ": " + err.Error())
	}
	return instant(binary.NativeEndian.Uint64(ts[:])*1e9 + binary.NativeEndian.Uint64(ts[8:]))
}

// readings waits for the end, which has to be a good one, and only then looks at what the probes said.
func (c *container) readings(n int) []instant {
	c.b.Helper()
	if err := c.cmd.Wait(); err != nil {
		c.fail(c.cmd.String() + ": " + err.Error())
	}
	all := make([]instant, n)
	for i := range all {
		all[i] = c.reading()
	}
	c.close()
	return all
}

// pid1 is PID 1, as we see it. It has said that it runs.
func (c *container) pid1() int {
	c.b.Helper()
	children, err := childrenOf(c.cmd.Process.Pid)
	if err != nil || len(children) != 1 {
		c.fail("cannot find PID 1 of " + c.cmd.String())
	}
	return children[0]
}

// kill ends the container and all that is in it.
func (c *container) kill() {
	c.cmd.Process.Kill()
	c.cmd.Wait()
	c.close()
}

func (c *container) close() {
	c.cancel()
	c.output.Close()
	c.errors.Close()
	os.Remove(c.errors.Name())
}

// fail ends the benchmark with what the container complained of.
func (c *container) fail(message string) {
	c.b.Helper()
	complaints, _ := os.ReadFile(c.errors.Name())
	c.b.Fatalf("%s\n%s", message, complaints)
}
