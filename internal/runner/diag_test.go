package runner

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// newDiag is a runner with a directory for diagnostic logs, and logs in it.
func newDiag(t *testing.T, logs map[string]string) *Runner {
	t.Helper()
	r := &Runner{Root: t.TempDir()}
	if err := os.Mkdir(filepath.Join(r.Root, diagDir), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range logs {
		r.append(t, name, text)
	}
	return r
}

func (r *Runner) append(t *testing.T, name, text string) {
	t.Helper()
	f, err := os.OpenFile(filepath.Join(r.Root, diagDir, name), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString(text); err != nil {
		t.Fatal(err)
	}
}

func TestTail(t *testing.T) {
	var long strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&long, "line %d %s\n", i, strings.Repeat("x", 100))
	}
	r := newDiag(t, map[string]string{
		"Runner_20261119-000000-utc.log": "old", "Runner_20261120-000000-utc.log": "a\r\nb\n\nc\n\n", "Runner_20261121-000000-utc.txt": "none",
		"Worker_20261121-000000-utc.log": long.String(), "SelfUpdate-1.log": "none",
	})
	if name, text, err := r.Tail(ListenerLog); name != "Runner_20261120-000000-utc.log" || text != "a\r\nb\n\nc" || err != nil {
		t.Errorf("got %q, %q, %v", name, text, err)
	}
	_, text, err := r.Tail(WorkerLog)
	if lines := strings.Split(text, "\n"); err != nil || len(lines) != tailLines || !strings.HasPrefix(lines[0], "line 970 ") || !strings.HasPrefix(lines[29], "line 999 ") {
		t.Errorf("got %q, %v", text, err)
	}
	r.append(t, "Worker_20261122-000000-utc.log", strings.Repeat("y", 1<<20)+"\nend")
	if _, text, err := r.Tail(WorkerLog); text != "end" || err != nil {
		t.Errorf("of a long line: %d bytes, %v", len(text), err)
	}
}

// A job may have put anything there.
func TestTailIsNoTrap(t *testing.T) {
	outside := filepath.Join(t.TempDir(), "outside")
	if err := os.WriteFile(outside, []byte("not for you"), 0o644); err != nil {
		t.Fatal(err)
	}
	const name = "Runner_20261120-000000-utc.log"
	for what, make := range map[string]func(path string) error{
		"link":      func(path string) error { return os.Symlink(outside, path) },
		"pipe":      func(path string) error { return syscall.Mkfifo(path, 0o644) },
		"directory": func(path string) error { return os.Mkdir(path, 0o755) },
	} {
		r := newDiag(t, nil)
		if err := make(filepath.Join(r.Root, diagDir, name)); err != nil {
			t.Fatal(err)
		}
		if _, text, err := r.Tail(ListenerLog); err == nil || text != "" {
			t.Errorf("a %s was read: %q", what, text)
		}
	}
	r := newDiag(t, nil)
	if err := os.Remove(filepath.Join(r.Root, diagDir)); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Dir(outside), filepath.Join(r.Root, diagDir)); err != nil {
		t.Fatal(err)
	}
	os.Rename(outside, filepath.Join(filepath.Dir(outside), name))
	if _, _, err := r.Tail(ListenerLog); err == nil {
		t.Error("the directory was a link out of the runner's directory, and was followed")
	}
	if _, err := r.Follow(nil); err == nil {
		t.Error("the directory was a link out of the runner's directory, and is followed")
	}
}

// However long a log gets, and in no time: little of it is read, and Close does not wait for more.
func TestFollowIsNoTrap(t *testing.T) {
	r := newDiag(t, map[string]string{"Worker_1.log": "before\n"})
	lines, bytes := make(chan string, 100000), 0
	f, err := r.Follow(func(name, line string) { lines <- line })
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(r.Root, diagDir, "Worker_1.log")
	if err := os.Truncate(path, 1<<40); err != nil {
		t.Fatal(err)
	}
	r.append(t, "Worker_1.log", "\nafter\n")
	for line := range lines {
		if bytes += len(line); line == "after" {
			break
		}
	}
	r.append(t, "Worker_1.log", strings.Repeat("a line of a flood\n", 1<<20))
	f.Close()
	close(lines)
	count := 0
	for line := range lines {
		bytes += len(line)
		if count++; count == 1 && !strings.HasSuffix(line, "bytes are left out") && line != "a line of a flood" {
			t.Errorf("the flood begins with %q", line)
		}
	}
	if bytes > 3*maxBehind {
		t.Errorf("%d bytes were passed on", bytes)
	}
}

// Lines arrive whole, in order, as they are written: of the log that there is from now on, of a newer one from its beginning.
func TestFollow(t *testing.T) {
	r := newDiag(t, map[string]string{"Runner_1.log": "before\n", "Worker_1.log": "before\n"})
	lines := make(chan string, 100)
	f, err := r.Follow(func(name, line string) { lines <- name[:8] + ": " + line })
	if err != nil {
		t.Fatal(err)
	}
	expect := func(want ...string) {
		t.Helper()
		for _, w := range want {
			select {
			case got := <-lines:
				if got != w {
					t.Errorf("got %q, want %q", got, w)
				}
			case <-time.After(10 * time.Second):
				t.Fatalf("no %q", w)
			}
		}
	}
	r.append(t, "Runner_1.log", "one\ntwo\r\nth")
	expect("Runner_1: one", "Runner_1: two")
	r.append(t, "Runner_1.log", "ree\n")
	expect("Runner_1: three")
	r.append(t, "Worker_1.log", "job\n")
	expect("Worker_1: job")
	r.append(t, "Worker_2.log", "next job\n")
	expect("Worker_2: next job")
	r.append(t, "Worker_1.log", "nobody asks\n")
	r.append(t, "Other_9.log", "nobody asks\n")
	r.append(t, "Worker_2.log", strings.Repeat("x", longLine+1))
	expect("Worker_2: " + strings.Repeat("x", longLine) + "…")
	r.append(t, "Worker_2.log", "its rest\nthe line after it\n")
	expect("Worker_2: the line after it")
	r.append(t, "Runner_1.log", "last")
	f.Close()
	expect("Runner_1: last")
	if len(lines) > 0 {
		t.Errorf("and then %q", <-lines)
	}
}
