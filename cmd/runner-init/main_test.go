package main

import (
	"flag"
	"os"
	"testing"

	"github.com/runner-init/runner-init/internal/need"
)

// TestMain lets more tests run side by side than there are cores: each is a container of its own, which mostly waits.
func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", "6"); err != nil {
		panic(err)
	}
	code := m.Run()
	need.RemovePrograms()
	os.Exit(code)
}
