package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/runner-init/runner-init/internal/ecr"
)

// helperTime is how long Docker waits for a password, at most.
const helperTime = 30 * time.Second

// credentialHelper is Docker's credential helper for Amazon's registries, if that is what we are called.
func credentialHelper(argv []string) (code int, ok bool) {
	if filepath.Base(argv[0]) != ecr.Name {
		return 0, false
	}
	if len(argv) != 2 {
		fmt.Printf("usage: %s get|list|store|erase|version\n", ecr.Name) // where Docker reads
		return 1, true
	}
	ctx, cancel := context.WithTimeout(context.Background(), helperTime)
	defer cancel()
	return ecr.Helper{In: os.Stdin, Out: os.Stdout, Version: version}.Run(ctx, argv[1]), true
}
