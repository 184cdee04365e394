package main

import (
	"context"
	"errors"
	"log/slog"
	"strings"

	"github.com/runner-init/runner-init/internal/config"
	"github.com/runner-init/runner-init/internal/doctor"
	"github.com/runner-init/runner-init/internal/platform"
	"github.com/runner-init/runner-init/internal/platform/ecs"
	"github.com/runner-init/runner-init/internal/platform/kubernetes"
)

// checkPlatform asks the platform what a run would, and changes nothing there. A run does without all of it.
func (p *patient) checkPlatform(ctx context.Context) []doctor.Finding {
	place, err := findPlace(ctx, p.environ)
	switch {
	case err != nil:
		return hinted(one(doctor.Warn, "it does not tell where we are: %v", err), "a run goes on without: its name, its labels and its log do not say where it is")
	case place.Name == "":
		return one(doctor.Skip, "%s: there is nobody to ask", p.platform())
	}
	p.config.Labels = labelsAt(p.config, place)
	where := []string{place.Name}
	for _, a := range append(place.Attrs, place.Details...) {
		where = append(where, a.Key+" "+a.Value.String())
	}
	return append(one(doctor.OK, "%s", strings.Join(where, ", ")), p.checkProtection(ctx, place)...)
}

// checkProtection tells whether a job could be protected.
func (p *patient) checkProtection(ctx context.Context, place platform.Facts) []doctor.Finding {
	if p.config.Protect == config.ProtectOff {
		return nil
	}
	var protected bool
	var err error
	switch guard := platformGuard(p.environ, place).(type) {
	case *ecs.Guard:
		protected, err = guard.Protected(ctx)
	case *kubernetes.Guard:
		protected, err = guard.Try(ctx)
	default:
		return nil
	}
	refusal, refused := errors.AsType[*platform.Refusal](err)
	switch {
	case refused && refusal.Level < slog.LevelInfo && p.config.Protect != config.ProtectAlways: // nobody has set it up
		return hinted(one(doctor.Skip, "a job is not protected from scale-in: %v", err), refusal.Hint)
	case refused:
		return hinted(one(doctor.Warn, "a job is not protected from scale-in: %v", err), refusal.Hint)
	case err != nil:
		return hinted(one(doctor.Warn, "whether a job can be protected from scale-in is not known: %v", err), "a run asks again and again while a job runs")
	}
	return one(doctor.OK, "a job can be protected from scale-in; it is protected now: %t", protected)
}
