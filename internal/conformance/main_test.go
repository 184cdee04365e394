package conformance

import (
	"flag"
	"os"
	"testing"

	"github.com/runner-init/runner-init/internal/need"
)

// TestMain lets more cases run side by side than there are cores: each has a PID namespace of its own, and mostly waits.
func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", "8"); err != nil {
		panic(err)
	}
	code := m.Run()
	need.RemovePrograms()
	os.Exit(code)
}
