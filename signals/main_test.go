package signals

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/runner-init/runner-init/internal/need"
)

// An init owns wait4(-1) and every signal of its process, so it is tested in a process of its own: this binary,
// executed again with role:NAME as its first argument. A role returns the exit code.
var roles = map[string]func(args []string) int{
	"run":       roleRun,
	"hostile":   roleHostile,
	"deaths":    roleDeaths,
	"storm":     roleStorm,
	"between":   roleBetween,
	"held":      roleHeld,
	"unready":   roleUnready,
	"zombie":    roleZombie,
	"closer":    roleCloser,
	"outranked": roleOutranked,
	"heir":      roleHeir,
	"files":     roleFiles,
	"reporter":  roleReporter,
	"session":   roleSession,
	"environ":   roleEnviron,
	"erase":     roleErase,
	"secret":    roleSecret,
	"peek":      rolePeek,
	"own":       roleOwn,
	"owner":     roleOwner,
}

// No role and no wait of a test takes longer, whatever went wrong.
const deadline = 30 * time.Second

func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		if name, ok := strings.CutPrefix(os.Args[1], "role:"); ok {
			time.AfterFunc(deadline, func() { fail("role %s took too long", name) })
			os.Exit(roles[name](os.Args[2:]))
		}
	}
	os.Exit(m.Run())
}

// fail ends a role.
func fail(format string, args ...any) {
	fmt.Fprintf(os.Stderr, format+"\n", args...)
	os.Exit(1)
}

// eventually waits for a condition that nothing reports.
func eventually(what string, holds func() bool) error {
	ticker := time.NewTicker(time.Millisecond)
	defer ticker.Stop()
	for end := time.Now().Add(deadline / 2); time.Now().Before(end); <-ticker.C {
		if holds() {
			return nil
		}
	}
	return fmt.Errorf("waited in vain: %s", what)
}

// place is where an init runs: as PID 1 of a namespace, or as an ordinary process that is a subreaper.
type place struct{ prefix []string }

// everywhere runs a test in both places.
func everywhere(t *testing.T, test func(t *testing.T, where place)) {
	t.Run("subreaper", func(t *testing.T) { test(t, place{}) })
	t.Run("pid1", func(t *testing.T) {
		need.PIDNamespace(t)
		test(t, place{[]string{"unshare", "--pid", "--fork", "--mount-proc", "--kill-child"}})
	})
}
