package runner

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"testing"
)

// What is as old as the listener, by the clock of the kernel, is a stray if it was started after it, and none if before.
func TestStraysOfOneTick(t *testing.T) {
	for range 100 {
		var pids [3]int // before the listener, the listener, after it
		for i := range pids {
			c := exec.Command("sleep", "1000")
			if err := c.Start(); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { c.Process.Kill(); c.Wait() })
			pids[i] = c.Process.Pid
		}
		born := statOf(pids[1]).born
		if statOf(pids[0]).born != born || statOf(pids[2]).born != born {
			continue // a tick has passed
		}
		found := map[int]bool{}
		for _, s := range (family{init: os.Getpid(), since: born, first: pids[1]}).find() {
			found[s.PID] = true
		}
		if found[pids[0]] || found[pids[1]] || !found[pids[2]] {
			t.Errorf("found %v, want %d of %d, and neither of the others", found, pids[2], pids)
		}
		return
	}
	t.Fatal("no three processes were born in one tick")
}

// A stray that was asked to end, and has another parent by the time when it is made to, is not lost from sight.
func TestStrayThatMoves(t *testing.T) {
	first := exec.Command("sleep", "1000")
	if err := first.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { first.Process.Kill(); first.Wait() })

	// What adopts it, for the runner, is a shell, and goes away while the stray is asked to end.
	init := exec.Command("sh", "-c", `sh -c 'trap "echo asked" TERM; echo $$; while :; do read x <&3; done' & read x`)
	silence, silent, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { silence.Close(); silent.Close() })
	init.ExtraFiles = []*os.File{silence}
	stdin, _ := init.StdinPipe()
	out, _ := init.StdoutPipe()
	if err := init.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	lines.Scan()
	var pid int
	fmt.Sscan(lines.Text(), &pid)
	stray := Stray{PID: pid, born: statOf(pid).born}
	t.Cleanup(func() {
		if stray.lives() {
			t.Error("the stray lives")
			stray.signal(9)
		}
	})
	r := &Runner{Init: init.Process.Pid, Since: statOf(first.Process.Pid).born, First: first.Process.Pid}
	ended := make(chan []Stray)
	go func() { ended <- r.endStrays(nil) }()
	if lines.Scan(); lines.Text() != "asked" {
		t.Fatalf("got %q", lines.Text())
	}
	stdin.Close()
	init.Wait()
	if found := <-ended; len(found) != 1 || found[0].PID != pid {
		t.Errorf("found %v, want %d", found, pid)
	}
}
