package signals

import (
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

func readProc(pid int, file string) string {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/%s", pid, file))
	return string(text)
}

// roleHostile executes its arguments with every signal ignored and blocked, and with descriptors left open.
func roleHostile(args []string) int {
	for fd := 20; fd < 30; fd++ { // above what the runtime uses
		if err := unix.Dup2(1, fd); err != nil {
			fail("%v", err)
		}
	}
	signal.Ignore(intake()...)
	for _, sig := range []syscall.Signal{libraryCancel, librarySetID} { // as glibc's posix_spawn may leave them
		if errno := sigaction(sig, &action{handler: signalIgnore}, nil); errno != 0 {
			fail("%v", errno)
		}
	}
	runtime.LockOSThread()
	var all unix.Sigset_t
	for i := range all.Val {
		all.Val[i] = ^all.Val[i]
	}
	if err := unix.PthreadSigmask(unix.SIG_SETMASK, &all, nil); err != nil {
		fail("%v", err)
	}
	fail("%v", syscall.Exec(args[0], args, os.Environ()))
	return 1
}

// signalState picks out the lines of /proc/PID/status that matter.
func signalState(status string) map[string]string {
	state := make(map[string]string)
	for line := range strings.Lines(status) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.HasPrefix(key, "Sig") && key != "SigQ" {
			state[key] = strings.TrimSpace(value)
		}
	}
	return state
}

func TestChildHasNoSignalState(t *testing.T) {
	everywhere(t, func(t *testing.T, where place) {
		inherited := signalState(begin(t, where, "hostile", self(t), "role:files", "none", "cat", "/proc/thread-self/status").end())
		for _, key := range []string{"SigPnd", "SigBlk", "SigIgn", "SigCgt"} {
			if inherited[key] != "0000000000000000" {
				t.Errorf("the child has %s %s, want nothing", key, inherited[key])
			}
		}
	})
}

// The hostile start must be one, or the tests here prove nothing.
func TestHostileStart(t *testing.T) {
	hostile := signalState(begin(t, place{}, "hostile", "/bin/cat", "/proc/thread-self/status").end())
	for _, key := range []string{"SigBlk", "SigIgn"} {
		set, err := strconv.ParseUint(hostile[key], 16, 64)
		for _, sig := range []syscall.Signal{syscall.SIGHUP, syscall.SIGINT, syscall.SIGTERM, syscall.SIGTTOU, 40} {
			if err != nil || set&(1<<(sig-1)) == 0 {
				t.Errorf("%s is %s (%v) and lacks %v", key, hostile[key], err, sig)
			}
		}
	}
	if out := begin(t, place{}, "hostile", "/bin/sh", "-c", listDescriptors).end(); !strings.Contains(out, " 20 21 22 ") {
		t.Errorf("got descriptors %q", out)
	}
}

// roleFiles runs a program with two files, or with none.
func roleFiles(args []string) int {
	in := New()
	c := Command{Path: args[1], Args: args[1:], Env: os.Environ()}
	if args[0] == "two" {
		first, err := SealedFile("first", []byte("one\n"))
		if err != nil {
			fail("%v", err)
		}
		second, err := SealedFile("second", []byte("two\n"))
		if err != nil {
			fail("%v", err)
		}
		c.Files = []*os.File{second, nil, first}
	}
	status, err := in.Run(c)
	if err != nil {
		fail("%v", err)
	}
	return status.Code()
}

// listDescriptors is a shell script that opens none itself.
const listDescriptors = `n=0; while [ $n -lt 64 ]; do [ -e /proc/$$/fd/$n ] && printf "%s " $n; n=$((n+1)); done; echo`

func TestChildHasNoDescriptorsOfOurs(t *testing.T) {
	everywhere(t, func(t *testing.T, where place) {
		out := begin(t, where, "hostile", self(t), "role:files", "none", "sh", "-c", listDescriptors).end()
		if out != "0 1 2 \n" {
			t.Errorf("got descriptors %q, want 0 1 2", out)
		}
		out = begin(t, where, "hostile", self(t), "role:files", "two", "sh", "-c", listDescriptors+"; cat <&3; cat <&5").end()
		if out != "0 1 2 3 5 \ntwo\none\n" {
			t.Errorf("got %q, want 0 1 2 3 5, and the files in their order", out)
		}
	})
}

func TestDescriptorsWithoutCloseRange(t *testing.T) {
	r, w := pipe(t)
	fds := openDescriptors()
	for _, f := range []*os.File{r, w} {
		if !slices.Contains(fds, int(f.Fd())) {
			t.Errorf("%d is missing in %v", f.Fd(), fds)
		}
	}
	if slices.Min(fds) < 3 {
		t.Errorf("got %v, want none below 3", fds)
	}
	dup, err := unix.Dup(int(r.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(dup)
	CloseOnExec(dup)
	if flags, err := unix.FcntlInt(uintptr(dup), unix.F_GETFD, 0); err != nil || flags&unix.FD_CLOEXEC == 0 {
		t.Errorf("got flags %#x (%v), want close-on-exec", flags, err)
	}
}

func TestChildHasTheOriginalFileLimit(t *testing.T) {
	everywhere(t, func(t *testing.T, where place) {
		where.prefix = slices.Concat(where.prefix, []string{"prlimit", "--nofile=200:"})
		p := begin(t, where, "run", "sh", "-c", "ulimit -S -n")
		if out := p.end(); out != "200\n" {
			t.Errorf("got a limit of %q files, want the 200 the init was started with", out)
		}
	})
}

func TestChildLeadsItsOwnGroup(t *testing.T) {
	everywhere(t, func(t *testing.T, where place) {
		out := begin(t, where, "run", "sh", "-c", "cut -d' ' -f1,5 /proc/$$/stat").end()
		pid, group, _ := strings.Cut(strings.TrimSpace(out), " ")
		if pid == "" || pid != group {
			t.Errorf("got pid %q in group %q, want the same", pid, group)
		}
	})
}

func TestEnvironmentIsPassedVerbatim(t *testing.T) {
	env := []string{"B=2", "A=1", "B=3", "no equals sign", "", "C="}
	r, w := pipe(t)
	status := spawned(t, Command{
		Path:  "/bin/sh",
		Args:  []string{"sh", "-c", "/bin/cat /proc/$$/environ >&3"},
		Env:   env,
		Files: []*os.File{w},
	})
	w.Close()
	block, err := io.ReadAll(r)
	if err != nil || status.Code() != 0 {
		t.Fatalf("sh %v (%v)", status, err)
	}
	if got, err := DecodeEnviron(block); err != nil || !slices.Equal(got, env) {
		t.Errorf("got %q (%v), want %q", got, err, env)
	}
}

// spawned starts a program without an init around it and waits for it.
func spawned(t *testing.T, c Command) Status {
	t.Helper()
	pid, err := spawn(c, false)
	if err != nil {
		t.Fatal(err)
	}
	var ws syscall.WaitStatus
	if _, err := syscall.Wait4(pid, &ws, 0, nil); err != nil {
		t.Fatal(err)
	}
	return Status{ws}
}
