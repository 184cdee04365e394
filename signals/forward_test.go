package signals

import (
	"fmt"
	"math/rand/v2"
	"os"
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
