package main

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/runner-init/runner-init/internal/need"
	simdocker "github.com/runner-init/runner-init/internal/sim/docker"
)

// TestMain lets more tests run side by side than there are cores: each is a container of its own, which mostly waits. As
// the runner of another test it is that, as the job of another the hunter, and as dockerd a daemon.
func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) == standInName {
		os.Exit(standIn())
	}
	if filepath.Base(os.Args[0]) == simdocker.Name {
		os.Exit(simdocker.Main())
	}
	if len(os.Args) > 2 && os.Args[1] == "role:hunter" { // of TestCanaryHunt
		os.Exit(hunt(os.Args[2:]))
	}
	flag.Parse()
	if err := flag.Set("test.parallel", "6"); err != nil {
		panic(err)
	}
	code := m.Run()
	need.RemovePrograms()
	os.Exit(code)
}
