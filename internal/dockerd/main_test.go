package dockerd_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/runner-init/runner-init/internal/sim/docker"
)

func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) == docker.Name {
		os.Exit(docker.Main())
	}
	os.Exit(m.Run())
}
