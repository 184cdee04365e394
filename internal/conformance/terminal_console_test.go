package conformance

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// A console is a person at a terminal: types, and reads what appears.
type console struct {
	t     *testing.T
	keys  *os.File // the master side
	slave *os.File
	seen  bytes.Buffer // what appeared and has not been expected yet
	all   bytes.Buffer
}

// openConsole makes a pseudo terminal, as pts(4) tells.
func openConsole(t *testing.T) *console {
	t.Helper()
	fd, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	master := os.NewFile(uintptr(fd), "/dev/ptmx") // non-blocking, so that reads have a deadline
	t.Cleanup(func() { master.Close() })
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetUint32(fd, unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	slave, err := os.OpenFile(fmt.Sprint("/dev/pts/", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { slave.Close() })
	c := &console{t: t, keys: master, slave: slave}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the terminal shows:\n%s", &c.all)
		}
	})
	return c
}

// control is the character of a key pressed together with Ctrl.
func control(key byte) string { return string(key & 0x1f) }

func (c *console) typed(text string) {
	c.t.Helper()
	if _, err := c.keys.WriteString(text); err != nil {
		c.t.Fatal(err)
	}
}

// expect reads until the text has appeared, and forgets all up to its end.
func (c *console) expect(text string) {
	c.t.Helper()
	if before, ok := c.until(text); !ok {
		c.t.Fatalf("%q did not appear on the terminal, but %q", text, before)
	}
}

func (c *console) until(text string) (before string, found bool) {
	if err := c.keys.SetReadDeadline(time.Now().Add(patience)); err != nil {
		c.t.Fatal(err)
	}
	buf := make([]byte, 4096)
	for {
		if before, after, ok := strings.Cut(c.seen.String(), text); ok {
			c.seen.Reset()
			c.seen.WriteString(after)
			return before, true
		}
		n, err := c.keys.Read(buf)
		if err != nil {
			return c.seen.String(), false
		}
		c.seen.Write(buf[:n])
		c.all.Write(buf[:n])
	}
}

// resize changes the window, which the foreground group is told by WINCH.
func (c *console) resize(rows, columns uint16) {
	c.t.Helper()
	if err := c.ioctl(func(fd int) error {
		return unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: rows, Col: columns})
	}); err != nil {
		c.t.Fatal(err)
	}
}

// hangUp is the end of the connection.
func (c *console) hangUp() {
	c.slave.Close()
	c.keys.Close()
}

func (c *console) ioctl(do func(fd int) error) error {
	raw, err := c.keys.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	if err := raw.Control(func(fd uintptr) { failed = do(int(fd)) }); err != nil {
		return err
	}
	return failed
}
