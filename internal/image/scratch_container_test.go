package image_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// A box is a container whose client stays in the foreground: what it prints is read line by line, and its exit code is
// the one that docker run gives. It is removed when the test ends.
type box struct {
	t       *testing.T
	name    string
	cmd     *exec.Cmd
	out     *bufio.Reader
	printed strings.Builder
}

var boxes atomic.Int64

// launch starts a container. Its client is killed after half a minute, so that no read from it lasts for ever.
func launch(t *testing.T, image string, options []string, command ...string) *box {
	t.Helper()
	return launchApart(t, nil, image, options, command...)
}

// launchApart keeps standard error apart, if there is something to keep it in, which is complete after checkCode.
func launchApart(t *testing.T, stderr io.Writer, image string, options []string, command ...string) *box {
	t.Helper()
	b, args := newBox(t, image, options, command)
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	b.cmd.Args = append(b.cmd.Args, args...)
	b.cmd.Stdout, b.cmd.Stderr = w, w
	if stderr != nil {
		b.cmd.Stderr = stderr
	}
	b.start(r)
	w.Close()
	return b
}

func newBox(t *testing.T, image string, options, command []string) (*box, []string) {
	b := &box{t: t, name: fmt.Sprintf("runner-init-test-%d-%d", os.Getpid(), boxes.Add(1))}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	b.cmd = exec.CommandContext(ctx, "docker")
	args := append([]string{"run", "--name=" + b.name, "--network=none"}, options...)
	return b, append(append(args, image), command...)
}

func (b *box) start(out *os.File) {
	b.t.Helper()
	b.out = bufio.NewReader(out)
	if err := b.cmd.Start(); err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() {
		_ = b.cmd.Process.Kill()
		_ = b.cmd.Wait() // an error if the test has waited for it already
		rest, _ := io.ReadAll(b.out)
		out.Close()
		if b.t.Failed() {
			b.t.Logf("the container printed:\n%s%s", b.printed.String(), rest)
		}
		if out, err := exec.Command("docker", "rm", "--force", "--volumes", b.name).CombinedOutput(); err != nil {
			b.t.Errorf("cannot remove container: %v: %s", err, out)
		}
	})
}

// expect reads lines until one is the wanted one.
func (b *box) expect(want string) {
	b.t.Helper()
	for {
		line, err := b.out.ReadString('\n')
		b.printed.WriteString(line)
		if strings.TrimRight(line, "\r\n") == want {
			return
		}
		if err != nil {
			b.t.Fatalf("the container did not print %q: %v", want, err)
		}
	}
}

// rest is all that is printed until the end.
func (b *box) rest() string {
	out, _ := io.ReadAll(b.out) // a terminal ends with an error
	b.printed.Write(out)
	return string(out)
}

// checkCode waits for the end of the container.
func (b *box) checkCode(want int) {
	b.t.Helper()
	b.rest()
	_ = b.cmd.Wait()
	if got := b.cmd.ProcessState.ExitCode(); got != want {
		b.t.Errorf("exit code %d, want %d", got, want)
	}
}

// stop is docker stop, which must not take as long as within. It is far less than the grace period, after which the engine kills.
func (b *box) stop(within time.Duration) {
	b.t.Helper()
	const grace = 20
	began := time.Now()
	bounded(b.t, "stop", "--time", strconv.Itoa(grace), b.name)
	if took := time.Since(began); took >= within {
		b.t.Errorf("docker stop took %v, want less than %v", took, within)
	}
}

func (b *box) kill(signal string) {
	b.t.Helper()
	bounded(b.t, "kill", "--signal="+signal, b.name)
}

// bounded runs the client, for half a minute at most, and returns what it prints.
func bounded(t *testing.T, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, "docker", args...).CombinedOutput()
	if err != nil {
		t.Fatalf("docker %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}
