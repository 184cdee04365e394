package signals

import (
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"syscall"
	"testing"
)

// roleReporter is a child that can be signalled only after a line came in: it says so on descriptor 3, then prints each
// signal. TERM ends it.
func roleReporter(args []string) int {
	if len(args) > 0 {
		// An orphan that dies while we are not ready.
		if err := exec.Command("sh", "-c", args[0]).Run(); err != nil {
			fail("%v", err)
		}
	}
	fmt.Println("started")
	if _, err := fmt.Scanln(); err != nil {
		fail("%v", err)
	}
	arrivals := make(chan os.Signal, 100)
	signal.Notify(arrivals)
	os.NewFile(3, "ready").WriteString(".")
	for sig := range arrivals {
		if sig == syscall.SIGTERM {
			return 5
		}
		if sig != syscall.SIGURG { // the scheduler's own
			fmt.Println(int(sig.(syscall.Signal)))
		}
	}
	return 1
}

// roleHeld runs a reporter and says when each of the first two signals is kept.
func roleHeld(args []string) int {
	in := New()
	exe, err := os.Executable()
	if err != nil {
		fail("%v", err)
	}
	c := Command{Path: exe, Args: append([]string{"child", "role:reporter"}, args...), Env: os.Environ()}
	c.Ready, c.Files = readyPipe()
	c.Drop = c.Files
	go func() {
		in.awaitKept(syscall.SIGUSR1)
		fmt.Println("kept")
		in.awaitKept(syscall.SIGUSR1, syscall.SIGUSR2)
		fmt.Println("kept")
	}()
	status, err := in.Run(c)
	if err != nil {
		fail("%v", err)
	}
	return status.Code()
}

func TestSignalsAreHeldUntilReady(t *testing.T) {
	everywhere(t, func(t *testing.T, where place) {
		p := begin(t, where, "held", "(true &) ; (true &)")
		p.expect("started")
		for _, sig := range []syscall.Signal{syscall.SIGUSR1, syscall.SIGUSR2} {
			p.kill(sig)
			p.expect("kept") // one by one: two threads may take two signals, in any order
		}
		if err := eventually("orphans to be reaped", func() bool { return len(zombies(p.pid())) == 0 }); err != nil {
			t.Error(err)
		}
		p.stdin.WriteString("\n")
		if got := []string{p.line(), p.line()}; !slices.Contains(got, "10") || !slices.Contains(got, "12") {
			t.Errorf("the child got %v, want 10 and 12", got)
		}
		for sig := firstSignal; sig <= lastSignal; sig++ {
			if forwardable(sig) {
				p.kill(sig)
				p.expect(fmt.Sprint(int(sig)))
			}
		}
		p.kill(syscall.SIGCHLD)
		p.kill(syscall.SIGURG)
		p.kill(syscall.SIGUSR1)
		p.expect("10")
		p.kill(syscall.SIGTERM)
		if out, code := p.rest(); code != 5 || out != "" {
			t.Errorf("got code %d and %q, want 5 and nothing", code, out)
		}
	})
}

// forwardable leaves out TERM, which ends the reporter, and what is no signal for a child: see the package comment.
func forwardable(sig syscall.Signal) bool {
	switch sig {
	case syscall.SIGKILL, syscall.SIGSTOP, syscall.SIGCHLD, syscall.SIGTERM:
		return false
	case syscall.SIGURG, syscall.SIGPROF, 32, 33, 34:
		return false
	}
	return true
}

// roleUnready has a signal wait for children that die without having been ready: the next one must get it.
func roleUnready([]string) int {
	in := New()
	for try := range 100 {
		sendSelf(syscall.SIGTERM)
		in.awaitKept(syscall.SIGTERM)
		c := Command{Path: "/bin/sh", Args: []string{"sh", "-c", "exit 3"}}
		c.Ready, c.Files = readyPipe()
		c.Drop = c.Files
		if status, err := in.Run(c); err != nil || status.Code() != 3 {
			fail("try %d: the child %v (%v), want code 3", try, status, err)
		}
		c.Ready.Close()
		in.awaitKept(syscall.SIGTERM)
		runKilled(in, try, syscall.SIGTERM)
	}
	return 0
}

func TestSignalsOfAnUnreadyChildGoToTheNext(t *testing.T) {
	everywhere(t, func(t *testing.T, where place) { begin(t, where, "unready").end() })
}

// roleCloser has a child that closes its end of the pipe instead of writing to it.
func roleCloser([]string) int {
	in := New()
	sendSelf(syscall.SIGTERM)
	in.awaitKept(syscall.SIGTERM)
	c := Command{Path: "/bin/sh", Args: []string{"sh", "-c", "exec 3>&-; exec sleep 60"}}
	c.Ready, c.Files = readyPipe()
	c.Drop = c.Files
	status, err := in.Run(c)
	if sig, _ := status.Signal(); err != nil || sig != syscall.SIGTERM {
		fail("the child %v (%v), want it killed by SIGTERM", status, err)
	}
	return 0
}

func TestClosingThePipeIsBeingReady(t *testing.T) {
	everywhere(t, func(t *testing.T, where place) { begin(t, where, "closer").end() })
}
