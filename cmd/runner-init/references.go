package main

import (
	"context"
	"errors"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/runner-init/runner-init/internal/config"
	"github.com/runner-init/runner-init/internal/reference"
	"github.com/runner-init/runner-init/internal/store"
	"github.com/runner-init/runner-init/lifecycle"
)

// loadTime is how long a person waits for references, at most.
const loadTime = 15 * time.Second

// loadConfig reads the configuration for a command that a person waits for.
func loadConfig(ctx context.Context, environ []string) (config.Config, error) {
	ctx, cancel := context.WithTimeout(ctx, loadTime)
	defer cancel()
	return config.LoadWith(ctx, environ, storesOf(environ), checkCredential)
}

// storesOf asks AWS, as the variables of an environment say. Nothing of AWS's is touched before there is something to ask.
func storesOf(environ []string) config.Stores {
	return func(ctx context.Context, refs []reference.Reference) []reference.Answer {
		defer lend(environ)()
		return store.Resolve(ctx, storeOptions(environ), refs)
	}
}

func storeOptions(environ []string) (o store.Options) {
	if agent := ecsAgent(environ); agent.Metadata != "" {
		o.TaskRegion = agent.Region
	}
	return o
}

// lend sets the variables of the container that AWS's SDK reads in this process, whose own environment may be bare, for as
// long as it is at work. It may read files of HOME, and start a program that PATH leads to.
func lend(environ []string) (takeBack func()) {
	var undo []func()
	seen := map[string]bool{}
	for _, kv := range environ {
		name, value, ok := strings.Cut(kv, "=")
		lent := strings.HasPrefix(name, "AWS_") || name == "HOME" || name == "PATH"
		if !ok || !lent || seen[name] {
			continue
		}
		seen[name] = true
		if before, set := os.LookupEnv(name); set {
			undo = append(undo, func() { os.Setenv(name, before) })
		} else {
			undo = append(undo, func() { os.Unsetenv(name) })
		}
		os.Setenv(name, value)
	}
	return func() {
		for _, f := range undo {
			f()
		}
	}
}

// misconfigured is the exit code of a configuration that cannot be used: 78, unless it is AWS's fault alone.
func misconfigured(err error) lifecycle.Code {
	if invalid, ok := errors.AsType[*config.Invalid](err); ok {
		return faultCodes[invalid.Fault()]
	}
	return lifecycle.Misconfigured
}

var faultCodes = map[reference.Fault]lifecycle.Code{
	reference.Wrong: lifecycle.Misconfigured, reference.Denied: lifecycle.Refused, reference.Unreachable: lifecycle.Unreachable,
}

// stores are those of a run. The first stop signal ends the wait for them.
func (s *supervisor) stores() config.Stores {
	ask := storesOf(s.environ)
	return func(ctx context.Context, refs []reference.Reference) (answers []reference.Answer) {
		s.hearing(func() { answers = ask(ctx, refs) })
		return answers
	}
}

// hearing does something that may take time before there is anybody who heeds signals. A stop signal that comes meanwhile
// ends what it ends, and stays there for who heeds it later.
func (s *supervisor) hearing(do func()) {
	done := make(chan struct{})
	var watch sync.WaitGroup
	defer watch.Wait()
	defer close(done)
	watch.Go(func() {
		select {
		case wish := <-s.wishes:
			s.heard(wish)
			s.wishes <- wish // nobody else takes one out; there is room
		case <-done:
		}
	})
	do()
}
