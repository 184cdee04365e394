package main

import (
	"os"
	"testing"

	"github.com/runner-init/runner-init/internal/need"
)

func TestMain(m *testing.M) {
	code := m.Run()
	need.RemovePrograms()
	os.Exit(code)
}
