package runner

import (
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
