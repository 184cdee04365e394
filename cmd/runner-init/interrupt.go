package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

// bySignal is why a command ended before it was done: ^C, or a platform that stops the container.
type bySignal syscall.Signal

func (s bySignal) Error() string {
	return fmt.Sprintf("ended by signal %d (%v)", int(s), syscall.Signal(s))
}

// code is what a shell says of a program that a signal has ended: it did not do all that it was asked.
func (s bySignal) code() int { return 128 + int(s) }

// interruptible is a context that ends with the first SIGINT or SIGTERM; the second one is not held back any more.
func interruptible() (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(context.Background())
	wishes := make(chan os.Signal, 1)
	signal.Notify(wishes, syscall.SIGINT, syscall.SIGTERM)
	go func() {
		select {
		case wish := <-wishes:
			signal.Stop(wishes)
			cancel(bySignal(wish.(syscall.Signal)))
		case <-ctx.Done():
		}
	}()
	return ctx, func() { signal.Stop(wishes); cancel(nil) }
}

// signalled says which signal ended the context, if one did.
func signalled(ctx context.Context) (bySignal, bool) {
	return errors.AsType[bySignal](context.Cause(ctx))
}
