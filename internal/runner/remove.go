package runner

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// What `remove` prints when the server has forgotten the runner (Runner.Listener ConfigurationManager.cs). Its exit
// code 0 proves nothing: without identity files it skips the server and succeeds.
const (
	saidRemoved = "Runner removed successfully"
	saidAbsent  = "Does not exist. Skipping Removing runner from the server"
)

// ErrBusy is GitHub's refusal to remove a runner that has a job, or is about to get one.
var ErrBusy = errors.New("GitHub says that it has a job")

// What `remove` prints of that refusal: the status of the REST API's answer, or the older service's exception.
const (
	saidUnprocessable = "422 (Unprocessable Entity)"
	saidStillRunning  = "is still running a job"
)

// refusedBusy reports whether remove failed because of a job.
func refusedBusy(said []string) bool {
	return slices.ContainsFunc(said, func(line string) bool {
		return strings.Contains(line, saidUnprocessable) || strings.Contains(line, saidStillRunning)
	})
}

// Remove removes the registration with a remove token, or with a registration token, which GitHub accepts too. It
// returns nil only if the runner said that GitHub no longer has it, and ErrBusy if GitHub keeps it for a job. It cannot work for a runner configured by JIT,
// whose files do not say where GitHub is.
func (r *Runner) Remove(ctx context.Context, token string) error {
	cmd := r.command(ctx, "remove", map[string]string{"TOKEN": token})
	stdout, told := keep(r.Stdout)
	cmd.Stdout = stdout
	said, err := r.talk(cmd)
	if err != nil && refusedBusy(said.lines()) {
		err = ErrBusy
	}
	if err != nil {
		return fmt.Errorf("cannot remove the runner: %w: %s", err, strings.Join(said.lines(), "; "))
	}
	for _, line := range told.lines() {
		if strings.Contains(line, saidRemoved) || strings.Contains(line, saidAbsent) {
			return nil
		}
	}
	return fmt.Errorf("cannot remove the runner: it never asked GitHub: %s", strings.Join(told.lines(), "; "))
}
