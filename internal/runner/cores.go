package runner

import (
	"fmt"
	"sync"

	"golang.org/x/sys/unix"
)

// starting is held while our own limit is that of a program that is being started: a limit is the whole process's, and is
// inherited by the fork.
var starting sync.Mutex

// withCores starts a program under the limit on core files that it is to have. Ours is back when start returns. Another
// process's limit could be set afterwards too, but not another user's without CAP_SYS_RESOURCE (prlimit(2)).
func (r *Runner) withCores(start func() error) error {
	if r.CoreLimit == nil {
		return start()
	}
	starting.Lock()
	defer starting.Unlock()
	var ours unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_CORE, &ours); err != nil {
		return fmt.Errorf("cannot read the limit on core files: %w", err)
	}
	if err := unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{Cur: min(*r.CoreLimit, ours.Max), Max: ours.Max}); err != nil {
		return fmt.Errorf("cannot give the runner its limit on core files: %w", err)
	}
	defer unix.Setrlimit(unix.RLIMIT_CORE, &ours)
	return start()
}
