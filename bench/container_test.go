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
const patience = 20 * time.Second

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

// container is a command as PID 1 of its own PID namespace with its own /proc. The first thing on its standard output
// is the instant of its exec.
type container struct {
	b      *testing.B
	cancel context.CancelFunc
	cmd    *exec.Cmd
	output *os.File // what it prints
	errors *os.File // what it complains of
	began  instant  // right before PID 1's exec
}

// start starts a container and returns when it has begun. It dies with the calling thread, see repeat. Standard error
// goes to a file: nobody has to wake up for it while something is measured.
func (p programs) start(b *testing.B, environ []string, argv ...string) *container {
	b.Helper()
	read, write, pipeErr := os.Pipe()
	complaints, fileErr := os.CreateTemp(p.dir, "stderr")
	if pipeErr != nil || fileErr != nil {
		b.Fatalf("cannot start %q: %v, %v", argv, pipeErr, fileErr)
	}
	ctx, cancel := context.WithTimeout(b.Context(), patience)
	c := &container{b: b, cancel: cancel, cmd: exec.CommandContext(ctx, p.launch, argv...), output: read, errors: complaints}
	c.cmd.Env, c.cmd.Stdout, c.cmd.Stderr = environ, write, complaints
	c.cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWPID, Unshareflags: syscall.CLONE_NEWNS, Pdeathsig: syscall.SIGKILL,
	}
	err := c.cmd.Start()
	write.Close()
	if err != nil {
		cancel()
		b.Fatalf("cannot start %q: %v", argv, err)
	}
	read.SetReadDeadline(time.Now().Add(patience))
	c.began = c.reading()
	return c
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

// end waits for the end, which has to be a good one, and returns when it was noticed.
func (c *container) end() instant {
	c.b.Helper()
	err := c.cmd.Wait()
	at := now()
	if err != nil {
		c.fail(c.cmd.String() + ": " + err.Error())
	}
	c.close()
	return at
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
