package main

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/runner-init/runner-init/internal/need"
)

// maxSize is the size of the released program in bytes.
const maxSize = 12_000_000

func TestSize(t *testing.T) {
	path := filepath.Join(t.TempDir(), "runner-init")
	build := exec.CommandContext(t.Context(), need.Installed(t, "make"), "-C", "../..", "build", "BIN="+path)
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("cannot build: %v\n%s", err, out)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Size() >= maxSize {
		t.Errorf("the program has %d bytes, and %d is the limit", info.Size(), maxSize)
	}
	t.Logf("%d bytes", info.Size())
}

// What AWS's SDK does before main, in every start, is bounded in what does not depend on the machine: its allocations. The
// releases after those that go.mod is pinned to build the schemas of all operations there.
func TestInitOfAWS(t *testing.T) {
	const most, mostBytes = 6000, 800_000
	c := exec.CommandContext(t.Context(), need.Program(t, "cmd/runner-init"), "version")
	c.Env = []string{"GODEBUG=inittrace=1"}
	var trace strings.Builder
	c.Stderr = &trace
	if err := c.Run(); err != nil {
		t.Fatal(err)
	}
	packages, allocs, bytes := 0, 0, 0
	for lines := bufio.NewScanner(strings.NewReader(trace.String())); lines.Scan(); {
		// init github.com/aws/… @3.2 ms, 0.32 ms clock, 82480 bytes, 685 allocs
		words := strings.Fields(lines.Text())
		if len(words) < 11 || words[0] != "init" || !strings.HasPrefix(words[1], "github.com/aws/") {
			continue
		}
		packages++
		b, err := strconv.Atoi(words[7])
		a, err2 := strconv.Atoi(words[9])
		if err != nil || err2 != nil {
			t.Fatalf("cannot read %q", lines.Text())
		}
		bytes, allocs = bytes+b, allocs+a
	}
	if packages == 0 || allocs > most || bytes > mostBytes {
		t.Errorf("%d packages of AWS's allocate %d times, %d bytes before main; %d times, %d bytes are the limit", packages, allocs, bytes, most, mostBytes)
	}
	t.Logf("%d packages, %d allocations, %d bytes", packages, allocs, bytes)
}
