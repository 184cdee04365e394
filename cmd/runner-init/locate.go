package main

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"github.com/runner-init/runner-init/internal/config"
	"github.com/runner-init/runner-init/internal/platform"
)

// locateTime is how long a boot waits for the platform to tell where we are.
const locateTime = 2 * time.Second

// locate finds out where we are, and has the log and the labels say so. A platform that does not answer costs nothing but
// that.
func (s *supervisor) locate() {
	var err error
	ctx, cancel := context.WithTimeout(s.stopping, locateTime)
	defer cancel()
	s.hearing(func() { s.place, err = findPlace(ctx, s.environ) })
	if err != nil && s.stopping.Err() == nil {
		s.log.Warn("the platform does not tell where we are", slog.Any(keyError, err))
	}
	if s.place.Name == "" {
		return
	}
	s.log = slog.New(s.log.Handler().WithAttrs(s.place.Attrs))
	s.log.LogAttrs(ctx, slog.LevelInfo, "platform found", append([]slog.Attr{slog.String(keyPlatform, s.place.Name)}, s.place.Details...)...)
	s.config.Labels = labelsAt(s.config, s.place)
}

// findPlace asks the platform where we are, if there is one to ask.
func findPlace(ctx context.Context, environ []string) (platform.Facts, error) {
	if agent := ecsAgent(environ); agent.Metadata != "" {
		return agent.Facts(ctx)
	}
	return ourPod(environ).Facts(), nil
}

// labelsAt are the labels, with those of the platform where they are wanted.
func labelsAt(c config.Config, place platform.Facts) []string {
	if !c.PlatformLabels {
		return c.Labels
	}
	return config.MergeLabels(slices.Concat(c.Labels, place.Labels))
}
