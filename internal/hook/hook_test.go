package hook

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// script is a hook that the shell runs.
func script(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "hook")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+text+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

// run runs a hook and returns what it printed, and all that its children did.
func run(t *testing.T, ctx context.Context, h Hook, seen func(line string)) (printed string, err error) {
	t.Helper()
	out, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	h.Stdout, h.Stderr = in, in
	ended := make(chan error, 1)
	go func() {
		err := h.Run(ctx)
		in.Close()
		ended <- err
	}()
	lines := bufio.NewReader(out)
	for {
		line, err := lines.ReadString('\n')
		if printed += line; err == io.EOF {
			return printed, <-ended
		}
		if seen != nil {
			seen(line)
		}
	}
}

func TestRun(t *testing.T) {
	t.Setenv("OURS", "is not for a hook")
	printed, err := run(t, t.Context(), Hook{Path: script(t, `echo "$GIVEN,$OURS,$#,$PWD"; cat`), Environ: []string{"GIVEN=for it"}}, nil)
	if want := "for it,,0,/\n"; printed != want || err != nil {
		t.Errorf("printed %q, %v, want %q", printed, err, want)
	}
	if printed, err := run(t, t.Context(), Hook{Path: script(t, `echo "$OURS"`)}, nil); printed != "\n" || err != nil {
		t.Errorf("given nothing it sees %q, %v", printed, err)
	}
	if _, err := run(t, t.Context(), Hook{Path: script(t, "exit 3")}, nil); err == nil || !strings.HasSuffix(err.Error(), "failed: exit status 3") {
		t.Errorf("exit code 3 is %v", err)
	}
	if _, err := run(t, t.Context(), Hook{Path: "/nowhere"}, nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no program is %v", err)
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if printed, err := run(t, over, Hook{Path: script(t, "echo began")}, nil); printed != "" || !errors.Is(err, context.Canceled) {
		t.Errorf("after the end of its time: %q, %v", printed, err)
	}
}

var errOver = errors.New("time is over")

// One that has to end is told so, with all that it has started.
func TestEndedInGoodOrder(t *testing.T) {
	ctx, end := context.WithCancelCause(t.Context())
	h := Hook{Path: script(t, `trap 'echo told; exit 0' TERM; sleep 1000 & echo up; wait`)}
	printed, err := run(t, ctx, h, func(line string) { end(errOver) })
	if printed != "up\ntold\n" || !errors.Is(err, errOver) {
		t.Errorf("printed %q, %v", printed, err)
	}
}

// What does not end with it is killed.
func TestLeavesNobody(t *testing.T) {
	ctx, end := context.WithCancelCause(t.Context())
	h := Hook{Path: script(t, `trap 'exit 0' TERM; (trap '' TERM; echo up; sleep 1000) & wait`)}
	printed, err := run(t, ctx, h, func(line string) { end(errOver) })
	if printed != "up\n" || !errors.Is(err, errOver) {
		t.Errorf("printed %q, %v", printed, err)
	}
}

// One that does not end is killed, with all that it has started.
func TestKilled(t *testing.T) {
	ctx, end := context.WithCancelCause(t.Context())
	h := Hook{Path: script(t, `trap '' TERM; sh -c 'sleep 1000' & echo up; wait; sleep 1000`)}
	printed, err := run(t, ctx, h, func(line string) { end(errOver) })
	if printed != "up\n" || !errors.Is(err, errOver) {
		t.Errorf("printed %q, %v", printed, err)
	}
}
