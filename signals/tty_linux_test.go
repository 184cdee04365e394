package signals

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// terminal makes a pseudo terminal, as pts(4) tells.
func terminal(t *testing.T) (master, slave *os.File) {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { master.Close() })
	if err := unix.IoctlSetPointerInt(int(master.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetUint32(int(master.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	slave, err = os.OpenFile(fmt.Sprint("/dev/pts/", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { slave.Close() })
	return master, slave
}

// printGroups prints pid, process group and the terminal's foreground group. See proc_pid_stat(5).
var printGroups = []string{"sh", "-c", "cut -d' ' -f1,5,8 /proc/$$/stat"}

// roleSession leads a session with a terminal.
func roleSession(args []string) int {
	if args[0] == "background" {
		return roleBackground()
	}
	in := New()
	for range 2 {
		if _, err := in.Run(Command{Path: "sh", Args: printGroups, Env: os.Environ()}); err != nil {
			fail("%v", err)
		}
		fmt.Println("mine again:", ownTerminal())
	}
	status, err := in.Run(Command{Path: "sh", Args: []string{"sh", "-c", "echo up; exec sleep 60"}, Env: os.Environ()})
	if err != nil {
		fail("%v", err)
	}
	in.awaitKept() // the terminal's signal was for the child only
	return status.Code()
}

// roleBackground runs an init outside of the terminal's foreground.
func roleBackground() int {
	cmd := exec.Command(os.Args[0], append([]string{"role:run"}, printGroups...)...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Run(); err != nil {
		fail("%v", err)
	}
	return 0
}

// beginOnTerminal starts a role as the leader of the terminal's session.
func beginOnTerminal(t *testing.T, slave *os.File, how string) *process {
	t.Helper()
	outR, outW := pipe(t)
	p := newProcess(t, place{}, "session", how)
	p.cmd.Stdin, p.cmd.Stdout = slave, outW
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true, Ctty: 0}
	p.start(nil, outR)
	outW.Close()
	return p
}

func TestChildHasTheTerminal(t *testing.T) {
	master, slave := terminal(t)
	p := beginOnTerminal(t, slave, "foreground")
	for range 2 {
		groups := strings.Fields(p.line())
		if len(groups) != 3 || groups[0] != groups[1] || groups[1] != groups[2] {
			t.Errorf("got pid, group, foreground group %v; want them equal", groups)
		}
		p.expect("mine again: true")
	}
	p.expect("up")
	if _, err := master.Write([]byte{'C' - '@'}); err != nil {
		t.Fatal(err)
	}
	if out, code := p.rest(); code != 130 {
		t.Errorf("got code %d and %q after ^C, want 130\n%s", code, out, &p.err)
	}
}

func TestBackgroundLeavesTheTerminalAlone(t *testing.T) {
	_, slave := terminal(t)
	groups := strings.Fields(beginOnTerminal(t, slave, "background").end())
	if len(groups) != 3 || groups[0] != groups[1] || groups[1] == groups[2] {
		t.Errorf("got pid, group, foreground group %v; want a group of its own, in the background", groups)
	}
}
