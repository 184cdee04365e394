package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/runner-init/runner-init/internal/config"
	"github.com/runner-init/runner-init/internal/mask"
	"github.com/runner-init/runner-init/lifecycle"
)

// voice is how the program speaks to people on standard error. Nothing that it says holds a secret that its mask knows.
type voice struct{ mask *mask.Mask }

// voiceOf returns the voice of a command that has read this configuration.
func voiceOf(c config.Config) voice { return voice{mask.New(c.Secrets()...)} }

// learn makes a secret known that GitHub has handed out.
func (v voice) learn(secret string) { v.mask.Add(secret) }

// complain prints an error, and a hint if there is one, for a person: lower case, no full stop. It does not wait for a
// reader that does not read.
func (v voice) complain(message, hint string) {
	out := newOutlet(os.Stderr)
	defer out.flush()
	masked := v.mask.Writer(out)
	fmt.Fprintf(masked, "runner-init: %s\n", message)
	if hint != "" {
		fmt.Fprintf(masked, "runner-init: hint: %s\n", hint)
	}
}

// complainAll prints every problem of a configuration.
func (v voice) complainAll(err error) {
	invalid, ok := errors.AsType[*config.Invalid](err)
	if !ok {
		v.complain(err.Error(), "")
		return
	}
	for _, p := range invalid.Problems {
		v.complain(p.Error(), p.Hint)
	}
}

// complain is for what comes before any secret is known.
func complain(message, hint string) { voice{}.complain(message, hint) }

// crashed reports what a command died of that has no successor, without the secrets in it. A panic of another goroutine,
// which nobody can recover from, is printed by the runtime.
func crashed(cause any, stack []byte) int {
	v := voiceOf(survey())
	v.complain(fmt.Sprintf("panic: %v", cause), "this is a mistake in runner-init itself; what follows says where")
	v.complain(string(stack), "")
	return int(lifecycle.RunnerFailed)
}

// survey reads the configuration for its secrets, also if that is what has failed.
func survey() (c config.Config) {
	defer func() { _ = recover() }()
	c, _ = config.Load(os.Environ())
	return c
}

func usageError(message, hint string) int {
	complain(message, hint)
	return int(lifecycle.Usage)
}
