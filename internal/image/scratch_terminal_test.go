package image_test

import (
	"os"
	"strconv"
	"testing"

	"golang.org/x/sys/unix"
)

// foreground tells whether the shell may read from its terminal, and then waits for the key that interrupts.
const foreground = `read -r _ _ _ _ group _ tty front _ < /proc/$$/stat
[ $tty != 0 ] && [ $front = $group ] || { echo "terminal $tty: group $group, foreground $front"; exit 1; }
trap "exit 4" INT; echo ready; while :; do sleep 0.1; done`

// testTerminal sits at a terminal as docker run -it makes one, and presses ^C.
func testTerminal(t *testing.T, images scratch) {
	for name, c := range map[string]struct {
		image   string
		options []string
		command []string
	}{
		"exec":      {"exec", nil, sh(foreground)},
		"session":   {"exec", nil, with(sh(foreground), "--setsid")},
		"init":      {"exec", []string{"--init"}, sh(foreground)},
		"tini":      {"tini", nil, sh(foreground)},
		"dumb-init": {"dumb-init", nil, sh(foreground)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b, keyboard := launchTerminal(t, images[c.image], append(c.options, "--interactive", "--tty"), c.command...)
			b.expect("ready")
			if _, err := keyboard.WriteString("\x03"); err != nil {
				t.Fatal(err)
			}
			b.checkCode(4)
		})
	}
}

// launchTerminal gives the client a terminal, whose other end it returns.
func launchTerminal(t *testing.T, image string, options []string, command ...string) (*box, *os.File) {
	t.Helper()
	keyboard, terminal := openTerminal(t)
	b, args := newBox(t, image, options, command)
	b.cmd.Args = append(b.cmd.Args, args...)
	b.cmd.Stdin, b.cmd.Stdout, b.cmd.Stderr = terminal, terminal, terminal
	b.start(keyboard)
	terminal.Close()
	return b, keyboard
}

func openTerminal(t *testing.T) (keyboard, terminal *os.File) {
	t.Helper()
	keyboard, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	var number int
	raw, err := keyboard.SyscallConn()
	if err == nil {
		err = raw.Control(func(fd uintptr) {
			number, err = unix.IoctlGetInt(int(fd), unix.TIOCGPTN)
			if err == nil {
				err = unix.IoctlSetPointerInt(int(fd), unix.TIOCSPTLCK, 0)
			}
		})
	}
	if err != nil {
		t.Fatal(err)
	}
	terminal, err = os.OpenFile("/dev/pts/"+strconv.Itoa(number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	return keyboard, terminal
}
