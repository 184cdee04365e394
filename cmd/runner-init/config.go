package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/runner-init/runner-init/internal/config"
	"github.com/runner-init/runner-init/lifecycle"
)

// configCommand prints the resolved configuration, secrets redacted, and whatever is wrong with it.
func configCommand(args []string) int {
	write := config.Config.WriteText
	switch strings.Join(args, "=") {
	case "", "--output=text":
	case "--output=json":
		write = config.Config.WriteJSON
	default:
		return usageError(fmt.Sprintf("config: cannot understand %q", args), "runner-init config [--output json]")
	}
	ctx, stop := interruptible()
	defer stop()
	c, invalid := loadConfig(ctx, os.Environ())
	if err := write(c, os.Stdout); err != nil {
		complain(err.Error(), "")
		return int(lifecycle.RunnerFailed)
	}
	if signal, stopped := signalled(ctx); stopped {
		complain("not everything was resolved: "+signal.Error(), "")
		return signal.code()
	}
	if invalid != nil {
		voiceOf(c).complainAll(invalid)
		return int(misconfigured(invalid))
	}
	return int(lifecycle.OK)
}
