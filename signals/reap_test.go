package signals

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
)

func TestOrphansAreReaped(t *testing.T) {
	const script = `
		i=0; while [ $i -lt 200 ]; do (true &); i=$((i+1)); done
		(sleep 60 & )
		echo done; read line; (true &); exit 0`
	everywhere(t, func(t *testing.T, where place) {
		p := begin(t, where, "run", "sh", "-c", script)
		p.expect("done")
		init := p.pid()
		orphan := 0
		adopted := func() bool {
			below := children(init)
			i := slices.IndexFunc(below, func(pid int) bool { return comm(pid) == "sleep" })
			if i < 0 {
				return false
			}
			orphan = below[i]
			return len(zombies(init)) == 0
		}
		if err := eventually("200 orphans to be reaped and one adopted", adopted); err != nil {
			t.Fatal(err)
		}
		if err := syscall.Kill(orphan, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		if err := eventually("the last orphan to be reaped", func() bool { return state(orphan) == 0 }); err != nil {
			t.Error(err)
		}
		p.end()
	})
}

// roleHeir becomes an init that already has a dead child, of which no signal will tell it.
func roleHeir([]string) int {
	p, err := os.StartProcess("/bin/true", []string{"true"}, new(os.ProcAttr))
	if err != nil {
		fail("%v", err)
	}
	if err := eventually("the child to die", func() bool { return state(p.Pid) == 'Z' }); err != nil {
		fail("%v", err)
	}
	fail("%v", syscall.Exec(os.Args[0], []string{os.Args[0], "role:run", "cat"}, os.Environ()))
	return 1
}

func TestInheritedDeadAreReaped(t *testing.T) {
	everywhere(t, func(t *testing.T, where place) {
		p := begin(t, where, "heir")
		p.stdin.WriteString("hello\n")
		p.expect("hello")
		if err := eventually("the dead child to be reaped", func() bool { return len(zombies(p.pid())) == 0 }); err != nil {
			t.Error(err)
		}
		p.end()
	})
}

func comm(pid int) string {
	return strings.TrimSuffix(readProc(pid, "comm"), "\n")
}

func TestStoppedChildHasNotEnded(t *testing.T) {
	everywhere(t, func(t *testing.T, where place) {
		p := begin(t, where, "run", "sh", "-c", "echo up; exec sleep 60")
		p.expect("up")
		child := children(p.pid())[0]
		stop := func() bool { return state(child) == 'T' }
		if err := syscall.Kill(child, syscall.SIGSTOP); err != nil {
			t.Fatal(err)
		}
		if err := eventually("the child to stop", stop); err != nil {
			t.Fatal(err)
		}
		p.kill(syscall.SIGCHLD)
		p.kill(syscall.SIGTERM)
		mask := fmt.Sprintf("ShdPnd:\t%016x\n", 1<<(syscall.SIGTERM-1))
		sent := func() bool { return strings.Contains(readProc(child, "status"), mask) }
		if err := eventually("SIGTERM to wait for the stopped child", sent); err != nil {
			t.Fatal(err)
		}
		if err := syscall.Kill(child, syscall.SIGCONT); err != nil {
			t.Fatal(err)
		}
		if _, code := p.rest(); code != 143 {
			t.Errorf("got code %d, want 143", code)
		}
	})
}
