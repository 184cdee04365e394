package main

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/runner-init/runner-init/internal/config"
	"github.com/runner-init/runner-init/internal/platform/spot"
	"github.com/runner-init/runner-init/lifecycle"
)

// spotMetadata is the metadata service of the EC2 instance that we may be on, or nil where nobody is to be asked.
func spotMetadata(c config.Config, environ []string, sys string) *spot.Metadata {
	execution := valueOf(environ, "AWS_EXECUTION_ENV")
	switch {
	case c.Spot == config.SpotOff, execution == "AWS_ECS_FARGATE", strings.EqualFold(valueOf(environ, "AWS_EC2_METADATA_DISABLED"), "true"):
		return nil
	case c.Spot == config.SpotAuto && execution != "AWS_ECS_EC2" && !madeByEC2(sys):
		return nil
	}
	return &spot.Metadata{Address: valueOf(environ, "AWS_EC2_METADATA_SERVICE_ENDPOINT")}
}

// madeByEC2 reports whether the machine says that it is an instance of EC2: by its firmware on Nitro, by its hypervisor on
// Xen (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/identify_ec2_instances.html). Containers see both.
func madeByEC2(sys string) bool {
	says := func(path string) string {
		text, err := os.ReadFile(filepath.Join(sys, path))
		if err != nil {
			return ""
		}
		return strings.ToLower(string(text))
	}
	return strings.HasPrefix(says("class/dmi/id/sys_vendor"), "amazon ec2") || strings.HasPrefix(says("hypervisor/uuid"), "ec2")
}

// watchSpot makes a stop of a notice that the instance is taken back, as long as ctx lasts. It is for a goroutine of its own,
// which ends at once where there is nothing to watch for.
func (w *wiring) watchSpot(ctx context.Context, m *spot.Metadata) {
	err := m.Watch(ctx, spot.News{
		Watching: func() { w.log.Info("watching for spot notices") },
		Interrupted: func(action string, at time.Time) {
			w.log.Warn("the spot instance is taken back", slog.String(keyAction, action), slog.Time(keyBy, at))
			w.loop.StopBy(at)
		},
		Likely: func() {
			w.log.Warn("the spot instance is likely to be taken back: leaving as soon as there is no job")
			w.loop.Tell(lifecycle.Leave{})
		},
		Blind: func(err error) { w.log.Warn("spot notices cannot be watched for now", slog.Any(keyError, err)) },
	})
	switch {
	case err == nil || ctx.Err() != nil:
	case w.config.Spot == config.SpotOn:
		w.log.Warn("spot notices are not watched for", slog.Any(keyError, err))
	default:
		w.log.Debug("spot notices are not watched for", slog.Any(keyError, err))
	}
}
