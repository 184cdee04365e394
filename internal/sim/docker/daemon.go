// Package docker is a Docker daemon that has no containers: its process, its socket and its manners, for tests of what
// starts one.
package docker

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// Name is that of the program. A test binary that is called so has to be Main.
const Name = "dockerd"

// What may be wrong with a daemon.
const (
	Healthy  = ""
	Broken   = "broken"   // it ends
	Mute     = "mute"     // it does not listen
	Sick     = "sick"     // it answers with an error
	Stubborn = "stubborn" // it does not end
	Deaf     = "deaf"     // it does not listen, and does not end
	Chatty   = "chatty"   // it has much to say, and the first line of it has no end
)

const manners, record = "MANNERS", "RECORD"

// Install makes the running test binary a daemon in a new directory, and returns that.
func Install(t testing.TB, what string) (dir string) {
	t.Helper()
	// Not t.TempDir: the path of a socket in it has 107 bytes at most.
	dir, err := os.MkdirTemp("", "dockerd-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	self, err := os.Executable()
	if err == nil {
		err = os.Symlink(self, filepath.Join(dir, Name))
	}
	if err != nil {
		t.Fatal(err)
	}
	Become(t, dir, what)
	return dir
}

// Become says what the next daemon of a directory is like.
func Become(t testing.TB, dir, what string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, manners), []byte(what), 0o644); err != nil {
		t.Fatal(err)
	}
}

// Record is what the daemons of a directory have said, a line each.
func Record(dir string) string {
	text, _ := os.ReadFile(filepath.Join(dir, record))
	return string(text)
}

// server is one daemon.
type server struct {
	dir, what string

	mu         sync.Mutex
	containers []int // pids
}

// Main is the daemon. It is found by its own path, and looks there for what it is like.
func Main() int {
	d := &server{dir: filepath.Dir(os.Args[0])}
	text, _ := os.ReadFile(filepath.Join(d.dir, manners))
	d.what = string(text)
	signal.Ignore(syscall.SIGPIPE) // as the real one
	asked, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer cancel()
	d.say("arguments: " + strings.Join(os.Args[1:], " "))
	switch d.what {
	case Broken:
		d.say("mount: permission denied")
		d.say("failed to start daemon")
		return 3
	case Mute:
		<-asked.Done()
		d.say("asked to end")
		return 0
	case Stubborn, Deaf:
		cancel()
		signal.Ignore(syscall.SIGTERM)
		asked = context.Background()
	case Chatty:
		chat()
	}
	if d.what == Deaf {
		select {}
	}
	if err := d.serve(); err != nil {
		d.say(err.Error())
		return 1
	}
	<-asked.Done()
	d.shutDown()
	return 0
}

// Chat is how many lines a chatty daemon prints.
const Chat = 10_000

func chat() {
	out := bufio.NewWriter(os.Stderr)
	defer out.Flush()
	fmt.Fprintln(out, strings.Repeat("é", 1<<20))
	for i := range Chat {
		fmt.Fprintf(out, "line %d\n", i)
	}
}

func (d *server) say(line string) {
	fmt.Fprintln(os.Stderr, line)
	file, err := os.OpenFile(filepath.Join(d.dir, record), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err == nil {
		fmt.Fprintln(file, line)
		file.Close()
	}
}

// serve refuses to start where there is the pid file of another daemon, as the real one.
func (d *server) serve() error {
	socket, group := "", "docker"
	for _, arg := range os.Args[1:] {
		if path, ok := strings.CutPrefix(arg, "--pidfile="); ok {
			if _, err := os.Stat(path); err == nil {
				return fmt.Errorf("pid file found, ensure docker is not running or delete %s", path)
			}
		}
		if path, ok := strings.CutPrefix(arg, "--host=unix://"); ok {
			socket = path
		}
		if named, ok := strings.CutPrefix(arg, "--group="); ok {
			group = named
		}
	}
	if err := syscall.Unlink(socket); err != nil && !errors.Is(err, fs.ErrNotExist) { // a directory stays, as with the real one
		return fmt.Errorf("failed to load listeners: can't create unix socket %s: %w", socket, err)
	}
	l, err := net.Listen("unix", socket)
	if err != nil {
		return err
	}
	if err := admit(socket, group); err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /_ping", func(w http.ResponseWriter, _ *http.Request) {
		if d.what == Sick {
			w.WriteHeader(http.StatusInternalServerError)
		}
	})
	mux.HandleFunc("POST /containers", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, d.create()) })
	go http.Serve(l, mux)
	return nil
}

// admit gives a socket to a group, by name or number, if there is one.
func admit(socket, group string) error {
	named := group
	if g, err := user.LookupGroup(group); err == nil {
		named = g.Gid
	}
	if gid, err := strconv.Atoi(named); err == nil && os.Getuid() == 0 {
		if err := os.Chown(socket, 0, gid); err != nil {
			return err
		}
	}
	return os.Chmod(socket, 0o660)
}

// create starts what stands for a container: like containerd's shim, it is an orphan at once, in a session of its own.
func (d *server) create() (pid int) {
	cmd := exec.Command("sh", "-c", "sleep 1000 > /dev/null 2>&1 & echo $!")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	out, err := cmd.Output()
	if err == nil {
		pid, err = strconv.Atoi(strings.TrimSpace(string(out)))
	}
	if err != nil {
		d.say(err.Error())
		return 0
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.containers = append(d.containers, pid)
	return pid
}

// shutDown ends the containers that still run.
func (d *server) shutDown() {
	d.mu.Lock()
	defer d.mu.Unlock()
	running := 0
	for _, pid := range d.containers {
		if alive(pid) && syscall.Kill(pid, syscall.SIGKILL) == nil {
			running++
		}
	}
	d.say(fmt.Sprintf("stopped with %d containers", running))
}

// alive is false of zombies as well.
func alive(pid int) bool {
	file, err := os.Open(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return false
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if state, ok := strings.CutPrefix(lines.Text(), "State:"); ok {
			return !strings.HasPrefix(strings.TrimSpace(state), "Z")
		}
	}
	return false
}
