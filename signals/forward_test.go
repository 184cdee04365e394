package signals

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/runner-init/runner-init/internal/need"
)

// sleeper lives until a signal kills it; its end then says which one.
func sleeper() Command { return Command{Path: "/bin/sleep", Args: []string{"sleep", "60"}} }

// runKilled runs a sleeper that has to be killed by sig.
func runKilled(in *Init, try int, sig syscall.Signal) {
	status, err := in.Run(sleeper())
	if got, _ := status.Signal(); err != nil || got != sig {
		fail("try %d: the child %v (%v), want it killed by %v", try, status, err, sig)
	}
}

// sendSelf lets a signal arrive from outside, as far as the init can see.
func sendSelf(sig syscall.Signal) {
	if err := syscall.Kill(os.Getpid(), sig); err != nil {
		fail("%v", err)
	}
}

// awaitKept waits until exactly these signals are kept.
func (in *Init) awaitKept(want ...syscall.Signal) {
	var kept []syscall.Signal
	err := eventually(fmt.Sprint("kept signals to be ", want), func() bool {
		in.mu.Lock()
		defer in.mu.Unlock()
		kept = slices.Clone(in.kept)
		return slices.Equal(kept, want)
	})
	if err != nil {
		fail("%v; they are %v", err, kept)
	}
}

// roleStorm sends one signal at a random moment around each start: before, in the middle of the fork, after.
func roleStorm([]string) int {
	in := New()
	signals := []syscall.Signal{syscall.SIGTERM, syscall.SIGHUP, syscall.SIGINT, syscall.SIGUSR1, syscall.Signal(40)}
	for try := range 300 {
		sig := signals[try%len(signals)]
		moment := time.Duration(rand.IntN(3000)) * time.Microsecond
		go func() {
			for start := time.Now(); time.Since(start) < moment; {
			}
			sendSelf(sig)
		}()
		runKilled(in, try, sig)
	}
	return 0
}

func TestSignalsAroundTheStartAreDelivered(t *testing.T) {
	everywhere(t, func(t *testing.T, where place) { begin(t, where, "storm").end() })
}

// roleBetween has no child when signals come, has one that cannot be started, then has one.
func roleBetween([]string) int {
	in := New()
	want := []syscall.Signal{syscall.SIGUSR2, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGTERM}
	for i, sig := range want {
		sendSelf(sig)
		in.awaitKept(want[:i+1]...)
	}
	if _, err := in.Run(Command{Path: "/nonexistent"}); err == nil {
		fail("started a program that does not exist")
	}
	in.awaitKept(want...)
	status, err := in.Run(sleeper())
	sig, killed := status.Signal()
	if err != nil || !killed || !slices.Contains(want, sig) {
		fail("the child %v (%v)", status, err)
	}
	in.awaitKept()
	sendSelf(syscall.SIGTERM)
	in.awaitKept(syscall.SIGTERM)
	runKilled(in, 0, syscall.SIGTERM)
	return 0
}

func TestSignalsWithoutChildAreKeptInOrder(t *testing.T) {
	everywhere(t, func(t *testing.T, where place) { begin(t, where, "between").end() })
}

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

// roleZombie has a signal arrive when the child is dead but SIGCHLD not yet looked at.
func roleZombie([]string) int {
	in := New()
	go func() {
		if err := eventually("a child", func() bool { return in.current() != 0 }); err != nil {
			fail("%v", err)
		}
		in.mu.Lock() // the loop has to wait
		defer in.mu.Unlock()
		dead := in.child
		if err := syscall.Kill(dead, syscall.SIGKILL); err != nil {
			fail("%v", err)
		}
		if err := eventually("the child to die", func() bool { return state(dead) == 'Z' }); err != nil {
			fail("%v", err)
		}
		in.kept = append(in.kept, syscall.SIGTERM)
		in.flush()
	}()
	runKilled(in, 0, syscall.SIGKILL)
	in.awaitKept(syscall.SIGTERM)
	return 0
}

func TestSignalAfterTheEndIsForTheNextChild(t *testing.T) {
	everywhere(t, func(t *testing.T, where place) { begin(t, where, "zombie").end() })
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

// roleOutranked loses the right to signal its child, as the init of an ordinary user does when the child becomes root.
func roleOutranked([]string) int {
	in := New()
	go func() {
		if err := eventually("a child", func() bool { return in.current() != 0 }); err != nil {
			fail("%v", err)
		}
		if err := syscall.Setresuid(65534, 65534, 65534); err != nil {
			fail("%v", err)
		}
		if err := syscall.Kill(in.current(), syscall.SIGTERM); err != syscall.EPERM {
			fail("got %v, want to be refused", err)
		}
		in.forward(syscall.SIGTERM)
		in.awaitKept()
		fmt.Println("refused")
	}()
	status, err := in.Run(Command{Path: "/bin/cat"})
	if err != nil {
		fail("%v", err)
	}
	return status.Code()
}

func (in *Init) current() int {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.child
}

func TestChildOfAnotherUser(t *testing.T) {
	need.Root(t)
	everywhere(t, func(t *testing.T, where place) {
		p := begin(t, where, "outranked")
		p.expect("refused")
		p.end()
	})
}

func TestChildThatIgnoresSignals(t *testing.T) {
	everywhere(t, func(t *testing.T, where place) {
		p := begin(t, where, "run", "sh", "-c", `trap "" TERM; echo up; read line; exit 4`)
		p.expect("up")
		p.kill(syscall.SIGTERM)
		if _, code := p.rest(); code != 4 {
			t.Errorf("got code %d, want the child's own 4", code)
		}
	})
}
