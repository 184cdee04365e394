package main

import (
	"context"
	"time"

	"github.com/runner-init/runner-init/internal/config"
	"github.com/runner-init/runner-init/internal/platform"
)

// protection is what keeps the platform from taking us away while a job runs, or nil.
func (s *supervisor) protection() *platform.Protection {
	guard := s.platformGuard()
	if guard == nil || s.config.Protect == config.ProtectOff {
		return nil
	}
	return platform.NewProtection(guard, s.log, s.config.Protect == config.ProtectAlways)
}

// platformGuard is the platform that we are on, if it can be asked for protection.
func (s *supervisor) platformGuard() platform.Guard {
	return nil
}

// protect asks for protection, or gives it up, once.
func (l *listener) protect(on bool) {
	switch {
	case l.protected.Swap(on) == on:
	case on:
		l.protection.JobStarted()
	default:
		l.protection.JobEnded()
	}
}

// releaseTime is how long the end of a runner waits for the platform to have taken back its protection.
const releaseTime = 2 * time.Second

// unprotect gives up whatever protection is left, and waits for that, within the plan of a stop.
func (w *wiring) unprotect() {
	w.listener.protect(false)
	by := time.Now().Add(releaseTime)
	if exit := w.moments.Exit; !exit.IsZero() && exit.Before(by) {
		by = exit
	}
	ctx, cancel := context.WithDeadline(context.Background(), by)
	defer cancel()
	w.listener.protection.Wait(ctx)
}
