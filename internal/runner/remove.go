package runner

import (
	"context"
	"fmt"
	"strings"
)

// What `remove` prints when the server has forgotten the runner (Runner.Listener ConfigurationManager.cs). Its exit
// code 0 proves nothing: without identity files it skips the server and succeeds.
const (
	saidRemoved = "Runner removed successfully"
	saidAbsent  = "Does not exist. Skipping Removing runner from the server"
)

// Remove removes the registration with a remove token, or with a registration token, which GitHub accepts too. It
// returns nil only if the runner said that GitHub no longer has it. It cannot work for a runner configured by JIT,
// whose files do not say where GitHub is.
func (r *Runner) Remove(ctx context.Context, token string) error {
	cmd := r.command(ctx, "remove", map[string]string{"TOKEN": token})
	stdout, told := keep(r.Stdout)
	cmd.Stdout = stdout
	said, err := r.talk(cmd)
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
