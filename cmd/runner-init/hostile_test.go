package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/runner-init/runner-init/internal/need"
	"github.com/runner-init/runner-init/internal/sim/github"
)

// A job that watches every process while its runner is being stopped sees no token go by.
func TestTokenHiddenDuringStop(t *testing.T) {
	const watch = `echo working; for i in $(seq 30); do cat /proc/[0-9]*/environ 2>/dev/null | tr '\0' '\n'; sleep 0.1; done; true`
	for name, environ := range map[string]func(h *hub) []string{
		"ready token": func(h *hub) []string {
			return []string{"RUNNER_REPO=acme/widgets", "RUNNER_TOKEN=" + h.RegistrationToken(scope)}
		},
		"fence refused": func(h *hub) []string {
			h.Fault(github.Fault{Method: "DELETE", Route: registrations, Status: 403, Times: 1})
			return usual("RUNNER_REGISTRATION=token")
		},
	} {
		t.Run(name, func(t *testing.T) {
			need.Root(t)
			h := newHub(t)
			job := h.job(watch)
			b := open(t, h, newRoot(t), append(environ(h), "RUNNER_USER=4711:4711", "RUNNER_STOP_TIMEOUT=30"))
			working(t, job)
			b.signal(syscall.SIGTERM)
			b.expectExit(0)
			expectResult(t, job, github.Succeeded)
			h.expectEmpty(t)
			for _, secret := range append(h.Secrets(), testPAT) {
				if strings.Contains(job.Log(), secret) {
					t.Error("the job saw a token")
				}
			}
		})
	}
}

// A log driver that has stopped reading must not keep us from deregistering in time.
func TestStuckOutput(t *testing.T) {
	h := newHub(t)
	fifo := filepath.Join(t.TempDir(), "output")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	full, err := syscall.Open(fifo, syscall.O_RDWR|syscall.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(full)
	for err == nil {
		_, err = syscall.Write(full, make([]byte, 4096))
	}
	program := need.Program(t, "cmd/runner-init")
	b := open(t, h, newRoot(t), usual(), "exec", "--", "sh", "-c", fmt.Sprintf("exec %s run > %s 2>&1", program, fifo))
	ctx, cancel := context.WithTimeout(t.Context(), testTime)
	defer cancel()
	if _, err := h.WaitRunner(ctx, "", github.Online); err != nil {
		t.Fatal(err)
	}
	b.signal(syscall.SIGTERM)
	b.expectExit(0)
	h.expectEmpty(t)
}

// A job may have put anything where the termination message goes.
func TestTerminationFileIsNoTrap(t *testing.T) {
	dir := t.TempDir()
	target := filepath.Join(dir, "target")
	pipe, link := filepath.Join(dir, "pipe"), filepath.Join(dir, "link")
	if err := os.WriteFile(target, []byte("untouched"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(pipe, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(target, link); err != nil {
		t.Fatal(err)
	}
	read := filepath.Join(dir, "read") // a pipe that somebody does read
	if err := syscall.Mkfifo(read, 0o644); err != nil {
		t.Fatal(err)
	}
	reader, err := syscall.Open(read, syscall.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(reader)
	second := filepath.Join(dir, "second")
	if err := os.Link(target, second); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{pipe, read, link, dir, second, throughLink(t)} {
		if err := writeTermination(path, lastWords{}); err == nil {
			t.Errorf("%s: accepted", path)
		}
	}
	if text, _ := os.ReadFile(target); string(text) != "untouched" {
		t.Errorf("a link was followed: %q", text)
	}
}

// throughLink is a path through a link that somebody else has made, to where only root could write.
func throughLink(t *testing.T) string {
	t.Helper()
	need.Root(t)
	dir, link := t.TempDir(), filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(dir, link); err != nil {
		t.Fatal(err)
	}
	if err := os.Lchown(link, 4711, 4711); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(link, "termination.json")
}
