package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/runner-init/runner-init/internal/config"
	"github.com/runner-init/runner-init/lifecycle"
)

// complain prints an error, and a hint if there is one, for a person: lower case, no full stop. It does not wait for a
// reader that does not read.
func complain(message, hint string) {
	out := newOutlet(os.Stderr)
	defer out.flush()
	fmt.Fprintf(out, "runner-init: %s\n", message)
	if hint != "" {
		fmt.Fprintf(out, "runner-init: hint: %s\n", hint)
	}
}

// complainAll prints every problem of a configuration.
func complainAll(err error) {
	invalid, ok := errors.AsType[*config.Invalid](err)
	if !ok {
		complain(err.Error(), "")
		return
	}
	for _, p := range invalid.Problems {
		complain(p.Error(), p.Hint)
	}
}

func usageError(message, hint string) int {
	complain(message, hint)
	return int(lifecycle.Usage)
}
